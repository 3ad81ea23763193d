//! Owns the programs that are compared: how each is called, and how its groups are read.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Names of files that are the same, as bytes.
pub(crate) type Groups = BTreeSet<BTreeSet<Vec<u8>>>;

/// A program with its arguments, which scans the folder that is added to them.
pub(crate) struct Program {
    pub(crate) label: &'static str,
    command: OsString,
    arguments: &'static [&'static str],
    form: Form,
}

#[derive(Clone, Copy)]
enum Form {
    /// Names end with NUL, and groups with one more.
    Null,
    /// Names end with a newline, and groups with one more.
    Lines,
    /// A file of rdfind's, in the folder where it runs.
    Rdfind,
}

/// All that are installed, ours first.
pub(crate) fn programs() -> Vec<Program> {
    let ours = |label, arguments| Program {
        label,
        command: env!("CARGO_BIN_EXE_my-project").into(),
        arguments,
        form: Form::Null,
    };
    let peer = |label: &'static str, arguments, form| Program {
        label,
        command: label.into(),
        arguments,
        form,
    };
    let peers = [
        peer("yadf", &[], Form::Lines),
        peer("jdupes", &["-r", "-q"], Form::Lines),
        peer("fclones", &["group", "-f", "fdupes"], Form::Lines),
        peer("rdfind", &["-dryrun", "true"], Form::Rdfind),
        peer("rmlint", &["-T", "df", "-o", "fdupes:stdout"], Form::Lines),
        peer("fdupes", &["-r", "-q"], Form::Lines),
    ];
    let own = [
        ours("scan", &["scan", "--format", "null"]),
        ours("scan --verify bytes", &["scan", "--verify", "bytes", "--format", "null"]),
        ours("scan --jobs 1", &["scan", "--jobs", "1", "--format", "null"]),
    ];
    let is_there = |peer: &Program| peer.command(Path::new("."), "--version").output().is_ok();
    own.into_iter().chain(peers.into_iter().filter(is_there)).collect()
}

impl Program {
    fn command(&self, folder: &Path, last: impl Into<OsString>) -> Command {
        let mut command = Command::new(&self.command);
        command.args(self.arguments).arg(last.into()).current_dir(folder);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Returns how long a run takes. What it writes beside its output goes to `folder`.
    pub(crate) fn time(&self, folder: &Path, corpus: &Path) -> io::Result<Duration> {
        let start = Instant::now();
        self.command(folder, corpus).status()?;
        Ok(start.elapsed())
    }

    /// Returns the groups that it finds.
    pub(crate) fn groups(&self, folder: &Path, corpus: &Path) -> io::Result<Groups> {
        let output = self.command(folder, corpus).stdout(Stdio::piped()).output()?.stdout;
        Ok(match self.form {
            Form::Null => parse(&output, 0),
            Form::Lines => parse(&output, b'\n'),
            Form::Rdfind => rdfind(&fs::read_to_string(folder.join("results.txt"))?),
        })
    }

    /// Returns the most memory that it has, in KiB, as far as looking often can tell.
    pub(crate) fn memory(&self, folder: &Path, corpus: &Path) -> io::Result<u64> {
        let mut child = self.command(folder, corpus).spawn()?;
        let status = format!("/proc/{}/status", child.id());
        let mut peak = 0;
        while child.try_wait()?.is_none() {
            let text = fs::read_to_string(&status).unwrap_or_default();
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let size = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
            peak = peak.max(size.unwrap_or(0));
            sleep(Duration::from_millis(1));
        }
        Ok(peak)
    }
}

fn parse(output: &[u8], end: u8) -> Groups {
    let mut groups = vec![BTreeSet::new()];
    for name in output.split(|byte| *byte == end) {
        match groups.last_mut() {
            Some(group) if !name.is_empty() => {
                group.insert(name.to_vec());
            }
            _ => groups.push(BTreeSet::new()),
        }
    }
    groups.into_iter().filter(|group| group.len() > 1).collect()
}

/// Reads lines of a kind, the number of the group (below zero but for the first file), five
/// numbers more and the name.
fn rdfind(results: &str) -> Groups {
    let mut groups = std::collections::BTreeMap::<u64, BTreeSet<Vec<u8>>>::new();
    for line in results.lines().filter(|line| line.starts_with("DUPTYPE")) {
        let fields: Vec<_> = line.splitn(8, ' ').collect();
        if let [_, number, .., name] = fields[..]
            && let Ok(number) = number.parse::<i64>()
        {
            groups.entry(number.unsigned_abs()).or_default().insert(name.into());
        }
    }
    groups.into_values().collect()
}
