//! Owns files that results are written to: that they can be is found out before any work.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use my_project::Error;
use my_project::control::Control;

use super::replaced::Replaced;

/// Where a result goes.
pub(crate) enum Sink {
    Nowhere,
    StandardOutput,
    /// A file of its own, which is whole at any time.
    File(Named<Replaced>),
    /// A device, which takes what is written.
    Device(Named<File>),
    /// Not opened before it is written, as that waits for a reader.
    Pipe(Named<PathBuf>),
}

/// What is written to, and what a user calls it.
pub(crate) struct Named<T> {
    name: String,
    place: T,
}

impl Sink {
    /// Makes sure that a file can be written, whose content stays until there is another; `option` is
    /// the one that names it.
    pub(crate) fn open(option: &str, path: Option<&Path>) -> Result<Self, Error> {
        let Some(path) = path else { return Ok(Self::Nowhere) };
        if path == Path::new("-") {
            return Ok(Self::StandardOutput);
        }
        let name = format!("{option} {}", path.display());
        Self::find(path, &name).map_err(|error| Error::file(name, &error))
    }

    fn find(path: &Path, name: &str) -> io::Result<Self> {
        let name = name.to_owned();
        let kind = path.metadata().map(|data| data.file_type()).ok();
        if kind.is_some_and(is_pipe) {
            return Ok(Self::Pipe(Named { name, place: path.to_owned() }));
        }
        let is_file = kind.is_none_or(|kind| kind.is_file());
        if let Some(place) = Replaced::find(path).filter(|_| is_file) {
            place.try_out()?;
            return Ok(Self::File(Named { name, place }));
        }
        // Also a file that is open already, by a name such as `/dev/stdout`.
        let place = OpenOptions::new().write(true).open(path)?;
        Ok(Self::Device(Named { name, place }))
    }

    /// Whether standard output belongs to the result alone.
    pub(crate) fn takes_output(&self) -> bool {
        matches!(self, Self::StandardOutput)
    }

    /// Writes a result, and tells what else there is to tell. What may wait for a reader comes last,
    /// and an interrupt does not let it wait.
    pub(crate) fn deliver(
        mut self,
        text: &str,
        control: &Control,
        tell: impl FnOnce() -> Result<(), Error>,
    ) -> Result<(), Error> {
        let waits = !matches!(self, Self::Nowhere | Self::File(_));
        let early = if waits { None } else { Some(self.write(text)) };
        control.only_tell();
        let told = tell();
        early.unwrap_or_else(|| self.write(text)).and(told)
    }

    fn write(&mut self, text: &str) -> Result<(), Error> {
        let text = text.as_bytes();
        let (name, written) = match self {
            Self::Nowhere => return Ok(()),
            Self::StandardOutput => {
                let mut out = io::stdout().lock();
                ("standard output", out.write_all(text).and_then(|()| out.flush()))
            }
            Self::File(Named { name, place }) => (name.as_str(), place.write(text)),
            Self::Device(Named { name, place }) => (name.as_str(), place.write_all(text)),
            Self::Pipe(Named { name, place }) => {
                let pipe = OpenOptions::new().write(true).open(place);
                (name.as_str(), pipe.and_then(|mut pipe| pipe.write_all(text)))
            }
        };
        written.map_err(|error| Error::written(name, &error))
    }
}

#[cfg(unix)]
fn is_pipe(kind: fs::FileType) -> bool {
    use std::os::unix::fs::FileTypeExt;
    kind.is_fifo()
}

#[cfg(not(unix))]
fn is_pipe(_: fs::FileType) -> bool {
    false
}
