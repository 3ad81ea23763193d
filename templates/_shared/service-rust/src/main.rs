//! The command line: parses arguments, calls the library, and tells how it went.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{CommandFactory, Parser, Subcommand};

use my_project::api::API;
use my_project::service::{BadSetting, Settings};
use my_project::service::{Signals, healthcheck, serve};

/// The exit status for settings that cannot be used, as for wrong usage.
const USAGE: u8 = 2;

#[derive(Parser)]
#[command(version, about, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until a signal ends it; settings come from the environment.
    Serve,
    /// Ask the running service whether it lives, for containers without curl.
    Healthcheck,
    /// Print the document that describes the interface, as `OpenAPI`.
    #[command(about = "Print the document that describes the interface, as OpenAPI")]
    Openapi,
}

fn main() -> ExitCode {
    match run(Arguments::parse().command.as_ref()) {
        Ok(code) => code,
        Err(error) => {
            tell(&[error]);
            ExitCode::FAILURE
        }
    }
}

/// Does what the arguments say, and returns the exit status.
fn run(command: Option<&Command>) -> Result<ExitCode> {
    match command {
        None => Arguments::command().print_help()?,
        Some(Command::Serve) => {
            // Before anything else, so that a signal ends it in order at any time.
            let signals = Signals::catch().context("signals cannot be caught")?;
            match Settings::from_environment() {
                Ok(settings) => serve(settings, signals, API)?,
                Err(bad) => return Ok(refuse(&bad)),
            }
        }
        Some(Command::Healthcheck) => match Settings::from_environment() {
            Ok(settings) => healthcheck(&settings)?,
            Err(bad) => return Ok(refuse(&bad)),
        },
        Some(Command::Openapi) => writeln!(io::stdout(), "{:#}", API.document())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn refuse(bad: &[BadSetting]) -> ExitCode {
    tell(bad);
    ExitCode::from(USAGE)
}

fn tell(errors: &[impl std::fmt::Display]) {
    for error in errors {
        // Where even standard error is gone there is nobody left to tell.
        let _ = writeln!(io::stderr(), "error: {error}");
    }
}
