//! The program as a user meets it: what it prints where, and how it ends.

use std::io::{Read, Write};
use std::process::{Command as Process, Stdio};

use assert_cmd::assert::Assert;
use assert_cmd::cargo::{cargo_bin, cargo_bin_cmd};

fn run(arguments: &[&str], input: impl Into<Vec<u8>>) -> Assert {
    let mut program = cargo_bin_cmd!("my-project");
    program.args(arguments).write_stdin(input).assert()
}

fn eval(expression: &str) -> Assert {
    run(&["eval", expression], "")
}

fn from_stdin(input: impl Into<Vec<u8>>) -> Assert {
    run(&["eval", "--json", "-"], input)
}

#[test]
fn values_go_to_standard_output_one_a_line() {
    run(&["eval", "1 + 2", "-2 ** 2", "--5", "7 / 2"], "")
        .code(0)
        .stdout("3\n-4\n5\n3.5\n")
        .stderr("");
}

#[test]
fn an_error_goes_to_standard_error_and_the_others_are_still_computed() {
    run(&["eval", "1 / 0", "2"], "")
        .code(1)
        .stdout("2\n")
        .stderr("error: division by zero at position 2 in \"1 / 0\"\n");
}

#[test]
fn an_error_repeats_60_characters_of_its_expression() {
    let shown = "é".repeat(60);
    let start = "error: syntax error at position 0 in";
    eval(&shown).code(1).stderr(format!("{start} \"{shown}\"\n"));
    eval(&format!("{shown}é")).code(1).stderr(format!("{start} \"{shown}…\"\n"));
    eval("\"\n").code(1).stderr(format!("{start} \"\\\"\\n\"\n"));
}

#[test]
fn json_has_one_object_a_line_for_values_and_errors() {
    run(&["eval", "--json", "7 // 2", "1 / 0", "1e16"], "").code(1).stderr("").stdout(concat!(
        r#"{"expression": "7 // 2", "value": 3}"#,
        "\n",
        r#"{"expression": "1 / 0", "error": {"code": "division_by_zero", "#,
        r#""message": "division by zero", "position": 2}}"#,
        "\n",
        r#"{"expression": "1e16", "value": 1e16}"#,
        "\n",
    ));
}

#[test]
fn a_hyphen_stands_for_every_line_of_standard_input() {
    run(&["eval", "1", "-", "4"], "2\r\n3").code(0).stdout("1\n2\n3\n4\n");
    run(&["eval", "-"], "").code(0).stdout("");
}

#[test]
fn an_expression_may_look_like_an_option() {
    eval("-5").code(0).stdout("-5\n");
    run(&["eval", "--", "--5"], "").code(0).stdout("5\n");
    run(&["eval", "5", "--"], "").code(1).stdout("5\n");
    eval("-h").code(1).stderr("error: syntax error at position 1 in \"-h\"\n");
}

#[test]
fn a_line_may_hold_anything() {
    let syntax = |text: &str, position: usize| {
        let error =
            format!(r#"{{"code": "syntax", "message": "syntax error", "position": {position}}}"#);
        format!("{{\"expression\": \"{text}\", \"error\": {error}}}\n")
    };
    from_stdin("\n").code(1).stdout(syntax("", 0));
    from_stdin("1\r\r\n").code(1).stdout(syntax("1\\r", 1));
    from_stdin("1\r").code(1).stdout(syntax("1\\r", 1));
    from_stdin("1\0").code(1).stdout(syntax("1\\u0000", 1));
    from_stdin(b"1 + \xff\n").code(1).stdout(syntax("1 + \u{fffd}", 4));
}

#[test]
fn a_line_may_be_a_megabyte_long() {
    let assert = run(&["eval", "-"], "1".repeat(1 << 20) + "\n2\n").code(1).stdout("2\n");
    let start = b"error: more than 1,000 characters at position 1000 in \"111";
    assert!(assert.get_output().stderr.starts_with(start));
}

#[test]
fn wrong_usage_ends_with_2() {
    for arguments in [
        &["evil"][..],
        &["eval"],
        &["eval", "--json"],
        &["eval", "--jsn", "1"],
        &["eval", "1", "--json"],
        &["--json", "eval", "1"],
    ] {
        run(arguments, "").code(2).stdout("");
    }
}

#[test]
fn help_and_version_end_with_0() {
    let help = run(&["--help"], "").code(0).stderr("");
    run(&[], "").code(0).stdout(help.get_output().stdout.clone()).stderr("");
    run(&["eval", "--help"], "").code(0).stderr("");
    let version = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), "\n");
    run(&["--version"], "").code(0).stdout(version);
}

#[test]
fn a_reader_that_goes_away_ends_the_program_quietly() {
    let mut process = Process::new(cargo_bin!("my-project"))
        .args(["eval", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(process.stdout.take());
    let mut input = process.stdin.take().expect("its input is a pipe");
    // It may be gone before it has read everything, or anything.
    let _ = input.write_all(&b"1\n".repeat(1000));
    drop(input);
    let mut complaints = String::new();
    let mut errors = process.stderr.take().expect("its errors are a pipe");
    errors.read_to_string(&mut complaints).expect("they are UTF-8");
    assert_eq!(complaints, "");
    assert!(process.wait().expect("it ends").code().is_some(), "no signal killed it");
}

#[cfg(target_os = "linux")] // the only system with such a device
#[test]
fn a_full_disk_is_an_error_of_one_line() {
    let full = std::fs::File::create("/dev/full").expect("Linux has it");
    let output = Process::new(cargo_bin!("my-project"))
        .args(["eval", "1"])
        .stdout(full)
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.starts_with("error: No space left"), "{complaint}");
    assert_eq!(complaint.lines().count(), 1);
}
