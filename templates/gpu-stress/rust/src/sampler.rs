//! Owns sampling: once a second, by a thread of its own, throughput and sensors are put down.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::control::Control;
use crate::phase::Phase;
use crate::report::Sample;
use crate::sensors::{Reading, Sensors};
use crate::watch::{Facts, Watch};
use crate::{Failure, Task};

/// From one sample to the next.
const EACH: Duration = Duration::from_secs(1);
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

fn sample(
    mut sensors: Box<dyn Sensors>,
    max_temperature: Option<f64>,
    watch: &Watch,
    control: &Control,
    ended: &Receiver<()>,
) {
    look(&mut *sensors, max_temperature, watch);
    let mut next = None;
    while ended.recv_timeout(Duration::from_millis(20)) == Err(RecvTimeoutError::Timeout) {
        let has_begun = || watch.phase().is_some_and(|phase| phase.elapsed().is_some());
        match next {
            None if has_begun() => next = Some(Instant::now() + EACH),
            Some(time) if Instant::now() >= time => {
                take(&mut *sensors, watch, control);
                // What was missed while a sensor hung does not come at once.
                let missed = (time.elapsed().as_secs_f64() / EACH.as_secs_f64()).floor();
                next = Some(time + EACH.mul_f64(missed + 1.0));
            }
            _ => {}
        }
    }
}

/// Finds out which sensors there are, before the first batch.
fn look(sensors: &mut dyn Sensors, max_temperature: Option<f64>, watch: &Watch) {
    let mut facts = Facts { source: sensors.source(), ..Facts::default() };
    let limits = sensors.limits(&mut facts.reasons);
    let reading = sensors.read(&mut facts.reasons);
    facts.slowdown_c = limits.slowdown_c;
    facts.power_limit_w = limits.power_w;
    facts.max_temperature_c = max_temperature.or(limits.slowdown_c.map(|limit| limit - MARGIN));
    let mut state = watch.state();
    (state.facts, state.reading) = (facts, reading);
}

fn take(sensors: &mut dyn Sensors, watch: &Watch, control: &Control) {
    let (mut reasons, limit) = {
        let facts = &watch.state().facts;
        (facts.reasons.clone(), facts.max_temperature_c)
    };
    let reading = sensors.read(&mut reasons);
    let phases = watch.state().phases.clone();
    let Some(last) = phases.last() else { return };
    if let Some(reason) = &reading.lost {
        last.fail(Failure::Lost(reason.clone()));
    }
    let says_something = |phase: &&Arc<Phase>| phase.elapsed().is_some_and(|ran| ran >= LEAST);
    let phase = phases.iter().rfind(says_something).unwrap_or(last);
    let throughput = phase.sample(Arc::ptr_eq(phase, last));
    let errors = phases.iter().map(|phase| phase.wrong().count).sum();
    let sample = put_down(phase.task, throughput, &reading, errors, control);
    watch.state().samples.push(sample);
    let heat = reading.temperature_c.zip(limit).filter(|(found, limit)| found >= limit);
    if let Some((found, limit)) = heat {
        let label = watch.label();
        let reason = format!("{label}: temperature of {found} °C, at or above {limit} °C");
        control.stop_for_temperature(reason);
    }
    let mut state = watch.state();
    (state.facts.reasons, state.reading) = (reasons, reading);
}

fn put_down(
    task: Task,
    throughput: f64,
    reading: &Reading,
    errors: u64,
    control: &Control,
) -> Sample {
    Sample {
        time_s: crate::report::rounded(control.elapsed().as_secs_f64()),
        kernel: task.kernel,
        precision: task.precision,
        throughput,
        errors,
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
