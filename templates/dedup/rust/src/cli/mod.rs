//! Owns the commands: each turns arguments into one call of the library, and prints what came of
//! it.

mod applying;
pub(crate) mod arguments;
mod bar;
mod commands;
mod examples;
pub(crate) mod status;

use std::io::{self, Write};
use std::sync::Arc;

use anyhow::Result;
use clap::CommandFactory;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag::register_usize;

use my_project::Progress;

use arguments::{Arguments, Command};

const NAME: &str = env!("CARGO_PKG_NAME");

/// Does what the arguments say, and returns the exit status.
pub(crate) fn run(arguments: Arguments) -> Result<u8> {
    let progress = Arc::new(Progress::default());
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        register_usize(signal, progress.signal_flag(), usize::try_from(signal)?)?;
    }
    let code = match arguments.command {
        None => {
            Arguments::command().print_help()?;
            Ok(status::DONE)
        }
        Some(Command::Scan { search, format }) => commands::scan(&search, format.into(), &progress),
        Some(Command::Plan { search, choice }) => commands::plan(&search, &choice, &progress),
        Some(Command::Apply { order }) => applying::apply(&order, &progress),
        Some(Command::Cache { task }) => commands::cache(task),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), NAME, &mut script);
            io::stdout().write_all(&script)?;
            Ok(status::DONE)
        }
    };
    match progress.signal() {
        0 => code,
        signal => Ok(status::SIGNALLED + u8::try_from(signal)?),
    }
}
