//! Owns wrong usage: it is told in one line, whatever the parser would say.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Error, Parser};

use my_project::text::line;

use super::arguments::{Arguments, EMPTY};

/// The arguments; or what to print instead, and the exit status.
pub(crate) fn parse() -> Result<Arguments, (String, u8)> {
    Arguments::try_parse().map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => (error.to_string(), 0),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            ("error: selftest needs cpu or gpu".into(), 2)
        }
        _ => {
            let said = of_value(&error).map(|said| format!("error: {said}"));
            (said.unwrap_or_else(|| first_sentence(&error.to_string())), 2)
        }
    })
}

/// What is wrong with the value of an option.
fn of_value(error: &Error) -> Option<String> {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let option = text(ContextKind::InvalidArg)?.split(' ').next()?;
    // Only what a report is read from has no option.
    let option = if option.starts_with('-') { option } else { "report" };
    let value = line(text(ContextKind::InvalidValue)?);
    match (error.kind(), error.get(ContextKind::ValidValue)) {
        (ErrorKind::ValueValidation, _) => {
            let why = std::error::Error::source(error)?.to_string();
            let is_named = why != EMPTY;
            Some(if is_named {
                format!("{option} {value}: {why}")
            } else {
                format!("{option}: {why}")
            })
        }
        (ErrorKind::InvalidValue, Some(ContextValue::Strings(all))) if !all.is_empty() => {
            Some(format!("{option} {value}: there are {}", all.join(", ")))
        }
        _ => None,
    }
}

/// Joins the lines up to the first empty one.
fn first_sentence(text: &str) -> String {
    let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}
