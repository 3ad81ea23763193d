//! The command line: parses arguments, prints values and errors.

use std::ffi::OsString;
use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{ArgAction, CommandFactory, Parser, Subcommand};
use serde_json::Value;

use my_project::{EvaluateError, Number, evaluate};

/// The number of characters of an expression that an error message repeats.
const SHOWN: usize = 60;

#[derive(Parser)]
#[command(version, about, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Compute expressions and print their values.
    #[command(args_override_self = true, disable_help_flag = true)]
    Eval {
        /// Print one JSON object a line, for values and errors alike.
        #[arg(long)]
        json: bool,
        /// Print help.
        // Clap's own flag has the short form `-h`, which is an expression here, if a wrong one.
        #[arg(long, action = ArgAction::Help)]
        help: Option<bool>,
        /// An expression such as "2 * (3 + 4)", or - for every line of standard input.
        #[arg(value_name = "EXPRESSION", required = true, trailing_var_arg = true)]
        #[arg(allow_hyphen_values = true)]
        #[arg(value_parser = OsStringValueParser::new().try_map(expression))]
        expressions: Vec<String>,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // Whoever read the answers has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        Err(error) => {
            // Where even standard error is gone there is nobody left to tell.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Does what the arguments say, and returns whether all succeeded.
fn run(command: Option<Command>) -> io::Result<bool> {
    let Some(Command::Eval { json, expressions, .. }) = command else {
        Arguments::command().print_help()?;
        return Ok(true);
    };
    eval(&expressions, if json { print_json } else { print_text })
}

/// Refuses what looks like an option, since options are not looked for after an expression.
fn expression(argument: OsString) -> Result<String, &'static str> {
    let lossy = |argument: OsString| argument.to_string_lossy().into_owned();
    let argument = argument.into_string().unwrap_or_else(lossy);
    let is_letter = |c: char| c.is_ascii_alphabetic();
    let is_option = argument.starts_with("--")
        && argument.contains(is_letter)
        && argument.chars().all(|c| c == '-' || is_letter(c));
    if is_option { Err("options come before the first expression") } else { Ok(argument) }
}

type Outcome = Result<Number, EvaluateError>;

/// Evaluates and prints each expression, and returns whether all succeeded.
fn eval(expressions: &[String], print: fn(&str, &Outcome) -> io::Result<()>) -> io::Result<bool> {
    let mut succeeded = true;
    let mut answer = |expression: &str| {
        let outcome = evaluate(expression);
        succeeded &= outcome.is_ok();
        print(expression, &outcome)
    };
    for expression in expressions {
        if expression == "-" {
            for_each_line(io::stdin().lock(), &mut answer)?;
        } else {
            answer(expression)?;
        }
    }
    Ok(succeeded)
}

/// Passes on each line without its end; what is not UTF-8 becomes U+FFFD.
fn for_each_line(
    mut input: impl BufRead,
    mut act: impl FnMut(&str) -> io::Result<()>,
) -> io::Result<()> {
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        let text = line.strip_suffix(b"\n").map(|text| text.strip_suffix(b"\r").unwrap_or(text));
        act(&String::from_utf8_lossy(text.unwrap_or(&line)))?;
        line.clear();
    }
    Ok(())
}

fn print_text(expression: &str, outcome: &Outcome) -> io::Result<()> {
    match outcome {
        Ok(value) => writeln!(io::stdout(), "{value}"),
        Err(error) => {
            let mut shown: String = expression.chars().take(SHOWN).collect();
            if shown.len() < expression.len() {
                shown.push('…');
            }
            writeln!(io::stderr(), "error: {error} in {}", Value::from(shown))
        }
    }
}

fn print_json(expression: &str, outcome: &Outcome) -> io::Result<()> {
    let answer = match outcome {
        Ok(value) => format!(r#""value": {value}"#),
        Err(EvaluateError { error, position }) => format!(
            r#""error": {{"code": "{}", "message": "{error}", "position": {position}}}"#,
            error.code(),
        ),
    };
    writeln!(io::stdout(), r#"{{"expression": {}, {answer}}}"#, Value::from(expression))
}
