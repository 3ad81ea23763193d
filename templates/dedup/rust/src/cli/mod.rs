//! Owns the commands: each turns arguments into one call of the library, and prints what came of
//! it.

mod applying;
pub(crate) mod arguments;
mod bar;
mod commands;
mod examples;
mod printing;
mod signals;
pub(crate) mod status;

use std::io::{self, IsTerminal, Write};

use anyhow::Result;
use clap::{CommandFactory, Parser};

use arguments::{Arguments, Command};
use printing::print;
use signals::Signals;

const NAME: &str = env!("CARGO_PKG_NAME");

/// Does what the command line says, and returns the exit status.
pub(crate) fn run() -> Result<u8> {
    let signals = Signals::handle()?;
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() => error.exit(),
        // The help, or the version.
        Err(error) => return say(&error.render()),
    };
    match arguments.command {
        None => say(&Arguments::command().render_help()),
        Some(Command::Scan { search, format }) => commands::scan(&search, format.into(), &signals),
        Some(Command::Plan { search, choice }) => commands::plan(&search, &choice, &signals),
        Some(Command::Apply { order }) => applying::apply(&order, &signals),
        Some(Command::Cache { task }) => commands::cache(task),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), NAME, &mut script);
            print(|out| out.write_all(&script))?;
            Ok(status::DONE)
        }
    }
}

fn say(text: &clap::builder::StyledStr) -> Result<u8> {
    let text = if io::stdout().is_terminal() { text.ansi().to_string() } else { text.to_string() };
    print(|out| out.write_all(text.as_bytes()))?;
    Ok(status::DONE)
}
