//! Owns the verdict: what a run comes to, with all that was found.

use signal_hook::consts::{SIGINT, SIGTERM};

use crate::Failure;
use crate::control::Control;
use crate::phase::Phase;
use crate::report::{ScoreReport, Status, Verdict};
use crate::watch::{Ended, Watch};

/// Throttle reasons that are a fault of the hardware, or of how it is cooled and fed.
const HARDWARE: [&str; 3] = ["hw_slowdown", "hw_thermal", "hw_power_brake"];

/// Judges a run; `min_throughput` is what each kernel's median is held to.
#[must_use]
pub fn judge(watches: &[&Watch], min_throughput: Option<f64>, control: &Control) -> Verdict {
    let mut reasons: Vec<_> =
        watches.iter().flat_map(|watch| faults(watch, min_throughput)).collect();
    let (mut status, mut exit_status) =
        if reasons.is_empty() { (Status::Held, 0) } else { (Status::Fault, 1) };
    let heat: Vec<_> = watches.iter().filter_map(|watch| watch.state().heat.clone()).collect();
    if !heat.is_empty() {
        (status, exit_status) = (Status::Hot, 4);
        reasons.extend(heat);
    }
    let signal = i32::try_from(control.signal()).unwrap_or_default();
    if let Some((name, code)) = signal_status(signal) {
        (status, exit_status) = (Status::Interrupted, code);
        reasons.push(format!("interrupted by {name}"));
    }
    Verdict { status, exit_status, reasons }
}

/// The name of a signal that interrupts, and its exit status.
#[must_use]
pub const fn signal_status(signal: i32) -> Option<(&'static str, u8)> {
    match signal {
        SIGINT => Some(("SIGINT", 130)),
        SIGTERM => Some(("SIGTERM", 143)),
        _ => None,
    }
}

/// All that was wrong with a device.
fn faults(watch: &Watch, min_throughput: Option<f64>) -> Vec<String> {
    let (state, label) = (watch.state(), watch.label());
    let mut faults = Vec::new();
    for phase in &state.phases {
        let said = |fault: String| format!("{label}, {}: {fault}", phase.task);
        faults.extend(of_phase(phase, min_throughput).into_iter().map(said));
    }
    let stops = state.failures.iter().map(|ended| told(&label, ended));
    faults.extend(stops);
    let throttled = |reason: &&str| {
        let has = |reasons: &Vec<String>| reasons.iter().any(|found| found == reason);
        state.samples.iter().filter_map(|sample| sample.throttle.as_ref()).any(has)
    };
    let throttled: Vec<_> = HARDWARE.into_iter().filter(throttled).collect();
    if !throttled.is_empty() {
        let named = throttled.join(", ");
        faults.push(format!("{label}: slowed down by hardware: {named}"));
    }
    if let Some(score) = state.score.filter(|score| !score.is_full()) {
        faults.push(format!("{label}: {}", told_score(score.into())));
    }
    faults
}

fn of_phase(phase: &Phase, min_throughput: Option<f64>) -> Vec<String> {
    let mut faults = Vec::new();
    let wrong = phase.total().wrong;
    if wrong.count > 0 {
        let words = if wrong.count == 1 { "word" } else { "words" };
        let first = wrong.addresses.first().copied().unwrap_or_default();
        faults.push(format!("{} wrong {words}, the first at {first}", wrong.count));
    }
    let median = phase.throughput().median;
    if let Some((median, least)) = median.zip(min_throughput).filter(|(found, least)| found < least)
    {
        let kernel = phase.task.kernel;
        let (median, least) = (kernel.show(median), kernel.show(least));
        faults.push(format!("median of {median}, below {least}"));
    }
    faults
}

fn told(label: &str, ended: &Ended) -> String {
    let Ended { failure, task, time_s } = ended;
    let place = task.map_or_else(|| label.into(), |task| format!("{label}, {task}"));
    match failure {
        Failure::Lost(why) => format!("{place}: lost after {time_s:.1} s: {why}"),
        _ => format!("{place}: {failure}"),
    }
}

/// A score in words.
#[must_use]
pub fn told_score(score: ScoreReport) -> String {
    let ScoreReport { flips, caught, rounds_without, false_alarms } = score;
    format!(
        "caught {caught} of {flips} flips; {false_alarms} false alarms in {rounds_without} rounds \
         without"
    )
}
