//! Owns the progress bar on standard error.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use my_project::{Progress, Snapshot, Stage, show_size};

use super::arguments::Showing;

const TICK: Duration = Duration::from_millis(100);
const COUNTED: &str = "{prefix} {wide_bar} {msg}";
const COUNTING: &str = "{prefix} {spinner} {msg}";

/// A bar that is drawn for as long as this lives.
pub(crate) struct Bar(Option<(Sender<()>, JoinHandle<()>)>);

impl Bar {
    /// Draws what `progress` counts, if somebody is there to see it.
    pub(crate) fn new(showing: &Showing, progress: &Arc<Progress>) -> Self {
        if showing.quiet || showing.no_progress || !io::stderr().is_terminal() {
            return Self(None);
        }
        let progress = Arc::clone(progress);
        let (end, ended) = channel();
        let thread = thread::spawn(move || {
            let bar = ProgressBar::new_spinner();
            let mut stage = (Stage::Walk, Instant::now());
            let mut before = stage.1;
            set_style(&bar, COUNTING, stage.0);
            while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                let now = progress.snapshot();
                if now.stage != stage.0 {
                    // It began at some time since the last look.
                    stage = (now.stage, before);
                    set_style(&bar, COUNTED, now.stage);
                }
                before = Instant::now();
                draw(&bar, &now, stage.1.elapsed());
            }
            bar.finish_and_clear();
        });
        Self(Some((end, thread)))
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some((end, thread)) = self.0.take() {
            drop(end);
            // A bar that could not be drawn is no reason to fail.
            let _ = thread.join();
        }
    }
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
        // First and last blocks are counted by files, whose bytes are read later if at all.
        let (done, all) = if bytes == 0 { (files, all_files) } else { (bytes, all_bytes) };
        bar.set_length(all);
        bar.set_position(done.min(all));
        let left = seconds(all.saturating_sub(done), done, elapsed);
        let (read, of, rate) = (show_size(bytes), show_size(all_bytes), rate(bytes, elapsed));
        let files = format!("{files}/{all_files} files");
        bar.set_message(format!("{files}  {read}/{of}  {rate}/s  {left} s left"));
    }
    bar.tick();
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
