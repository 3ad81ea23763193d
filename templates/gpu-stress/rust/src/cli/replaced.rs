//! Owns files that are replaced as a whole: whoever reads one finds the old content or the new.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;

/// Links that are followed at most, as by the system itself.
const LINKS: u32 = 40;

/// A file, or the place for one.
pub(crate) struct Replaced {
    target: PathBuf,
    temporary: PathBuf,
}

impl Replaced {
    /// The file that a path leads to, through symbolic links; none for what is open already, and has
    /// a name below `/proc` by that alone.
    pub(crate) fn find(path: &Path) -> Option<Self> {
        let mut target = path.to_owned();
        for _ in 0..LINKS {
            let folder = folder(&target);
            if folder.canonicalize().is_ok_and(|folder| folder.starts_with("/proc")) {
                return None;
            }
            match fs::read_link(&target) {
                Ok(next) => target = folder.join(next),
                Err(_) => break,
            }
        }
        // Its name is short, since that of the file may be as long as there can be.
        let name = format!(".{}.{}", env!("CARGO_PKG_NAME"), process::id());
        let temporary = folder(&target).join(name);
        Some(Self { target, temporary })
    }

    /// Makes sure that it can be written, and leaves all as it is.
    pub(crate) fn try_out(&self) -> io::Result<()> {
        match File::options().write(true).open(&self.target) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        File::create_new(&self.temporary).map(drop)?;
        fs::remove_file(&self.temporary)
    }

    /// Writes a new content beside the old one, and puts it into its place.
    pub(crate) fn write(&self, content: &[u8]) -> io::Result<()> {
        let written = self.put(content);
        if written.is_err() {
            // What cannot be removed either is told by the first error.
            let _ = fs::remove_file(&self.temporary);
        }
        written
    }

    fn put(&self, content: &[u8]) -> io::Result<()> {
        let mut file = File::create_new(&self.temporary)?;
        if let Ok(data) = self.target.metadata() {
            file.set_permissions(data.permissions())?;
        }
        file.write_all(content)?;
        // A full disk may say so only here.
        file.sync_all()?;
        fs::rename(&self.temporary, &self.target)
    }
}

fn folder(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new(".")).to_owned()
}
