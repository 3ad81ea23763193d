//! Owns what is read of a single file, and the digests of it.

use std::path::Path;

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Advice, SeekFrom, fadvise, seek};
use rustix::io::{Errno, pread};
use xxhash_rust::xxh3::{Xxh3, xxh3_128, xxh3_128_with_seed};

use crate::file::{Stamp, ensure_as_met, open_as_met};
use crate::{Progress, Reason};

/// What tells files apart: a BLAKE3, or a fast hash and zeros.
pub(crate) type Digest = [u8; 32];

/// Bytes of the first block, and of the last.
pub(crate) const BLOCK: usize = 4096;
/// Files that are larger have their last block looked at before they are read as a whole.
pub(crate) const LARGE: u64 = 64 * 1024;
/// Bytes that are read at a time.
pub(crate) const BUFFER: usize = 128 * 1024;

/// Digests the first block fast, or the whole of a file that has no more by BLAKE3.
pub(crate) fn first_block(name: &Path, met: &Stamp, buffer: &mut [u8]) -> Result<Digest, Reason> {
    let file = open_as_met(name, met)?;
    let length = length(met.size);
    let block = &mut buffer[..length];
    read_exactly(&file, block, 0)?;
    ensure_as_met(&file, met)?;
    Ok(if met.size <= BLOCK as u64 { blake3::hash(block).into() } else { fast(xxh3_128(block)) })
}

/// Adds the last block to the digest of the first.
pub(crate) fn last_block(
    name: &Path,
    met: &Stamp,
    first: &Digest,
    buffer: &mut [u8],
) -> Result<Digest, Reason> {
    let file = open_as_met(name, met)?;
    let block = &mut buffer[..BLOCK];
    read_exactly(&file, block, met.size - BLOCK as u64)?;
    ensure_as_met(&file, met)?;
    let seed = u64::from_le_bytes(*first.first_chunk().expect("a digest is longer"));
    let mut digest = *first;
    digest[8..24].copy_from_slice(&xxh3_128_with_seed(block, seed).to_le_bytes());
    Ok(digest)
}

/// A hash over the whole of a file.
pub(crate) trait Hash: Default {
    fn update(&mut self, bytes: &[u8]);
    fn finish(self) -> Digest;
}

impl Hash for blake3::Hasher {
    fn update(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }

    fn finish(self) -> Digest {
        self.finalize().into()
    }
}

impl Hash for Xxh3 {
    fn update(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }

    fn finish(self) -> Digest {
        fast(self.digest128())
    }
}

/// Digests the whole of a file.
pub(crate) fn whole<H: Hash>(
    name: &Path,
    met: &Stamp,
    buffer: &mut [u8],
    progress: &Progress,
) -> Result<Digest, Reason> {
    let file = open_as_met(name, met)?;
    announce(&file, met.size);
    let mut hash = H::default();
    let (mut at, mut hole) = (0, 0);
    while at < met.size {
        let step = usize::try_from(met.size - at).unwrap_or(usize::MAX).min(buffer.len());
        let block = &mut buffer[..step];
        let end = at + step as u64;
        // In a hole the zeros of the block before serve once more.
        if end > hole {
            read_exactly(&file, block, at)?;
            hole = if is_zero(block) { data(&file, end, met.size) } else { 0 };
        }
        hash.update(block);
        at = end;
        progress.add_bytes(step as u64);
        if progress.signal() != 0 {
            // What comes of it is thrown away.
            return Err(Reason::Changed);
        }
    }
    ensure_as_met(&file, met)?;
    Ok(hash.finish())
}

/// Tells the system that a large file is read from start to end, so that it reads further ahead.
pub(crate) fn announce(file: &OwnedFd, size: u64) {
    if size > LARGE {
        // Advice that is not taken changes nothing but the time.
        let _ = fadvise(file, 0, None, Advice::Sequential);
    }
}

pub(crate) fn is_zero(block: &[u8]) -> bool {
    block.iter().all(|byte| *byte == 0)
}

/// Where, from `at` on, a file of that size holds something else than a hole; where that cannot be
/// told, `at` itself.
pub(crate) fn data(file: impl AsFd, at: u64, size: u64) -> u64 {
    match seek(file, SeekFrom::Data(at)) {
        Ok(start) => start.min(size),
        Err(Errno::NXIO) => size,
        Err(_) => at,
    }
}

/// Fills the buffer with the bytes from `at` on; a file that has fewer has changed.
pub(crate) fn read_exactly(
    file: impl AsFd,
    mut buffer: &mut [u8],
    mut at: u64,
) -> Result<(), Reason> {
    while !buffer.is_empty() {
        match pread(&file, &mut *buffer, at) {
            Ok(0) => return Err(Reason::Changed),
            Ok(count) => {
                buffer = &mut buffer[count..];
                at += count as u64;
            }
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn length(size: u64) -> usize {
    usize::try_from(size).unwrap_or(BLOCK).min(BLOCK)
}

fn fast(hash: u128) -> Digest {
    let mut digest = [0; 32];
    digest[..16].copy_from_slice(&hash.to_le_bytes());
    digest
}
