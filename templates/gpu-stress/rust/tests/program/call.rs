//! The program, called in a folder of its own.

use std::fs;
use std::io::{self, PipeReader, PipeWriter, Write};
use std::path::PathBuf;
use std::process::Command as Process;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use assert_cmd::cargo::{cargo_bin, cargo_bin_cmd};
use serde_json::Value;
use tempfile::TempDir;

/// Outside of a session Mesa's layers complain on standard error that there is none.
const SESSION: &str = "XDG_RUNTIME_DIR";

/// A folder that is removed with all in it at the end of a test.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().expect("there is a folder for temporary files"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn json(&self, name: &str) -> Value {
        let text = fs::read(self.path(name)).expect("a report is written");
        serde_json::from_slice(&text).expect("a report is JSON")
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = cargo_bin_cmd!("my-project");
        command.current_dir(self.0.path()).env(SESSION, self.0.path());
        command
    }

    /// The same, to be started and left alone for a while.
    pub(crate) fn process(&self) -> Process {
        let mut process = Process::new(cargo_bin!("my-project"));
        process.current_dir(self.0.path()).env(SESSION, self.0.path());
        process
    }

    /// Runs the program with arguments that are told apart by blanks.
    pub(crate) fn say(&self, arguments: &str) -> Assert {
        self.command().args(arguments.split_whitespace()).assert()
    }
}

/// A pipe that is full, and that nobody reads for as long as its other end is kept.
pub(crate) fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, writer) = io::pipe().expect("the system gives a pipe");
    let mut filler = writer.try_clone().expect("an end can be had twice");
    let (sender, written) = channel();
    thread::spawn(move || {
        // It ends when the reader goes.
        while filler.write_all(b" ").is_ok() && sender.send(()).is_ok() {}
    });
    while written.recv_timeout(Duration::from_millis(300)).is_ok() {}
    (reader, writer)
}

/// Whether a driver has an adapter, if only one of software.
pub(crate) fn has_adapter() -> bool {
    let output = Place::new().say("list").get_output().stdout.clone();
    let lines = String::from_utf8_lossy(&output).into_owned();
    let is_there = lines.lines().skip(2).any(|line| !line.starts_with('-'));
    if !is_there {
        let text = "no driver of Vulkan, Metal or DX12: no run on a GPU is tested; Mesa's software \
                    driver will do (Debian: mesa-vulkan-drivers)";
        assert!(std::env::var_os("CI").is_none(), "{text}");
        #[expect(clippy::print_stderr, reason = "a test has no other way to say it")]
        {
            eprintln!("SKIPPED: {text}");
        }
    }
    is_there
}

/// What was printed to standard error, and that it is one line that says what is wrong.
pub(crate) fn complaint(assert: &Assert) -> String {
    let said = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert!(said.starts_with("error: ") && said.lines().count() == 1, "{said}");
    said
}
