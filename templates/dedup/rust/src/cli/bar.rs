//! Owns the progress bar on standard error.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use my_project::{Progress, Snapshot, Stage, show_size};

use super::arguments::Showing;

const TICK: Duration = Duration::from_millis(100);
/// Bytes that are read in the time in which a file is opened.
const FILE: u64 = 64 * 1024;
/// Bytes that are read in the time in which a step is written down and synced.
const ACTION: u64 = 4 * 1024 * 1024;
const COUNTED: &str = "{prefix} {wide_bar} {msg}";
const COUNTING: &str = "{prefix} {spinner} {msg}";

/// A bar that is drawn for as long as this lives.
pub(crate) struct Bar(Option<Drawn>);

struct Drawn {
    bar: ProgressBar,
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Bar {
    /// Draws what `progress` counts, if somebody is there to see it.
    pub(crate) fn new(showing: &Showing, progress: &Arc<Progress>) -> Self {
        if showing.quiet || showing.no_progress || !io::stderr().is_terminal() {
            return Self(None);
        }
        let progress = Arc::clone(progress);
        let (end, ended) = channel();
        let bar = ProgressBar::new_spinner();
        let shown = bar.clone();
        let thread = Some(thread::spawn(move || watch(&shown, &progress, &ended)));
        Self(Some(Drawn { bar, end: Some(end), thread }))
    }

    /// Writes lines on standard error, above the bar.
    pub(crate) fn say(&self, text: &str) -> io::Result<()> {
        let write = || io::stderr().write_all(text.as_bytes());
        self.0.as_ref().map_or_else(write, |drawn| drawn.bar.suspend(write))
    }
}

impl Drop for Drawn {
    fn drop(&mut self) {
        drop(self.end.take());
        // A bar that could not be drawn is no reason to fail.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// Draws until the other end of `ended` is gone.
fn watch(bar: &ProgressBar, progress: &Progress, ended: &Receiver<()>) {
    let mut before = (progress.snapshot(), Instant::now());
    let mut began = before.1;
    set_style(bar, COUNTING, before.0.stage);
    while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
        let now = progress.snapshot();
        if now.stage != before.0.stage || now.done < before.0.done {
            // It began, maybe a second time, since the last look.
            began = before.1;
            set_style(bar, if now.stage == Stage::Walk { COUNTING } else { COUNTED }, now.stage);
        }
        before = (now, Instant::now());
        draw(bar, &now, began.elapsed());
    }
    bar.finish_and_clear();
}

fn set_style(bar: &ProgressBar, template: &str, stage: Stage) {
    let style = ProgressStyle::with_template(template);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_prefix(match stage {
        Stage::Walk => "finding files",
        Stage::Starts => "first blocks",
        Stage::Ends => "last blocks",
        Stage::Contents => "whole files",
        Stage::Actions => "acting",
    });
}

fn draw(bar: &ProgressBar, now: &Snapshot, elapsed: Duration) {
    let ((files, bytes), (all_files, all_bytes)) = (now.done, now.all);
    if now.stage == Stage::Walk {
        bar.set_message(format!("{files} files"));
    } else {
        let done = work(now.stage, files, bytes);
        let all = work(now.stage, all_files, all_bytes);
        bar.set_length(all);
        bar.set_position(done.min(all));
        let left = seconds(all.saturating_sub(done), done, elapsed);
        let (read, of, rate) = (show_size(bytes), show_size(all_bytes), rate(bytes, elapsed));
        let files = format!("{files}/{all_files} files");
        bar.set_message(format!("{files}  {read}/{of}  {rate}/s  {left} s left"));
    }
    bar.tick();
}

/// How much work files and bytes are. The largest files come first, so that bytes alone would
/// promise too much for the many small ones.
fn work(stage: Stage, files: u64, bytes: u64) -> u64 {
    match stage {
        // The bytes of these are read later, if at all.
        Stage::Walk | Stage::Starts | Stage::Ends => files,
        Stage::Contents => bytes.saturating_add(files.saturating_mul(FILE)),
        Stage::Actions => bytes.saturating_add(files.saturating_mul(ACTION)),
    }
}

fn rate(bytes: u64, elapsed: Duration) -> String {
    let milliseconds = elapsed.as_millis().max(1);
    let rate = u128::from(bytes) * 1000 / milliseconds;
    show_size(u64::try_from(rate).unwrap_or(u64::MAX))
}

/// How long the rest takes if it goes on like this.
fn seconds(rest: u64, done: u64, elapsed: Duration) -> u128 {
    u128::from(rest) * elapsed.as_millis() / u128::from(done.max(1)) / 1000
}
