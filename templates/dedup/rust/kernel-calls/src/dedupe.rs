//! Owns `FIDEDUPERANGE`, by which the kernel compares two files under a lock and lets them share
//! what is equal. See `ioctl_fideduperange(2)`.

use std::os::fd::AsFd;

use rustix::io::Errno;

/// What came of a range.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// This many bytes are shared now; at least one, at most as many as were asked for.
    Shared(u64),
    /// The bytes differ, and nothing was changed.
    Differs,
}

/// Lets `target` share the bytes of `source` from `offset` on, where both hold the same.
///
/// # Errors
///
/// What the kernel answers, such as [`Errno::OPNOTSUPP`] where a file system cannot.
#[cfg(target_os = "linux")]
pub fn dedupe_range(
    source: impl AsFd,
    target: impl AsFd,
    offset: u64,
    length: u64,
) -> Result<Outcome, Errno> {
    use rustix::ioctl::{Updater, ioctl, opcode};
    use std::os::fd::AsRawFd;

    /// `struct file_dedupe_range` of `linux/fs.h` with room for one target.
    #[repr(C)]
    struct Range {
        source_offset: u64,
        source_length: u64,
        target_count: u16,
        reserved: [u16; 3],
        target: i64,
        target_offset: u64,
        bytes_deduped: u64,
        status: i32,
        reserved_too: u32,
    }

    /// `FILE_DEDUPE_RANGE_DIFFERS`
    const DIFFERS: i32 = 1;
    /// The size in the number is that of the struct without its targets.
    const FIDEDUPERANGE: rustix::ioctl::Opcode = opcode::read_write::<[u64; 3]>(0x94, 54);

    let mut range = Range {
        source_offset: offset,
        source_length: length,
        target_count: 1,
        reserved: [0; 3],
        target: target.as_fd().as_raw_fd().into(),
        target_offset: offset,
        bytes_deduped: 0,
        status: 0,
        reserved_too: 0,
    };
    // SAFETY: the number is that of FIDEDUPERANGE, and `Range` has the layout that it reads and
    // writes, with as many targets as it says.
    unsafe { ioctl(source, Updater::<FIDEDUPERANGE, Range>::new(&mut range))? };
    match range.status {
        DIFFERS => Ok(Outcome::Differs),
        0 if range.bytes_deduped > 0 => Ok(Outcome::Shared(range.bytes_deduped)),
        0 => Err(Errno::INVAL),
        status => Err(Errno::from_raw_os_error(-status)),
    }
}

/// Says that it is not supported: only Linux has the call.
///
/// # Errors
///
/// Always [`Errno::OPNOTSUPP`].
#[cfg(not(target_os = "linux"))]
pub fn dedupe_range(_: impl AsFd, _: impl AsFd, _: u64, _: u64) -> Result<Outcome, Errno> {
    Err(Errno::OPNOTSUPP)
}
