//! Owns writing of the program's own files: whole or not at all.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::Error;
use crate::temporary::temporary_name;

/// Writes beside `path`, and renames over it what was written and synced.
///
/// # Errors
///
/// [`Error::File`], and then nothing of `path` has changed.
pub fn write_whole(
    path: &Path,
    fill: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), Error> {
    let beside = path.with_file_name(temporary_name());
    let result = (|| {
        let mut target = File::create_new(&beside)?;
        fill(&mut target)?;
        target.sync_all()?;
        fs::rename(&beside, path)
    })();
    if result.is_err() {
        // It may not be there, and what went wrong first is what has to be said.
        let _ = fs::remove_file(&beside);
    }
    result.map_err(|error| Error::File { path: path.to_owned(), reason: error.into() })
}
