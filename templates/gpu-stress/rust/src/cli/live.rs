//! Owns what is shown while it runs, on standard error: a live line for each device on a terminal,
//! and plain lines now and then elsewhere.

use std::env;
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use console::Term;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use my_project::watch::Watch;

use super::complain;
use super::status_line::{Moment, fitting, moment};

/// From one look to the next.
const TICK: Duration = Duration::from_millis(100);
/// From one plain line to the next.
const PLAIN: Duration = Duration::from_secs(10);

/// Lines that are shown for as long as this lives.
pub(crate) struct Live(Option<(Sender<()>, JoinHandle<()>)>);

impl Live {
    /// Shows what the devices do, if that is wanted.
    pub(crate) fn begin(is_wanted: bool, draws: bool, watches: &[Arc<Watch>]) -> Self {
        if !is_wanted {
            return Self(None);
        }
        let watches = watches.to_vec();
        let (end, ended) = channel();
        let thread = thread::spawn(move || {
            let mut lines: Box<dyn Lines> = if draws {
                Box::new(Bars::new(watches.len()))
            } else {
                Box::new(Plain::new(watches.len()))
            };
            let mut goes_on = true;
            while goes_on {
                goes_on = ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout);
                for (number, watch) in watches.iter().enumerate() {
                    if let Some(moment) = moment(watch) {
                        lines.show(number, &moment);
                    }
                }
            }
            lines.end();
        });
        Self(Some((end, thread)))
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if let Some((end, thread)) = self.0.take() {
            drop(end);
            // A line that could not be drawn is no reason to fail.
            let _ = thread.join();
        }
    }
}

/// Whether standard error is a terminal on which a line can be drawn again.
pub(crate) fn draws() -> bool {
    io::stderr().is_terminal() && env::var_os("TERM").is_none_or(|name| name != "dumb")
}

/// Where lines go.
trait Lines {
    /// Shows what the device with this number does.
    fn show(&mut self, number: usize, moment: &Moment);
    /// Says that no more will come.
    fn end(&mut self);
}

/// A line for each device, drawn again and again.
struct Bars {
    all: MultiProgress,
    bars: Vec<ProgressBar>,
}

impl Bars {
    fn new(count: usize) -> Self {
        let all = MultiProgress::new();
        let style = ProgressStyle::with_template("{msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = |_| all.add(ProgressBar::no_length().with_style(style.clone()));
        let bars = (0..count).map(bar).collect();
        Self { all, bars }
    }
}

impl Lines for Bars {
    fn show(&mut self, number: usize, moment: &Moment) {
        // Asked each time, since a window may be drawn larger or smaller.
        let width = Term::stderr().size_checked().map_or(80, |(_, width)| usize::from(width));
        self.bars[number].set_message(fitting(&moment.fields, width));
    }

    fn end(&mut self) {
        // What is left to say is in the table. A terminal that is gone needs no clearing.
        let _ = self.all.clear();
    }
}

/// A line for a device every 10 seconds, and at the end of each kernel.
struct Plain {
    last: Vec<(Instant, Option<Moment>)>,
}

impl Plain {
    fn new(count: usize) -> Self {
        Self { last: vec![(Instant::now(), None); count] }
    }
}

impl Lines for Plain {
    fn show(&mut self, number: usize, moment: &Moment) {
        let (shown, before) = &mut self.last[number];
        let ended = before.as_ref().filter(|before| before.phase < moment.phase);
        if let Some(ended) = ended {
            complain(&ended.fields.join("  "));
            *shown = Instant::now();
        } else if shown.elapsed() >= PLAIN {
            complain(&moment.fields.join("  "));
            *shown = Instant::now();
        }
        *before = Some(moment.clone());
    }

    fn end(&mut self) {
        for moment in self.last.iter().filter_map(|(_, moment)| moment.as_ref()) {
            complain(&moment.fields.join("  "));
        }
    }
}
