//! The command line: parses arguments, prints results and errors, and tells how it went.

mod cli;

use std::io::{self, Write};
use std::process::ExitCode;

use cli::status::status;

fn main() -> ExitCode {
    match cli::run() {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let (code, message) = status(&error);
            if let Some(message) = message {
                // Where even standard error is gone there is nobody left to tell.
                let _ = writeln!(io::stderr(), "error: {message}");
            }
            ExitCode::from(code)
        }
    }
}
