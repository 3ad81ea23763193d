//! Owns `report`: what runs have written, as a table and as a plot.

use std::path::{Path, PathBuf};

use anyhow::Result;

use my_project::Error;
use my_project::control::Control;
use my_project::plot::draw;
use my_project::report::read;

use super::sink::Sink;
use super::{say, signals, table};

/// Prints reports as a table, and draws the first.
pub(crate) fn report(files: &[PathBuf], svg: Option<&Path>, control: &Control) -> Result<u8> {
    // Nothing is found out here that an interrupt would have to save.
    control.only_tell();
    let named: Vec<_> = files
        .iter()
        .map(|file| Ok((file.display().to_string(), read(file)?)))
        .collect::<Result<_>>()?;
    if let Some(svg) = svg.filter(|svg| files.iter().any(|file| is_same(file, svg))) {
        let reason = "it is one of the reports".into();
        return Err(Error::File { name: format!("--svg {}", svg.display()), reason }.into());
    }
    let sink = Sink::open("--svg", svg)?;
    let takes_output = sink.takes_output();
    let plot = named.first().map(|(_, first)| draw(first)).unwrap_or_default();
    sink.deliver(
        &plot,
        control,
        || {
            if takes_output { Ok(()) } else { say(&table::reports(&named)) }
        },
    )?;
    Ok(signals::status(control).unwrap_or(0))
}

/// Whether two paths lead to the same file.
fn is_same(one: &Path, other: &Path) -> bool {
    one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}
