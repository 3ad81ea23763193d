//! Owns standard output: results go there whole, or it is an error.

use std::io::{self, BufWriter, Write};

use anyhow::Result;
use kernel_calls::was_output_closed;

use my_project::Reason;

/// Why standard output did not take all.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum Unprinted {
    /// Whoever read it has seen enough.
    #[error("nobody reads standard output")]
    NobodyReads,
    /// It cannot be written to.
    #[error("standard output: {0}")]
    Failed(Reason),
}

impl From<io::Error> for Unprinted {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::NobodyReads,
            _ => Self::Failed(error.into()),
        }
    }
}

/// What the standard library has in the place of a standard output that is closed, with the error
/// that it leaves out.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(rustix::io::Errno::BADF.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Prints what `fill` writes.
pub(crate) fn print<F>(fill: F) -> Result<()>
where
    F: FnOnce(&mut BufWriter<Box<dyn Write>>) -> io::Result<()>,
{
    let out: Box<dyn Write> =
        if was_output_closed() { Box::new(Closed) } else { Box::new(io::stdout().lock()) };
    let mut out = BufWriter::new(out);
    let printed = fill(&mut out).and_then(|()| out.flush());
    // What is left of it could not be written either.
    drop(out.into_parts());
    Ok(printed.map_err(Unprinted::from)?)
}
