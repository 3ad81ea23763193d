//! Owns leases: whoever opens a leased file for writing waits until its holder is done.

use std::os::fd::AsFd;

use rustix::io::Errno;

/// Takes a read lease on an open file, which lasts until that is closed.
///
/// Whoever opens the file for writing meanwhile waits, and this process gets a `SIGIO`, whose
/// default action would end it. See `F_SETLEASE` in `fcntl(2)`.
///
/// # Errors
///
/// What the kernel answers: [`Errno::AGAIN`] where the file is open for writing already.
#[cfg(target_os = "linux")]
pub fn lease(file: impl AsFd) -> Result<(), Errno> {
    use std::os::fd::AsRawFd;

    // SAFETY: the descriptor is open for as long as it is lent, and the argument is a number.
    let answer = unsafe { libc::fcntl(file.as_fd().as_raw_fd(), libc::F_SETLEASE, libc::F_RDLCK) };
    if answer == 0 { Ok(()) } else { Err(last_error()) }
}

#[cfg(target_os = "linux")]
fn last_error() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}

/// Says that it is not supported: only Linux has leases.
///
/// # Errors
///
/// Always [`Errno::OPNOTSUPP`].
#[cfg(not(target_os = "linux"))]
pub fn lease(_: impl AsFd) -> Result<(), Errno> {
    Err(Errno::OPNOTSUPP)
}
