//! Owns `report`: what runs have written, as a table and as a plot.

use std::path::{Path, PathBuf};

use anyhow::Result;

use my_project::plot::draw;
use my_project::report::read;

use super::sink::Sink;
use super::{say, table};

/// Prints reports as a table, and draws the first.
pub(crate) fn report(files: &[PathBuf], svg: Option<&Path>) -> Result<u8> {
    let named: Vec<_> = files
        .iter()
        .map(|file| Ok((file.display().to_string(), read(file)?)))
        .collect::<Result<_>>()?;
    let mut sink = Sink::open(svg)?;
    if !sink.takes_output() {
        say(&table::reports(&named))?;
    }
    if let Some((_, first)) = named.first() {
        sink.write(&draw(first))?;
    }
    Ok(0)
}
