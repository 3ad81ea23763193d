//! Owns the selftest: bits are flipped to see that each is caught, and that none is invented.

use serde::{Deserialize, Serialize};

use crate::control::Control;
use crate::load::{LEAST_MEMORY, Load, Maker};
use crate::seed::Seeds;
use crate::{Failure, Kernel, Precision, Task};

/// The size of batches: enough that all of a kernel's way is gone.
const SIZE: u32 = 2;

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
        let mut load = maker.make(task, LEAST_MEMORY, seeds.seed())?;
        load.prepare(SIZE)?;
        for _ in 0..rounds {
            if control.is_stopped() {
                tell(score);
                return Err(Failure::Stopped);
            }
            score.flips += 1;
            score.caught += u64::from(is_caught(&mut *load, seeds.draw())?);
            score.rounds_without += 1;
            score.false_alarms += u64::from(is_false_alarm(&mut *load)?);
        }
        tell(score);
    }
    Ok(())
}

/// Whether a flip is counted as exactly one wrong word, at its place.
fn is_caught(load: &mut dyn Load, random: u64) -> Result<bool, Failure> {
    load.compute(SIZE)?;
    let place = load.flip(random)?;
    load.verify()?;
    let wrong = load.finish()?.wrong;
    // Back again, since a memory is looked at once more before it is written anew.
    load.flip(random)?;
    Ok(wrong.count == 1 && wrong.addresses == [place])
}

fn is_false_alarm(load: &mut dyn Load) -> Result<bool, Failure> {
    load.compute(SIZE)?;
    load.verify()?;
    Ok(load.finish()?.wrong.count > 0)
}
