//! Owns how a memory is divided into buffers, and whose turn it is to be written and checked.

use crate::number::size as length;

/// Bytes of a buffer at least.
const LEAST: u64 = 1 << 16;
/// What the size of a buffer is a multiple of.
const UNIT: u64 = 1 << 12;

/// Bytes of the buffers that a memory is divided into, but for a smaller last one: a power of two,
/// small enough that a batch of one is short, and that several are there even where memory is
/// little.
#[must_use]
pub fn buffer_size(memory: u64, largest: u64) -> u64 {
    let wanted = (memory / 256).max((memory / 8).min(1 << 20));
    1 << wanted.min(largest).max(LEAST).ilog2()
}

/// The sizes of buffers that fill a memory, all of this size but for the last one, which is a
/// multiple of `unit`; there is one at least.
pub fn buffer_sizes(memory: u64, size: u64, unit: u64) -> impl Iterator<Item = u64> {
    let (count, rest) = (memory / size, memory % size / unit * unit);
    let last = if count == 0 { size } else { rest };
    (0..count).map(move |_| size).chain((last > 0).then_some(last))
}

/// The buffers of a memory, which take turns.
#[derive(Clone, Debug)]
pub struct Ring {
    /// Words of each.
    words: Vec<u64>,
    /// The number of the pass that each was filled in last.
    held: Vec<Option<u32>>,
    next: usize,
    /// Those that the last batch has written.
    batch: Vec<usize>,
}

/// The turn of a buffer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Turn {
    /// The number of the buffer.
    pub buffer: usize,
    /// The number of the pass that it holds.
    pub held: Option<u32>,
    /// The number of the pass that it is to hold from now on.
    pub pass: u32,
}

/// A word of a buffer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Spot {
    /// The number of the buffer.
    pub buffer: usize,
    /// The number of the word in it.
    pub word: u64,
}

impl Ring {
    /// Divides a memory into buffers, none of which is larger than `largest` bytes.
    #[must_use]
    pub fn new(memory: u64, largest: u64) -> Self {
        let sizes = buffer_sizes(memory, buffer_size(memory, largest), UNIT);
        let words: Vec<_> = sizes.map(|size| size / 4).collect();
        Self { held: vec![None; words.len()], words, next: 0, batch: Vec::new() }
    }

    /// Words of each buffer.
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// Bytes of all buffers.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        4 * self.words.iter().sum::<u64>()
    }

    /// The address of a word in the memory.
    #[must_use]
    pub fn address(&self, spot: Spot) -> u64 {
        // All but the last one are as large as the first.
        spot.buffer as u64 * self.words[0] + spot.word
    }

    /// Begins a batch.
    pub fn begin(&mut self) {
        self.batch.clear();
    }

    /// The next turn of the batch.
    pub fn turn(&mut self) -> Turn {
        let buffer = self.next;
        self.next = (buffer + 1) % self.words.len();
        let held = self.held[buffer];
        let pass = held.map_or(0, |pass| pass.wrapping_add(1));
        self.held[buffer] = Some(pass);
        if !self.batch.contains(&buffer) {
            self.batch.push(buffer);
        }
        Turn { buffer, held, pass }
    }

    /// The buffers that the batch has written, and the pass that each holds.
    pub fn written(&self) -> impl Iterator<Item = (usize, u32)> {
        self.batch.iter().map(|&buffer| (buffer, self.held[buffer].unwrap_or_default()))
    }

    /// A word of what the batch has written.
    #[must_use]
    pub fn fresh_spot(&self, random: u64) -> Option<Spot> {
        self.spot(&self.batch, random)
    }

    /// A word of what a batch of so many buffers would find.
    #[must_use]
    pub fn held_spot(&self, size: u32, random: u64) -> Option<Spot> {
        let all = (0..self.words.len()).cycle().skip(self.next);
        let found = all.take(length(size.into()).min(self.words.len()));
        let found: Vec<_> = found.filter(|&buffer| self.held[buffer].is_some()).collect();
        self.spot(&found, random)
    }

    fn spot(&self, buffers: &[usize], random: u64) -> Option<Spot> {
        let total: u64 = buffers.iter().map(|&buffer| self.words[buffer]).sum();
        let mut word = (random >> 8).checked_rem(total)?;
        for &buffer in buffers {
            if word < self.words[buffer] {
                return Some(Spot { buffer, word });
            }
            word -= self.words[buffer];
        }
        None
    }
}
