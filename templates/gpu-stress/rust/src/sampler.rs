//! Owns sampling: once a second, by a thread of its own, throughput and sensors are put down.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::Task;
use crate::control::Control;
use crate::phase::Phase;
use crate::report::Sample;
use crate::sensors::{Reading, Reasons, Sensors};
use crate::watch::{Facts, Watch};

/// From one look at the time to the next.
const TICK: Duration = Duration::from_millis(20);
/// A phase that has run for less says little yet: a sample then is of the one before it.
const LEAST: Duration = Duration::from_millis(500);
/// How long the last answer of a sensor is waited for.
const PATIENCE: Duration = Duration::from_millis(100);
/// Below the temperature from which on a device slows itself down, unless said.
const MARGIN: f64 = 3.0;

/// A thread that samples a device, for as long as this lives.
pub(crate) struct Sampler {
    end: Option<Sender<()>>,
    thread: JoinHandle<()>,
    control: Arc<Control>,
}

impl Sampler {
    /// Begins to sample.
    pub(crate) fn begin(
        sensors: Box<dyn Sensors>,
        max_temperature: Option<f64>,
        watch: &Arc<Watch>,
        control: &Arc<Control>,
    ) -> Self {
        let (end, ended) = channel();
        let (watch, seen) = (Arc::clone(watch), Arc::clone(control));
        let work = move || sample(sensors, max_temperature, &watch, &seen, &ended);
        Self { end: Some(end), thread: thread::spawn(work), control: Arc::clone(control) }
    }
}

impl Drop for Sampler {
    /// A sensor may take its time to answer, which nobody has once a run is over.
    fn drop(&mut self) {
        drop(self.end.take());
        let start = Instant::now();
        while !self.thread.is_finished() {
            if start.elapsed() > PATIENCE {
                self.control.leave();
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Samples at the full seconds of the run. Before it has begun sensors are read as often, since heat
/// and losses count from the start.
fn sample(
    mut sensors: Box<dyn Sensors>,
    max_temperature: Option<f64>,
    watch: &Watch,
    control: &Control,
    ended: &Receiver<()>,
) {
    look(&mut *sensors, max_temperature, watch, control);
    let start = Instant::now();
    let seconds = |elapsed: Option<Duration>| elapsed.unwrap_or_else(|| start.elapsed()).as_secs();
    let (mut next, mut has_begun, mut goes_on) = (1, false, true);
    while goes_on {
        goes_on = ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout);
        let elapsed = control.elapsed();
        if elapsed.is_some() && !has_begun {
            (has_begun, next) = (true, 1);
        }
        if seconds(elapsed) < next {
            continue;
        }
        let mut reasons = watch.state().facts.reasons.clone();
        let reading = sensors.read(&mut reasons);
        if has_begun {
            put_down(&reading, watch, control);
        }
        heed(reading, reasons, watch, control);
        // What was missed while a sensor hung does not come at once.
        next = seconds(if has_begun { control.elapsed() } else { None }) + 1;
    }
}

/// Finds out which sensors there are, and what they say, before the first batch.
fn look(sensors: &mut dyn Sensors, max_temperature: Option<f64>, watch: &Watch, control: &Control) {
    let mut facts = Facts { source: sensors.source(), ..Facts::default() };
    let limits = sensors.limits(&mut facts.reasons);
    let mut reasons = facts.reasons.clone();
    let reading = sensors.read(&mut reasons);
    facts.slowdown_c = limits.slowdown_c;
    facts.power_limit_w = limits.power_w;
    facts.max_temperature_c = max_temperature.or(limits.slowdown_c.map(|limit| limit - MARGIN));
    watch.state().facts = facts;
    heed(reading, reasons, watch, control);
}

/// Stops what a reading says is to stop, whenever it is taken.
fn heed(reading: Reading, reasons: Reasons, watch: &Watch, control: &Control) {
    if let Some(reason) = &reading.lost {
        let elapsed = control.elapsed().unwrap_or_default();
        watch.lose(reason.clone(), elapsed.as_secs_f64());
    }
    let label = watch.label();
    let mut state = watch.state();
    let limit = state.facts.max_temperature_c;
    let heat = reading.temperature_c.zip(limit).filter(|(found, limit)| found >= limit);
    if let Some((found, limit)) = heat {
        let reason = format!("{label}: temperature of {found} °C, at or above {limit} °C");
        state.heat.get_or_insert(reason);
        control.stop_for_temperature();
    }
    (state.facts.reasons, state.reading) = (reasons, reading);
}

/// Adds a sample of the phase that it says something of.
fn put_down(reading: &Reading, watch: &Watch, control: &Control) {
    let phases = watch.state().phases.clone();
    let Some(last) = phases.last() else { return };
    let says_something = |phase: &&Arc<Phase>| phase.elapsed().is_some_and(|ran| ran >= LEAST);
    let phase = phases.iter().rfind(says_something).unwrap_or(last);
    // What has not begun is as little slow as what is over.
    let runs = Arc::ptr_eq(phase, last) && phase.elapsed().is_some();
    let throughput = phase.sample(runs);
    let errors = phases.iter().map(|phase| phase.wrong().count).sum();
    let sample = as_sample(phase.task, throughput, reading, errors, control);
    watch.state().samples.push(sample);
}

fn as_sample(
    task: Task,
    throughput: f64,
    reading: &Reading,
    errors: u64,
    control: &Control,
) -> Sample {
    let elapsed = control.elapsed().unwrap_or_default();
    Sample {
        time_s: crate::report::rounded(elapsed.as_secs_f64()),
        kernel: task.kernel,
        precision: task.precision,
        throughput,
        errors: errors.into(),
        temperature_c: reading.temperature_c,
        power_w: reading.power_w,
        clock_mhz: reading.clock_mhz,
        memory_clock_mhz: reading.memory_clock_mhz,
        utilisation_percent: reading.utilisation_percent,
        memory_used_bytes: reading.memory_used_bytes,
        ecc_errors: reading.ecc_errors,
        throttle: reading.throttle.clone(),
    }
}
