//! Owns wrong usage: it is told in one line, whatever the parser would say.

use clap::Parser;
use clap::error::ErrorKind;

use super::arguments::Arguments;

/// The arguments; or what to print instead, and the exit status.
pub(crate) fn parse() -> Result<Arguments, (String, u8)> {
    Arguments::try_parse().map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => (error.to_string(), 0),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            ("error: a command is missing here; --help shows which there are".into(), 2)
        }
        _ => (first_sentence(&error.to_string()), 2),
    })
}

/// Joins the lines up to the first empty one.
fn first_sentence(text: &str) -> String {
    let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}
