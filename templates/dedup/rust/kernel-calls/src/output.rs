//! Owns the answer to whether standard output was closed when the program started.
//!
//! The standard library opens `/dev/null` in its place before `main`, so that it cannot be told
//! later.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

static WAS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Whether there was no standard output when the program started.
#[must_use]
pub fn was_output_closed() -> bool {
    WAS_CLOSED.load(Relaxed)
}

// SAFETY: the linker expects pointers to functions without arguments there, which run before the
// standard library is set up; this one needs nothing of it.
#[cfg(target_os = "linux")]
#[used]
#[unsafe(link_section = ".init_array")]
static LOOK: extern "C" fn() = look;

#[cfg(target_os = "linux")]
extern "C" fn look() {
    // SAFETY: it only asks for the flags of a descriptor, which may be closed.
    let flags = unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_GETFD) };
    WAS_CLOSED.store(flags == -1, Relaxed);
}
