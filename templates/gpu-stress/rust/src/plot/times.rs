//! Owns the times below a plot, at steps that people count in.

use super::svg::Svg;
use super::{LEFT, WIDTH};

/// Seconds from one time to the next; after the last one it doubles.
const STEPS: [f64; 13] =
    [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0];
/// There are no more steps than this.
const MOST: f64 = 8.0;

impl Svg {
    /// The times up to the end.
    pub(super) fn times(&mut self, end: f64, height: f64) {
        let step = step(end / MOST);
        let (size, unit) = match step {
            _ if step < 60.0 => (1.0, "s"),
            _ if step < 3600.0 => (60.0, "min"),
            _ => (3600.0, "h"),
        };
        for k in (0..=u32::MAX).map(f64::from).take_while(|k| k * step <= end) {
            let (x, label) =
                (LEFT + WIDTH * (k * step) / end, format!("{} {unit}", k * step / size));
            self.text(x, height - 12.0, " text-anchor=\"middle\"", &label);
        }
    }
}

fn step(least: f64) -> f64 {
    let mut longest = STEPS[STEPS.len() - 1];
    if let Some(step) = STEPS.into_iter().find(|step| *step >= least) {
        return step;
    }
    while longest < least {
        longest *= 2.0;
    }
    longest
}
