//! Owns the commands: each turns arguments into calls of the library, and prints what came of it.

pub(crate) mod arguments;
mod examples;
mod list;
mod live;
mod probe;
mod reports;
mod runs;
mod selftests;
mod settings;
mod signals;
mod sink;
mod status_line;
mod table;
mod torch;
pub(crate) mod usage;

use std::io::{self, ErrorKind, Write};

use anyhow::Result;
use clap::CommandFactory;

use my_project::Error;
use my_project::control::Control;
use my_project::report::Report;

use arguments::{Arguments, Command};
use signals::Signals;
use sink::Sink;

/// Does what the arguments say, and returns the exit status.
pub(crate) fn run(arguments: Arguments) -> Result<u8> {
    match arguments.command {
        None => {
            say(&Arguments::command().render_help().to_string())?;
            Ok(0)
        }
        Some(Command::List { json }) => list::list(json.as_deref()),
        Some(Command::Probe { drivers }) => probe::answer(drivers),
        Some(Command::Selftest { device }) => selftests::selftest(&device),
        Some(Command::Report { files, svg }) => reports::report(&files, svg.as_deref()),
        Some(Command::Cpu { run, threads, backend }) => runs::cpu(&run, &threads, backend),
        Some(Command::Gpu { run, gpus }) => runs::gpu(&run, &gpus, None),
        Some(Command::Tgpu { run, gpus, threads }) => runs::gpu(&run, &gpus, Some(&threads)),
    }
}

/// Prints a report and writes it, and returns the exit status.
fn finish(report: &Report, mut sink: Sink, signals: &Signals, control: &Control) -> Result<u8> {
    if sink.may_wait() {
        signals.end_at_once();
    }
    let shown = if sink.takes_output() { Ok(()) } else { say(&table::report(report)) };
    let written = sink.write(&format!("{}\n", serde_json::to_string_pretty(report)?));
    let status = report.verdict.exit_status;
    let status = match written.and(shown) {
        Err(error) if status != 0 => {
            complain(&format!("error: {error}"));
            status
        }
        told => told.map(|()| status)?,
    };
    if control.has_left() {
        // The usual end would wait for libraries whose threads are still at work.
        signal_hook::low_level::exit(status.into());
    }
    Ok(status)
}

/// Prints to standard output. Whoever has closed it has seen enough.
fn say(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::Written { path: "standard output".into(), source: error })
        }
        _ => Ok(()),
    }
}

/// Prints a line to standard error. Where even that is gone there is nobody left to tell.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
