//! Owns the errors: what ends the program before its work is done.

use std::path::PathBuf;

use crate::{Reason, escape};

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A line of a plan is not what a safe plan says.
    #[error("{}: line {line}: {fault}", escape(path))]
    Plan {
        /// The plan.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        fault: PlanFault,
    },
    /// A plan cannot be read.
    #[error("{}: {reason}", escape(path))]
    UnreadablePlan {
        /// The plan.
        path: PathBuf,
        /// Why it cannot.
        reason: Reason,
    },
    /// A journal tells of the actions of another plan.
    #[error("{}: belongs to another plan", escape(path))]
    OtherPlan {
        /// The journal.
        path: PathBuf,
    },
    /// A line of a journal is none.
    #[error("{}: line {line}: not a line of a journal", escape(path))]
    Journal {
        /// The journal.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// A second run carries out the same plan.
    #[error("{}: in use", escape(path))]
    InUse {
        /// The journal.
        path: PathBuf,
    },
    /// A file of the program's own cannot be read or written.
    #[error("{}: {reason}", escape(path))]
    File {
        /// The file.
        path: PathBuf,
        /// Why it cannot.
        reason: Reason,
    },
    /// No thread can be started.
    #[error("no thread can be started")]
    Threads,
    /// A folder of references cannot be looked at, so that nothing would be known of its files.
    #[error("{}: {reason}", escape(path))]
    Reference {
        /// The folder.
        path: PathBuf,
        /// Why it cannot.
        reason: Reason,
    },
    /// A signal asked for an end.
    #[error("stopped by a signal")]
    Stopped {
        /// The number of the signal.
        signal: u8,
    },
}

/// What makes a line of a plan unsafe, or no line of a plan.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PlanFault {
    /// It is no JSON of a plan.
    #[error("not a line of a plan")]
    NotALine,
    /// It was written by a program that speaks another form.
    #[error("another version")]
    Version,
    /// Nothing would be kept.
    #[error("a group without a file to keep")]
    NoKeeper,
    /// Nothing would be done.
    #[error("a group without victims")]
    NoVictims,
    /// A name does not start at the root of the file system.
    #[error("a path that is not absolute")]
    NotAbsolute,
    /// A name goes up, stays, or holds a NUL.
    #[error("a path that is not plain")]
    NotPlain,
    /// A name is below none of the roots.
    #[error("a path outside of the roots")]
    Outside,
    /// The file to keep would be acted on.
    #[error("a victim is the file to keep")]
    KeeperIsVictim,
    /// A victim stands in the plan a second time.
    #[error("a victim stands twice")]
    Twice,
    /// The end counts other groups or victims than there are.
    #[error("the end counts otherwise")]
    Count,
    /// The plan was cut off.
    #[error("the end is missing")]
    NoEnd,
    /// A file to keep is a victim in another group.
    #[error("the file to keep is a victim elsewhere")]
    VictimElsewhere,
}
