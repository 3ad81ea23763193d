//! Owns what can be seen of a device from outside while it runs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::device::Device;
use crate::phase::Phase;
use crate::report::Sample;
use crate::selftest::Score;
use crate::sensors::{Reading, Reasons, Source};
use crate::{Failure, Task};

/// What is known of a device's sensors.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Where readings come from.
    pub source: Option<Source>,
    /// Why some are not there.
    pub reasons: Reasons,
    /// The temperature from which on the device slows itself down.
    pub slowdown_c: Option<f64>,
    /// The temperature that stops the run.
    pub max_temperature_c: Option<f64>,
    /// The power that it may take.
    pub power_limit_w: Option<f64>,
}

/// What ended the work of a device, and when.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The cause.
    pub failure: Failure,
    /// The task that ran; none for what went wrong between tasks.
    pub task: Option<Task>,
    /// Seconds since the first batch.
    pub time_s: f64,
}

/// A device at work.
#[derive(Debug)]
pub struct Watch {
    /// The device.
    pub device: Device,
    /// What was taken for granted.
    pub notes: Vec<String>,
    state: Mutex<State>,
}

/// What changes while it works.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The tasks so far; the last one runs.
    pub phases: Vec<Arc<Phase>>,
    /// How many have not begun.
    pub to_come: u32,
    /// Once a second.
    pub samples: Vec<Sample>,
    /// Of the last sample.
    pub reading: Reading,
    /// Of its sensors.
    pub facts: Facts,
    /// What ended tasks before their time.
    pub failures: Vec<Ended>,
    /// Why it stopped the run, if it became too hot.
    pub heat: Option<String>,
    /// What a selftest found.
    pub score: Option<Score>,
}

impl State {
    /// Whether it can do no more.
    fn is_lost(&self) -> bool {
        let is_final =
            |ended: &Ended| matches!(ended.failure, Failure::Lost(_) | Failure::Driver(_));
        self.failures.iter().any(is_final)
    }
}

impl Watch {
    /// Begins to watch a device.
    #[must_use]
    pub fn new(device: Device, notes: Vec<String>) -> Self {
        Self { device, notes, state: Mutex::default() }
    }

    /// What it does now.
    pub fn state(&self) -> MutexGuard<'_, State> {
        // Each change is whole by itself, so that a thread that ended in one leaves no harm.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The task that runs, or ran last.
    pub fn phase(&self) -> Option<Arc<Phase>> {
        self.state().phases.last().cloned()
    }

    /// Begins a task, unless it can do no more.
    pub fn begin(&self, phase: &Arc<Phase>) -> bool {
        let mut state = self.state();
        if state.is_lost() {
            return false;
        }
        state.to_come = state.to_come.saturating_sub(1);
        state.phases.push(Arc::clone(phase));
        true
    }

    /// Puts down what ended a task. What comes after a loss follows from it.
    pub fn end(&self, ended: Ended) {
        let mut state = self.state();
        if !state.is_lost() {
            state.failures.push(ended);
        }
    }

    /// Puts down that it is gone, at a time in seconds, and ends the task that runs.
    pub fn lose(&self, reason: String, time_s: f64) {
        let (failure, phase) = (Failure::Lost(reason), self.phase());
        if let Some(phase) = &phase {
            phase.fail(failure.clone());
        }
        self.end(Ended { failure, task: phase.map(|phase| phase.task), time_s });
    }

    /// What it is called in sentences.
    #[must_use]
    pub fn label(&self) -> String {
        self.device.label()
    }
}
