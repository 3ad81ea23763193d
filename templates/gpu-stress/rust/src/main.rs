//! The command line: parses arguments, prints results and errors, and tells how it went.

mod cli;

use std::panic;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use my_project::control::{Control, THREAD};
use my_project::{Error, text};

fn main() -> ExitCode {
    silence_threads();
    let arguments = match cli::usage::parse() {
        Ok(arguments) => arguments,
        Err((text, 0)) => {
            if let Err(error) = cli::say(&text) {
                cli::complain(&format!("error: {error}"));
                return ExitCode::FAILURE;
            }
            return ExitCode::SUCCESS;
        }
        Err((text, status)) => {
            cli::complain(&text);
            return ExitCode::from(status);
        }
    };
    let control = Arc::new(Control::default());
    let status = cli::run(arguments, &control).unwrap_or_else(|error| {
        control.only_tell();
        cli::complain(&format!("error: {}", text::line(&format!("{error:#}"))));
        match error.downcast_ref() {
            Some(Error::Usage(_) | Error::File { .. }) => 2,
            Some(Error::Missing(_)) => 3,
            _ => 1,
        }
    });
    if control.has_left() {
        // The usual end would wait for libraries whose threads are still at work.
        signal_hook::low_level::exit(status.into());
    }
    ExitCode::from(status)
}

/// What ends a thread that computes is told by the verdict, and not once more in other words.
fn silence_threads() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if thread::current().name() != Some(THREAD) {
            cli::silence::end();
            usual(info);
        }
    }));
}
