//! Owns files that results are written to: that they can be is found out before any work.

use std::fs::{self, File, FileType, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use my_project::Error;

/// Where a result goes.
pub(crate) enum Sink {
    Nowhere,
    StandardOutput,
    File {
        path: PathBuf,
        file: File,
        is_new: bool,
    },
    /// Not opened before it is written, as that waits for a reader.
    Pipe(PathBuf),
}

impl Sink {
    /// Opens a file, whose content stays until there is another.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = path else { return Ok(Self::Nowhere) };
        if path == Path::new("-") {
            return Ok(Self::StandardOutput);
        }
        if path.metadata().is_ok_and(|data| is_pipe(data.file_type())) {
            return Ok(Self::Pipe(path.to_owned()));
        }
        let is_new = !path.exists();
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path);
        match file {
            Ok(file) => Ok(Self::File { path: path.to_owned(), file, is_new }),
            Err(error) => Err(Error::File { path: path.to_owned(), reason: error.to_string() }),
        }
    }

    /// Whether standard output belongs to the result alone.
    pub(crate) fn takes_output(&self) -> bool {
        matches!(self, Self::StandardOutput)
    }

    /// Whether a writer may have to wait for a reader.
    pub(crate) fn may_wait(&self) -> bool {
        match self {
            Self::Nowhere => false,
            Self::StandardOutput | Self::Pipe(_) => true,
            Self::File { file, .. } => !file.metadata().is_ok_and(|data| data.is_file()),
        }
    }

    /// Writes what there was to find out.
    pub(crate) fn write(&mut self, text: &str) -> Result<(), Error> {
        match self {
            Self::Nowhere => Ok(()),
            Self::StandardOutput => {
                let mut out = io::stdout().lock();
                let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
                written.map_err(|source| Error::Written { path: "standard output".into(), source })
            }
            Self::Pipe(path) => {
                let pipe = OpenOptions::new().write(true).open(&*path);
                let written = pipe.and_then(|mut pipe| pipe.write_all(text.as_bytes()));
                written.map_err(|source| Error::Written { path: path.clone(), source })
            }
            Self::File { path, file, is_new } => {
                // Nothing is cut off where a device takes what is written.
                let cut = file
                    .metadata()
                    .and_then(|data| if data.is_file() { file.set_len(0) } else { Ok(()) });
                let written = cut.and_then(|()| file.write_all(text.as_bytes()));
                let kept = written.and_then(|()| file.flush());
                *is_new = *is_new && kept.is_err();
                kept.map_err(|source| Error::Written { path: path.clone(), source })
            }
        }
    }
}

#[cfg(unix)]
fn is_pipe(kind: FileType) -> bool {
    use std::os::unix::fs::FileTypeExt;
    kind.is_fifo()
}

#[cfg(not(unix))]
fn is_pipe(_: FileType) -> bool {
    false
}

impl Drop for Sink {
    /// A file that was made for a result, and has none, goes.
    fn drop(&mut self) {
        if let Self::File { path, is_new: true, .. } = self {
            // It may be gone already, which is as well.
            let _ = fs::remove_file(path);
        }
    }
}
