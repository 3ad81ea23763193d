//! Owns `memory` on a core.

#![expect(clippy::inline_always, reason = "only what is inlined is compiled for wide vectors")]

use pulp::Arch;

use super::fma::flip;
use super::reserve;
use crate::Failure;
use crate::load::{Done, Load};
use crate::random::{Pass, Pattern, pattern};
use crate::reference::Reference;

/// Words of a buffer.
const WORDS: u32 = 1 << 20;
/// Bytes of a buffer, of which a batch takes as many as fit its time.
const SIZE: u64 = 4 * WORDS as u64;
/// Words that are compared at a time, before it is asked which one is wrong.
const STEP: usize = 1024;

pub(super) struct Memory {
    seed: u32,
    arch: Arch,
    buffers: Vec<Vec<u32>>,
    /// The number of the pass that each buffer was filled in last.
    held: Vec<Option<u32>>,
    next: usize,
    /// Buffers that were written and not yet checked.
    fresh: Vec<usize>,
    done: Done,
}

impl Memory {
    pub(super) fn new(memory: u64, seed: u32) -> Result<Self, Failure> {
        let count = crate::number::size((memory / SIZE).max(1));
        reserve(count as u64 * SIZE)?;
        // The system gives a page when it is written to, so that this takes no time.
        let empty = || vec![0; crate::number::size(SIZE / 4)];
        Ok(Self {
            seed,
            arch: Arch::new(),
            buffers: (0..count).map(|_| empty()).collect(),
            held: vec![None; count],
            next: 0,
            fresh: Vec::new(),
            done: Done::default(),
        })
    }

    fn write(&mut self, at: usize) {
        let number = self.held[at].map_or(0, |number| number.wrapping_add(1));
        let (pass, first) = (Pass::new(number, self.seed), address(at, 0));
        let words = &mut self.buffers[at];
        self.arch.dispatch(|| fill(words, first, pass));
        self.held[at] = Some(number);
        self.done.bytes += SIZE;
    }

    fn check(&mut self, at: usize) {
        let pass = Pass::new(self.held[at].unwrap_or_default(), self.seed);
        for (number, words) in self.buffers[at].chunks(STEP).enumerate() {
            let (offset, first) = (number * STEP, address(at, number * STEP));
            if self.arch.dispatch(|| differs(words, first, pass)) {
                let expected = (0..).map(|i| pass.word(first.wrapping_add(i)));
                let expected: Vec<_> = expected.take(words.len()).collect();
                let offset = at as u64 * (SIZE / 4) + offset as u64;
                self.done.wrong.compare(&expected, words, offset);
            }
        }
        self.done.bytes += SIZE;
    }
}

/// The address of a word, which counts on from 0 after 2^32.
fn address(buffer: usize, word: usize) -> u32 {
    let address = buffer as u64 * (SIZE / 4) + word as u64;
    u32::try_from(address & u64::from(u32::MAX)).unwrap_or_default()
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
        for _ in 0..size {
            let at = self.next;
            self.next = (at + 1) % self.buffers.len();
            if self.held[at].is_some() {
                self.check(at);
            }
            self.write(at);
            if !self.fresh.contains(&at) {
                self.fresh.push(at);
            }
        }
        Ok(())
    }

    fn verify(&mut self) -> Result<(), Failure> {
        for at in std::mem::take(&mut self.fresh) {
            self.check(at);
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Done, Failure> {
        Ok(std::mem::take(&mut self.done))
    }

    fn flip(&mut self, random: u64) -> Result<u64, Failure> {
        let at = (self.next + self.buffers.len() - 1) % self.buffers.len();
        Ok(at as u64 * (SIZE / 4) + flip(&mut self.buffers[at], random))
    }

    fn most(&self) -> u32 {
        4096
    }

    fn allocated(&self) -> u64 {
        self.buffers.len() as u64 * SIZE
    }
}
