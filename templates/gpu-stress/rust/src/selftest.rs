//! Owns the selftest: bits are flipped to see that each is caught, and that none is invented.

use serde::{Deserialize, Serialize};

use crate::control::Control;
use crate::load::{Flip, Load, Maker};
use crate::seed::Seeds;
use crate::{Failure, Kernel, Precision, Task};

/// So little that rounds are quick, and several buffers and products all the same.
const MEMORY: u64 = 2 << 20;

/// The size of batches: several products, which are not as many as fit, several buffers, and enough
/// steps that starts are left behind.
const fn size(kernel: Kernel) -> u32 {
    match kernel {
        Kernel::Fma => 64,
        Kernel::Matmul => 2,
        Kernel::Memory => 3,
    }
}

/// How many flips were caught.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// Bits that were flipped.
    pub flips: u64,
    /// Flips that were counted as one wrong word, at the right place.
    pub caught: u64,
    /// Rounds without a flip.
    pub rounds_without: u64,
    /// Of these, the ones that counted wrong words.
    pub false_alarms: u64,
}

impl Score {
    /// Whether all were caught, and none invented.
    #[must_use]
    pub const fn is_full(self) -> bool {
        self.flips == self.caught && self.false_alarms == 0
    }
}

/// Flips so many bits of each kernel, one a round; `tell` is given the score after each kernel.
///
/// # Errors
///
/// [`Failure::Stopped`], or a failure of the device.
pub fn selftest(
    maker: &dyn Maker,
    rounds: u32,
    control: &Control,
    mut tell: impl FnMut(Score),
) -> Result<(), Failure> {
    let mut seeds = Seeds::new();
    let mut score = Score::default();
    for task in Task::all(&Kernel::ALL, &[Precision::F32]) {
        let mut load = maker.make(task, MEMORY, seeds.seed())?;
        let size = size(task.kernel);
        load.prepare(size)?;
        for round in 0..rounds {
            // One after the other, and then the other way round, so that each of two batches that
            // may be under way has its share of both.
            for flips in [round % 2 == 0, round % 2 != 0] {
                if control.is_stopped() {
                    tell(score);
                    return Err(Failure::Stopped);
                }
                if flips {
                    score.flips += 1;
                    score.caught += u64::from(is_caught(&mut *load, size, &mut seeds)?);
                } else {
                    score.rounds_without += 1;
                    score.false_alarms += u64::from(is_false_alarm(&mut *load, size)?);
                }
            }
        }
        tell(score);
    }
    Ok(())
}

/// Whether a flip is counted as exactly one wrong word, at its place.
fn is_caught(load: &mut dyn Load, size: u32, seeds: &mut Seeds) -> Result<bool, Failure> {
    let (kind, random) = (seeds.draw(), seeds.draw());
    let flip = if kind % 2 == 0 { Flip::Fresh(random) } else { Flip::Held(random) };
    let place = load.start(size, Some(flip))?;
    let wrong = load.finish()?.wrong;
    Ok(wrong.count == 1 && place == wrong.addresses.first().copied())
}

fn is_false_alarm(load: &mut dyn Load, size: u32) -> Result<bool, Failure> {
    load.start(size, None)?;
    Ok(load.finish()?.wrong.count > 0)
}
