//! Owns the line that says what a device does at a moment.

use std::time::Duration;

use my_project::phase::Phase;
use my_project::sensors::Reading;
use my_project::watch::Watch;

/// What a device does, in the order of importance.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    /// The number of its task.
    pub(crate) phase: usize,
    /// What there is to say.
    pub(crate) fields: Vec<String>,
}

/// What a device does now, once it does something.
pub(crate) fn moment(watch: &Watch) -> Option<Moment> {
    let (phases, reading, power_limit, to_come) = {
        let state = watch.state();
        (state.phases.clone(), state.reading.clone(), state.facts.power_limit_w, state.to_come)
    };
    let phase = phases.last()?;
    let errors: u64 = phases.iter().map(|phase| phase.wrong().count).sum();
    let mut fields = vec![watch.label(), phase.task.to_string()];
    fields.extend(throughput(phase));
    let noun = if errors == 1 { "error" } else { "errors" };
    fields.push(format!("{errors} {noun}"));
    fields.extend(readings(&reading, power_limit));
    fields.push(left(phase, to_come));
    Some(Moment { phase: phases.len(), fields })
}

fn throughput(phase: &Phase) -> Vec<String> {
    let kernel = phase.task.kernel;
    let Some(average) = phase.average() else { return vec!["warming up".into()] };
    let now = phase.last_sample().unwrap_or(average);
    // The unit once: what is measured of the device shall fit 80 columns too.
    let (unit, size) = kernel.unit(now);
    vec![format!("{:.2} {unit}", now / size), format!("avg {:.2}", average / size)]
}

fn readings(reading: &Reading, power_limit: Option<f64>) -> Vec<String> {
    let limit = power_limit.map(|limit| format!("/{limit:.0}")).unwrap_or_default();
    let throttle = reading.throttle.iter().flatten().filter(|reason| *reason != "gpu_idle");
    let throttle: Vec<_> = throttle.cloned().collect();
    let fields = [
        reading.temperature_c.map(|celsius| format!("{celsius:.0} °C")),
        reading.power_w.map(|watts| format!("{watts:.0}{limit} W")),
        reading.clock_mhz.map(|clock| format!("{clock:.0} MHz")),
        reading.utilisation_percent.map(|percent| format!("{percent:.0} %")),
        (!throttle.is_empty()).then(|| throttle.join(",")),
    ];
    fields.into_iter().flatten().collect()
}

/// Of this task and those to come, without what warms them up.
fn left(phase: &Phase, to_come: u32) -> String {
    let left = phase.share.saturating_sub(phase.elapsed().unwrap_or_default());
    format!("{} left", show(left + phase.share * to_come))
}

/// Time for people, rounded up to seconds.
fn show(time: Duration) -> String {
    let seconds = time.as_millis().div_ceil(1000);
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes}:{seconds:02}"),
        (hours, minutes, seconds) => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// As many fields as fit a width; one less than the terminal has, so that no line wraps.
pub(crate) fn fitting(fields: &[String], width: usize) -> String {
    let mut line = String::new();
    for field in fields {
        let separator = if line.is_empty() { "" } else { "  " };
        let taken =
            [&line, separator, field].iter().map(|text| text.chars().count()).sum::<usize>();
        if taken >= width {
            break;
        }
        line += separator;
        line += field;
    }
    line
}
