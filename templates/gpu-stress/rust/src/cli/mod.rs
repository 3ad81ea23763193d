//! Owns the commands: each turns arguments into calls of the library, and prints what came of it.

pub(crate) mod arguments;
mod course;
mod examples;
mod list;
mod live;
mod probe;
mod replaced;
mod reports;
mod runs;
mod selftests;
mod settings;
mod signals;
pub(crate) mod silence;
mod sink;
mod status_line;
mod table;
mod torch;
pub(crate) mod usage;

use std::io::{self, ErrorKind, Write};
use std::sync::Arc;

use anyhow::Result;
use clap::CommandFactory;

use my_project::Error;
use my_project::control::Control;

use arguments::{Arguments, Command};

/// Does what the arguments say, and returns the exit status.
pub(crate) fn run(arguments: Arguments, control: &Arc<Control>) -> Result<u8> {
    // What asks the drivers is ended by whoever has started it.
    if !matches!(arguments.command, Some(Command::Probe { .. })) {
        signals::listen(control)?;
    }
    match arguments.command {
        None => {
            control.only_tell();
            say(&Arguments::command().render_help().to_string())?;
            Ok(0)
        }
        Some(Command::List { json }) => list::list(json.as_deref(), control),
        Some(Command::Probe { drivers }) => probe::answer(drivers),
        Some(Command::Selftest { device }) => selftests::selftest(&device, control),
        Some(Command::Report { files, svg }) => reports::report(&files, svg.as_deref(), control),
        Some(Command::Cpu { run, threads, backend }) => runs::cpu(&run, &threads, backend, control),
        Some(Command::Gpu { run, gpus }) => runs::gpu(&run, &gpus, None, control),
        Some(Command::Tgpu { run, gpus, threads }) => {
            runs::gpu(&run, &gpus, Some(&threads), control)
        }
    }
}

/// Prints to standard output. Whoever has closed it has seen enough.
pub(crate) fn say(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::written("standard output", &error))
        }
        _ => Ok(()),
    }
}

/// Prints a line to standard error. Where even that is gone there is nobody left to tell.
pub(crate) fn complain(text: &str) {
    let _ = match silence::voice() {
        Some(mut voice) => voice.write_all(format!("{text}\n").as_bytes()),
        None => writeln!(io::stderr(), "{text}"),
    };
}
