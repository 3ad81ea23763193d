//! Owns `memory` on a core.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled for wide vectors")]

use pulp::Arch;

use super::fma::flip;
use super::zeros;
use crate::Failure;
use crate::buffers::{Ring, Spot};
use crate::load::{Done, Load};
use crate::number::size as length;
use crate::random::{Pass, Pattern, pattern};
use crate::reference::Reference;

/// Words of a buffer at most.
const WORDS: u32 = 1 << 20;
/// Bytes of it.
const LARGEST: u64 = 4 * WORDS as u64;
/// Words that are compared at a time, before it is asked which one is wrong.
const STEP: usize = 1024;

pub(super) struct Memory {
    seed: u32,
    arch: Arch,
    ring: Ring,
    buffers: Vec<Vec<u32>>,
    done: Done,
}

impl Memory {
    pub(super) fn new(memory: u64, seed: u32) -> Result<Self, Failure> {
        let ring = Ring::new(memory, LARGEST);
        let buffers = ring.words().iter().map(|&words| zeros(length(words)));
        let buffers = buffers.collect::<Result<_, _>>()?;
        Ok(Self { seed, arch: Arch::new(), ring, buffers, done: Done::default() })
    }

    /// The address of a word, and the same as patterns have it: from 0 on again after 2^32.
    fn address(&self, buffer: usize, word: usize) -> (u64, u32) {
        let address = self.ring.address(Spot { buffer, word: word as u64 });
        (address, u32::try_from(address & u64::from(u32::MAX)).unwrap_or_default())
    }

    fn write(&mut self, at: usize, pass: u32) {
        let (pass, (_, first)) = (Pass::new(pass, self.seed), self.address(at, 0));
        let words = &mut self.buffers[at];
        self.arch.dispatch(|| fill(words, first, pass));
        let size = size_of_val(&words[..]) as u64;
        self.done.bytes += size;
        self.done.written += size;
    }

    fn check(&mut self, at: usize, pass: u32) {
        let pass = Pass::new(pass, self.seed);
        for (number, words) in self.buffers[at].chunks(STEP).enumerate() {
            let (address, first) = self.address(at, number * STEP);
            if self.arch.dispatch(|| differs(words, first, pass)) {
                let expected = (0..).map(|i| pass.word(first.wrapping_add(i)));
                let expected: Vec<_> = expected.take(words.len()).collect();
                self.done.wrong.compare(&expected, words, address);
            }
        }
        self.done.bytes += size_of_val(&self.buffers[at][..]) as u64;
    }

    fn flip_at(&mut self, spot: Spot, random: u64) -> u64 {
        flip(&mut self.buffers[spot.buffer], spot.word, random);
        self.ring.address(spot)
    }
}

/// One loop for each pattern, as the compiler makes vectors only of a loop without choices.
#[inline(always)]
fn fill(words: &mut [u32], first: u32, pass: Pass) {
    let Pass { seed, inverted, .. } = pass;
    let words = words.iter_mut().zip(0..WORDS);
    match pass.pattern {
        Pattern::Random => words.for_each(|(word, i)| {
            *word = pattern(Pattern::Random, first.wrapping_add(i), seed, inverted);
        }),
        Pattern::WalkingBit => words.for_each(|(word, i)| {
            *word = pattern(Pattern::WalkingBit, first.wrapping_add(i), seed, inverted);
        }),
        Pattern::Address => words.for_each(|(word, i)| {
            *word = pattern(Pattern::Address, first.wrapping_add(i), seed, inverted);
        }),
    }
}

/// Whether any of the words is not what the pass has written.
#[inline(always)]
fn differs(words: &[u32], first: u32, pass: Pass) -> bool {
    let Pass { seed, inverted, .. } = pass;
    let words = words.iter().zip(0..WORDS);
    let difference = match pass.pattern {
        Pattern::Random => words.fold(0, |all, (word, i)| {
            all | (word ^ pattern(Pattern::Random, first.wrapping_add(i), seed, inverted))
        }),
        Pattern::WalkingBit => words.fold(0, |all, (word, i)| {
            all | (word ^ pattern(Pattern::WalkingBit, first.wrapping_add(i), seed, inverted))
        }),
        Pattern::Address => words.fold(0, |all, (word, i)| {
            all | (word ^ pattern(Pattern::Address, first.wrapping_add(i), seed, inverted))
        }),
    };
    difference != 0
}

impl Load for Memory {
    fn reference(&mut self) -> Result<Option<Reference>, Failure> {
        Ok(None)
    }

    fn prepare(&mut self, _: u32) -> Result<(), Failure> {
        Ok(())
    }

    /// Whatever a buffer holds from a batch before is checked once more, since by now all others
    /// were written.
    fn compute(&mut self, size: u32) -> Result<(), Failure> {
        self.ring.begin();
        for _ in 0..size {
            let turn = self.ring.turn();
            if let Some(pass) = turn.held {
                self.check(turn.buffer, pass);
            }
            self.write(turn.buffer, turn.pass);
        }
        Ok(())
    }

    fn verify(&mut self) -> Result<(), Failure> {
        let written: Vec<_> = self.ring.written().collect();
        for (at, pass) in written {
            self.check(at, pass);
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Done, Failure> {
        Ok(std::mem::take(&mut self.done))
    }

    fn flip(&mut self, random: u64) -> Result<u64, Failure> {
        let nothing = || Failure::Driver("nothing was written that could be spoilt".into());
        let spot = self.ring.fresh_spot(random).ok_or_else(nothing)?;
        Ok(self.flip_at(spot, random))
    }

    fn flip_held(&mut self, size: u32, random: u64) -> Result<Option<u64>, Failure> {
        let spot = self.ring.held_spot(size, random);
        Ok(spot.map(|spot| self.flip_at(spot, random)))
    }

    fn most(&self) -> u32 {
        4096
    }

    fn allocated(&self) -> u64 {
        self.ring.bytes()
    }
}
