//! Owns writing of the program's own files: whole or not at all.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use crate::Error;
use crate::temporary::temporary_name;

/// As many links in a row as Linux follows.
const MOST_LINKS: usize = 40;

/// Writes beside `path`, and renames over it what was written and synced; links are followed.
///
/// # Errors
///
/// [`Error::File`], and then nothing of `path` has changed.
pub fn write_whole(
    path: &Path,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), Error> {
    let written = followed(path).and_then(|end| {
        let beside = end.with_file_name(temporary_name());
        let result = (|| {
            let mut target = File::create_new(&beside)?;
            fill(&mut target)?;
            target.sync_all()?;
            fs::rename(&beside, &end)
        })();
        if result.is_err() {
            // It may not be there, and what went wrong first is what has to be said.
            let _ = fs::remove_file(&beside);
        }
        result
    });
    written.map_err(|error| Error::File { path: path.to_owned(), reason: error.into() })
}

/// Whether there is something that takes bytes as they come and has nothing to replace: a FIFO or
/// a device.
#[must_use]
pub fn is_stream(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// Writes straight into a stream, once somebody is at its other end.
///
/// # Errors
///
/// [`Error::File`].
pub fn write_stream(
    path: &Path,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), Error> {
    let written = File::options().write(true).open(path).and_then(|mut stream| fill(&mut stream));
    written.map_err(|error| Error::File { path: path.to_owned(), reason: error.into() })
}

/// The name at the end of all links, whether or not there is something of that name.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = path.with_file_name("").join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(Errno::LOOP.into())
}
