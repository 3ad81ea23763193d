//! Owns chance: which sequence a run starts from, and which places it looks at.

use std::hash::{BuildHasher, RandomState};

/// Words at random, other ones in each run.
#[derive(Clone, Debug)]
pub struct Seeds {
    state: RandomState,
    drawn: u64,
}

impl Seeds {
    /// Begins a sequence.
    #[must_use]
    pub fn new() -> Self {
        Self { state: RandomState::new(), drawn: 0 }
    }

    /// The next word.
    pub fn draw(&mut self) -> u64 {
        self.drawn += 1;
        self.state.hash_one(self.drawn)
    }

    /// The next seed of a kernel.
    pub fn seed(&mut self) -> u32 {
        u32::try_from(self.draw() >> 32).unwrap_or_default()
    }
}

impl Default for Seeds {
    fn default() -> Self {
        Self::new()
    }
}
