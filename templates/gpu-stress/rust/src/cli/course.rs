//! Owns the course of runs and selftests: devices are found and put to work, and what came of it is
//! told.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use serde_json::{Map, Value};

use my_project::assemble::assemble;
use my_project::control::Control;
use my_project::report::{Report, Status};
use my_project::text;
use my_project::verdict::judge;
use my_project::watch::Watch;
use my_project::{Error, Failure};

use super::live::{self, Live};
use super::sink::Sink;
use super::{complain, say, silence, table};

/// What a search for devices gets once it is to stop: enough to end the process that asks drivers.
const PATIENCE: Duration = Duration::from_millis(50);

/// What standard error has beside what goes wrong with the program itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Shown {
    /// What devices do.
    Lines,
    /// Why a run has not held.
    Faults,
    Nothing,
}

/// What is known before there is any device.
pub(crate) struct Course {
    pub(crate) command: &'static str,
    pub(crate) settings: Map<String, Value>,
    pub(crate) min_throughput: Option<f64>,
    pub(crate) shown: Shown,
    pub(crate) sink: Sink,
    pub(crate) control: Arc<Control>,
}

impl Course {
    /// Finds what is to be put to work, does it, and tells how it went; returns the exit status.
    pub(crate) fn follow<T: Send + 'static>(
        self,
        find: impl FnOnce(&Control) -> Result<Vec<T>, Error> + Send + 'static,
        watch: impl Fn(&T) -> &Arc<Watch>,
        work: impl FnOnce(Vec<T>, &Arc<Control>),
    ) -> Result<u8> {
        let control = Arc::clone(&self.control);
        let draws = live::draws() && self.shown == Shown::Lines;
        let mut quiet = silence::begin();
        let found = self.control.attend(PATIENCE, move || find(&control));
        if draws {
            // A line that is drawn again needs the terminal itself.
            quiet = None;
        }
        let subjects = match found {
            Ok(subjects) => subjects?,
            // The report then tells of the signal, and of no device.
            Err(Failure::Stopped) => Vec::new(),
            Err(failure) => return Err(Error::Missing(failure.to_string()).into()),
        };
        let watches: Vec<_> = subjects.iter().map(|subject| Arc::clone(watch(subject))).collect();
        let started = SystemTime::now();
        let live = Live::begin(self.shown == Shown::Lines, draws, &watches);
        work(subjects, &self.control);
        drop(quiet);
        let watches: Vec<_> = watches.iter().map(|watch| &**watch).collect();
        let verdict = judge(&watches, self.min_throughput, &self.control);
        let settings = self.settings.clone();
        let report = assemble(self.command, settings, started, &watches, verdict);
        self.tell(&report, live)
    }

    /// Writes a report and prints it. The lines of devices end in between, as nobody may read them.
    fn tell(self, report: &Report, live: Live) -> Result<u8> {
        let json = format!("{}\n", serde_json::to_string_pretty(report)?);
        let (shown, takes_output) = (self.shown, self.sink.takes_output());
        let told = self.sink.deliver(&json, &self.control, || {
            drop(live);
            let verdict = &report.verdict;
            let has_failed = matches!(verdict.status, Status::Fault | Status::Hot);
            if shown == Shown::Faults && has_failed {
                for reason in &verdict.reasons {
                    complain(&format!("error: {}", text::line(reason)));
                }
            }
            if takes_output { Ok(()) } else { say(&table::report(report)) }
        });
        match told {
            Err(error) if report.verdict.exit_status != 0 => {
                complain(&format!("error: {}", text::line(&error.to_string())));
                Ok(report.verdict.exit_status)
            }
            told => Ok(told.map(|()| report.verdict.exit_status)?),
        }
    }
}
