//! Owns the way from what was watched to the report.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};

use crate::host::Host;
use crate::number::float;
use crate::phase::Phase;
use crate::report::{
    DeviceReport, KernelReport, Program, ReferenceReport, Report, ScoreReport, SensorReport,
    ThroughputReport, Verdict, rounded,
};
use crate::watch::Watch;

/// Makes the report of a run.
#[must_use]
pub fn assemble(
    command: &str,
    settings: Map<String, Value>,
    started: SystemTime,
    watches: &[&Watch],
    verdict: Verdict,
) -> Report {
    let spans = watches.iter().flat_map(|watch| watch.state().phases.clone());
    let spans: Vec<_> = spans.filter_map(|phase| phase.total().span).collect();
    let first = spans.iter().map(|span| span.0).min();
    let last = spans.iter().map(|span| span.1).max();
    let ran = first.zip(last).map(|(first, last)| last.duration_since(first));
    Report {
        version: 1,
        program: Program::this(),
        started: timestamp(started),
        duration_s: rounded(ran.unwrap_or_default().as_secs_f64()),
        host: Host::look(),
        command: command.into(),
        settings,
        devices: watches.iter().map(|watch| device(watch)).collect(),
        verdict,
    }
}

fn device(watch: &Watch) -> DeviceReport {
    let (device, state) = (watch.device.clone(), watch.state().clone());
    let facts = state.facts;
    let allocated = state.phases.iter().map(|phase| phase.allocated()).max();
    let notes = state.phases.iter().filter_map(|phase| untested(phase));
    DeviceReport {
        index: device.index.map(|index| index as u128),
        name: device.name,
        kind: device.kind,
        backend: device.backend,
        driver: device.driver,
        uuid: device.uuid,
        pci: device.pci,
        memory_bytes: device.memory_bytes.map(i128::from),
        allocated_bytes: allocated.unwrap_or(0).into(),
        notes: watch.notes.iter().cloned().chain(notes).collect(),
        sensors: SensorReport {
            source: facts.source,
            reasons: facts.reasons,
            slowdown_c: facts.slowdown_c,
            max_temperature_c: facts.max_temperature_c,
            power_limit_w: facts.power_limit_w,
        },
        kernels: state.phases.iter().map(|phase| kernel(phase)).collect(),
        samples: state.samples,
        selftest: state.score.map(ScoreReport::from),
    }
}

/// Says so where memory was not all written.
fn untested(phase: &Phase) -> Option<String> {
    let (written, allocated) = phase.written().filter(|(some, all)| some < all)?;
    let percent = written * 100 / allocated;
    Some(format!("memory: only {percent} % of the allocation was tested"))
}

fn kernel(phase: &Phase) -> KernelReport {
    let (total, throughput, wrong) = (phase.total(), phase.throughput(), phase.wrong());
    let task = phase.task;
    let ran = total.span.map(|(start, end)| end.duration_since(start)).unwrap_or_default();
    let unit = if task.kernel.counts_operations() { "operations/s" } else { "bytes/s" };
    KernelReport {
        kernel: task.kernel,
        precision: task.precision,
        batches: total.batches.into(),
        seconds: rounded(ran.as_secs_f64()),
        operations: total.operations,
        bytes: total.bytes,
        passes: phase.written().map(|(some, all)| float(some) / float(all.max(1))),
        throughput: ThroughputReport {
            unit: unit.into(),
            min: throughput.min,
            median: throughput.median,
            max: throughput.max,
        },
        errors: wrong.count.into(),
        first_addresses: wrong.addresses.into_iter().map(u128::from).collect(),
        reference: phase.reference().map(|reference| ReferenceReport {
            samples: reference.samples.into(),
            largest_error: reference.largest_error,
            tolerance: reference.tolerance,
        }),
    }
}

/// A time of RFC 3339 in UTC, to the second.
///
/// Source of the date: Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
#[must_use]
pub fn timestamp(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (days, rest) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    // Years begin in March there, so that a leap day is their last.
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}
