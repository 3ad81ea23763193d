//! Owns the numbers that every kernel starts from: the same counter-based generator as in the
//! shaders, so that host and device agree without a transfer.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled for wide vectors")]

/// The word with the number `counter` of the sequence `seed`.
///
/// The output permutation RXS-M-XS of PCG on a counter. Source: O'Neill, "PCG: A family of simple
/// fast space-efficient statistically good algorithms for random number generation", 2014.
#[must_use]
#[inline(always)]
pub const fn random(counter: u32, seed: u32) -> u32 {
    let state = counter.wrapping_mul(747_796_405).wrapping_add(seed);
    let word = ((state >> ((state >> 28) + 4)) ^ state).wrapping_mul(277_803_737);
    (word >> 22) ^ word
}

/// A start of `fma`: in steps of 1/1024 from 1 to 2, which every precision holds exactly.
#[must_use]
pub fn start(counter: u32, seed: u32) -> f64 {
    1.0 + f64::from(random(counter, seed) >> 22) / 1024.0
}

/// An element of `matmul`: in steps of 1/512 from -1 to 1, which every precision holds exactly.
#[must_use]
pub fn element(counter: u32, seed: u32) -> f64 {
    (f64::from(random(counter, seed) >> 22) - 512.0) / 512.0
}

/// What `memory` writes into the word `address`.
#[must_use]
#[inline(always)]
pub const fn pattern(pattern: Pattern, address: u32, seed: u32, inverted: u32) -> u32 {
    let word = match pattern {
        Pattern::Random => random(address, seed),
        Pattern::WalkingBit => 1 << (address.wrapping_add(seed) % 32),
        Pattern::Address => address,
    };
    word ^ inverted
}

/// What a memory is filled with, numbered as in `memory.wgsl`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pattern {
    /// Words of the generator.
    Random,
    /// One bit, in another place from word to word.
    WalkingBit,
    /// Each word's own address.
    Address,
}

impl Pattern {
    /// In the order in which they are written.
    pub const ALL: [Self; 3] = [Self::Random, Self::WalkingBit, Self::Address];
}

/// Which pattern a memory holds; passes follow each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Pass {
    /// What is written.
    pub pattern: Pattern,
    /// Of this sequence.
    pub seed: u32,
    /// All bits set for the complement, else none.
    pub inverted: u32,
}

impl Pass {
    /// The pass with this number: each pattern, then its complement; a new seed each round.
    #[must_use]
    pub fn new(number: u32, seed: u32) -> Self {
        let place = number % 6;
        Self {
            pattern: Pattern::ALL[(place / 2) as usize],
            seed: seed.wrapping_add(number / 6),
            inverted: if place.is_multiple_of(2) { 0 } else { u32::MAX },
        }
    }

    /// What the word `address` has to hold.
    #[must_use]
    pub const fn word(self, address: u32) -> u32 {
        pattern(self.pattern, address, self.seed, self.inverted)
    }
}
