//! Owns what a kernel is to the rest of the program, whatever device it runs on.

use crate::matrices::SMALLEST_SIDE;
use crate::reference::Reference;
use crate::{Failure, Precision, Task};

/// Words that were wrong.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Wrong {
    /// How many.
    pub count: u64,
    /// Where the first of them are, 16 at most.
    pub addresses: Vec<u64>,
}

/// Addresses that are told at most.
pub const ADDRESSES: usize = 16;

impl Wrong {
    /// Counts a wrong word.
    pub fn add(&mut self, address: u64) {
        self.count += 1;
        if self.addresses.len() < ADDRESSES {
            self.addresses.push(address);
        }
    }

    /// Counts what another found.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        let room = ADDRESSES - self.addresses.len();
        self.addresses.extend(other.addresses.iter().take(room));
    }

    /// Compares words, the first of which has this address.
    pub fn compare(&mut self, expected: &[u32], found: &[u32], offset: u64) {
        // Equal slices are told by one fast call, and they are the rule.
        if expected == found {
            return;
        }
        for (address, (expected, found)) in (offset..).zip(expected.iter().zip(found)) {
            if expected != found {
                self.add(address);
            }
        }
    }
}

/// What a batch did.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Done {
    /// Operations.
    pub operations: u64,
    /// Bytes written and read back.
    pub bytes: u64,
    /// Bytes of the allocation that were written to be read back.
    pub written: u64,
    /// What was not as it should be.
    pub wrong: Wrong,
}

/// A bit that is flipped to see whether it is found; the word says which one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flip {
    /// Of what a batch has computed or written, before it is verified.
    Fresh(u64),
    /// Of what a batch finds in memory and verifies before it is written anew; a fresh one where it
    /// finds nothing.
    Held(u64),
}

/// A kernel on a device, with its memory.
///
/// A batch is `start`, then `finish`; up to `depth` batches may be started before the first is
/// finished. `start` is made of `compute` and `verify`, for runs as well as for the selftest.
pub trait Load: Send {
    /// Holds the first result to the reference, unless the kernel needs none.
    ///
    /// # Errors
    ///
    /// A failure of the device; what is outside the tolerance is part of the reference.
    fn reference(&mut self) -> Result<Option<Reference>, Failure>;

    /// Makes the first result of batches of this size, which the following are compared with, where
    /// it depends on that.
    ///
    /// # Errors
    ///
    /// A failure of the device.
    fn prepare(&mut self, size: u32) -> Result<(), Failure>;

    /// Starts a batch of this size; returns the address of the word of which a bit was flipped.
    ///
    /// # Errors
    ///
    /// A failure of the device.
    fn start(&mut self, size: u32, flip: Option<Flip>) -> Result<Option<u64>, Failure> {
        let held = match flip {
            Some(Flip::Held(random)) => self.flip_held(size, random)?,
            _ => None,
        };
        self.compute(size)?;
        let Some(Flip::Fresh(random) | Flip::Held(random)) = flip.filter(|_| held.is_none()) else {
            self.verify()?;
            return Ok(held);
        };
        let place = self.flip(random)?;
        self.verify()?;
        // Back again, since a memory is looked at once more before it is written anew.
        self.flip(random)?;
        Ok(Some(place))
    }

    /// Waits for the oldest batch, and tells what it did.
    ///
    /// # Errors
    ///
    /// A failure of the device.
    fn finish(&mut self) -> Result<Done, Failure>;

    /// Computes or writes a batch of this size.
    ///
    /// # Errors
    ///
    /// A failure of the device.
    fn compute(&mut self, size: u32) -> Result<(), Failure>;

    /// Compares all that was computed last.
    ///
    /// # Errors
    ///
    /// A failure of the device.
    fn verify(&mut self) -> Result<(), Failure>;

    /// Flips a bit anywhere in what was computed last, or flips it back; returns the word's address.
    ///
    /// # Errors
    ///
    /// A failure of the device.
    fn flip(&mut self, random: u64) -> Result<u64, Failure>;

    /// Flips a bit anywhere in what a batch of this size would find; returns the word's address, or
    /// none where it would find nothing.
    ///
    /// # Errors
    ///
    /// A failure of the device.
    fn flip_held(&mut self, _size: u32, _random: u64) -> Result<Option<u64>, Failure> {
        Ok(None)
    }

    /// The largest size of a batch.
    fn most(&self) -> u32;

    /// Batches that are under way at a time.
    fn depth(&self) -> usize {
        1
    }

    /// Bytes of the device's memory that it holds.
    fn allocated(&self) -> u64;
}

/// Makes loads for one device.
pub trait Maker: Send + Sync {
    /// Makes the load of a task, with so many bytes of memory or less.
    ///
    /// # Errors
    ///
    /// [`Failure::Memory`] where that is too much, or another failure of the device.
    fn make(&self, task: Task, memory: u64, seed: u32) -> Result<Box<dyn Load>, Failure>;
}

/// The least memory of a device that is tried, for all its threads together.
pub const LEAST_MEMORY: u64 = 16 << 20;

/// The least memory that one of so many threads tries: its part of [`LEAST_MEMORY`], but as much as
/// the smallest product of matrices takes with its factors.
#[must_use]
pub fn least_memory(task: Task, threads: usize) -> u64 {
    let size = task.precision.map_or(4, Precision::size);
    (LEAST_MEMORY / threads.max(1) as u64).max(3 * size * u64::from(SMALLEST_SIDE).pow(2))
}

/// Makes a load with as much memory as there is: 5 % less, and again, down to the least.
///
/// # Errors
///
/// What [`Maker::make`] answers, if that is not for want of memory, or even the least is not there.
pub fn make_fitting(
    maker: &dyn Maker,
    task: Task,
    memory: u64,
    least: u64,
    seed: u32,
) -> Result<Box<dyn Load>, Failure> {
    let mut memory = memory.max(least);
    loop {
        match maker.make(task, memory, seed) {
            Err(Failure::Memory) if memory > least => {
                memory = (memory / 100 * 95).max(least);
            }
            result => return result,
        }
    }
}
