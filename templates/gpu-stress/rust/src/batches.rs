//! Owns the size of batches: large enough to count, small enough to stop soon.

use std::time::{Duration, Instant};

use crate::Failure;
use crate::control::Control;
use crate::load::Load;
use crate::meter::Meter;
use crate::number::whole32;
use crate::phase::{Arrival, Phase};

/// A batch takes no less.
const SHORTEST: Duration = Duration::from_millis(50);
/// A batch takes no more.
const LONGEST: Duration = Duration::from_millis(100);
/// What is aimed at.
const WANTED: f64 = 0.075;
/// Batches in a row that leave the range before the size changes, since one may have been disturbed.
const PATIENCE: u32 = 3;

/// The size with which a batch takes as long as is wanted, if one of this size took so long.
#[must_use]
pub fn fitting(size: u32, took: Duration, most: u32) -> u32 {
    // What took hardly any time says little, so that the step to the next size is limited.
    let factor = (WANTED / took.as_secs_f64().max(1e-6)).min(16.0);
    whole32((f64::from(size) * factor).round()).clamp(1, most)
}

/// Runs a batch that does not count, but for what it finds; returns how long it took.
fn warm_up(load: &mut dyn Load, size: u32, meter: &Meter) -> Result<Duration, Failure> {
    let start = Instant::now();
    load.start(size, None)?;
    let done = load.finish()?;
    meter.warm_up(&done);
    Ok(start.elapsed())
}

/// Finds the size of batches, and makes the device warm by it.
///
/// # Errors
///
/// [`Failure::Stopped`], or a failure of the device.
pub fn calibrate(load: &mut dyn Load, meter: &Meter, control: &Control) -> Result<u32, Failure> {
    let most = load.most();
    let mut size = 1;
    loop {
        if control.is_stopped() {
            return Err(Failure::Stopped);
        }
        load.prepare(size)?;
        let took = warm_up(load, size, meter)?;
        let next = fitting(size, took, most);
        // A size that grows by less was measured with one that is close to it.
        if took >= SHORTEST || next <= size.saturating_add(size / 4) {
            return Ok(next);
        }
        size = next;
    }
}

/// Makes a load ready, and goes on until all of the device are, so that each finds it as busy as it
/// will be. Returns the size of batches.
fn begin(
    load: &mut dyn Load,
    phase: &Phase,
    meter: &Meter,
    arrival: Arrival<'_>,
    control: &Control,
) -> Result<u32, Failure> {
    let size = calibrate(load, meter, control)?;
    load.prepare(size)?;
    drop(arrival);
    while !phase.is_complete() && !control.is_stopped() && phase.failure().is_none() {
        warm_up(load, size, meter)?;
    }
    control.begin();
    phase.begin();
    Ok(size)
}

/// Runs batches until the phase is over, and counts those that are finished and verified. Threads
/// begin together.
///
/// # Errors
///
/// [`Failure::Stopped`] if nothing was run, or a failure of the device.
pub fn run(
    load: &mut dyn Load,
    phase: &Phase,
    meter: &Meter,
    arrival: Arrival<'_>,
    control: &Control,
) -> Result<(), Failure> {
    let mut size = begin(load, phase, meter, arrival, control)?;
    let (mut under_way, mut outside, mut wanted) = (0, 0, size);
    let (mut last, mut has_run) = (Instant::now(), false);
    loop {
        // However short the time is, each thread runs a batch: what has not run has not held.
        let is_due = has_run && phase.is_over();
        let goes_on = !is_due && !control.is_stopped() && phase.failure().is_none();
        while goes_on && wanted == size && under_way < load.depth() {
            load.start(size, None)?;
            (under_way, has_run) = (under_way + 1, true);
        }
        if under_way > 0 {
            let done = load.finish()?;
            under_way -= 1;
            let took = last.elapsed();
            last = Instant::now();
            meter.add(&done, took);
            outside = if (SHORTEST..=LONGEST).contains(&took) { 0 } else { outside + 1 };
            let next = fitting(size, took, load.most());
            if outside >= PATIENCE && next.abs_diff(size) > size / 8 {
                (wanted, outside) = (next, 0);
            }
        } else if goes_on {
            size = wanted;
            load.prepare(size)?;
            last = Instant::now();
        } else {
            return Ok(());
        }
    }
}
