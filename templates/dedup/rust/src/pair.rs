//! Owns the second look: keeper and victim, open, as planned and compared, right before one of them
//! goes.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use crate::file::{Identity, Stamp, Time};
use crate::system::{Found, System};
use crate::{Action, Halt, Obstacle};

/// Bytes that are compared at a time.
const STEP: usize = 128 * 1024;

const CHANGED: Halt = Halt::LeftAlone(Obstacle::Changed);

/// A file to be kept or acted on, by one of its names, in the state it has to be in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Side<'a> {
    pub(crate) name: &'a Path,
    pub(crate) stamp: Stamp,
}

/// Both files, open, as planned, and compared.
pub(crate) struct Pair<'a, S> {
    pub(crate) system: &'a S,
    pub(crate) keeper: Side<'a>,
    pub(crate) victim: Side<'a>,
    pub(crate) keeper_file: OwnedFd,
    pub(crate) victim_file: OwnedFd,
}

impl<'a, S: System> Pair<'a, S> {
    pub(crate) fn open(system: &'a S, keeper: Side<'a>, victim: Side<'a>) -> Result<Self, Halt> {
        let (keeper_file, keeper_stamp) = open_regular(system, keeper.name)?;
        let (victim_file, victim_stamp) = open_regular(system, victim.name)?;
        if keeper_stamp.identity == victim_stamp.identity {
            return Err(Halt::LeftAlone(Obstacle::SameFile));
        }
        if keeper_stamp != keeper.stamp || victim_stamp != victim.stamp {
            return Err(CHANGED);
        }
        Ok(Self { system, keeper, victim, keeper_file, victim_file })
    }

    /// Compares all bytes of both, and makes sure that neither was written to meanwhile.
    pub(crate) fn compare(&self) -> Result<(), Halt> {
        let mut buffers = [vec![0; STEP], vec![0; STEP]];
        let [ours, theirs] = &mut buffers;
        let mut at = 0;
        while at < self.victim.stamp.size {
            let left = usize::try_from(self.victim.stamp.size - at).unwrap_or(STEP);
            let step = left.min(STEP);
            self.read(&self.keeper_file, &mut ours[..step], at)?;
            self.read(&self.victim_file, &mut theirs[..step], at)?;
            if ours[..step] != theirs[..step] {
                return Err(Halt::LeftAlone(Obstacle::Differs));
            }
            at += step as u64;
        }
        self.ensure_unwritten()
    }

    fn read(&self, file: &OwnedFd, mut buffer: &mut [u8], mut at: u64) -> Result<(), Halt> {
        while !buffer.is_empty() {
            let count = self.system.read(file.as_fd(), buffer, at)?;
            if count == 0 {
                return Err(CHANGED);
            }
            buffer = &mut buffer[count..];
            at += count as u64;
        }
        Ok(())
    }

    /// The descriptors tell, whatever became of the names. A change of names changes the ctime.
    fn ensure_unwritten(&self) -> Result<(), Halt> {
        let is_unwritten = |(file, side)| self.changed(file, side).is_some();
        if self.sides().into_iter().all(is_unwritten) { Ok(()) } else { Err(CHANGED) }
    }

    pub(crate) fn sides(&self) -> [(&OwnedFd, Side<'a>); 2] {
        [(&self.keeper_file, self.keeper), (&self.victim_file, self.victim)]
    }

    /// The ctime of an open file, unless it was written to.
    pub(crate) fn changed(&self, file: &OwnedFd, side: Side<'_>) -> Option<Time> {
        match self.system.state(file.as_fd()) {
            Ok(Found::File(stamp)) if is_unwritten(&stamp, &side.stamp) => Some(stamp.changed),
            _ => None,
        }
    }

    /// Makes sure that `name` stands for the victim that was compared, and that the keeper is
    /// still where it has to be, and that neither was written to.
    ///
    /// The keeper comes last, since right after this the victim goes.
    pub(crate) fn ensure_goes(&self, name: &Path) -> Result<(), Halt> {
        for side in [Side { name, ..self.victim }, self.keeper] {
            match self.system.look(side.name) {
                Ok(Found::File(stamp)) if is_unwritten(&stamp, &side.stamp) => {}
                _ => return Err(CHANGED),
            }
        }
        Ok(())
    }
}

fn open_regular<S: System>(system: &S, name: &Path) -> Result<(OwnedFd, Stamp), Halt> {
    let file = system.open(name).map_err(Halt::of_opening)?;
    match system.state(file.as_fd())? {
        Found::File(stamp) => Ok((file, stamp)),
        _ => Err(Halt::LeftAlone(Obstacle::NotRegular)),
    }
}

/// Whether a name stands for what the action puts in the place of a victim.
pub(crate) fn is_link_to<S: System>(
    system: &S,
    action: Action,
    keeper: Side<'_>,
    name: &Path,
) -> bool {
    match action {
        Action::Hardlink => identity(system, name) == Some(keeper.stamp.identity),
        Action::Symlink => {
            system.look(name).is_ok_and(|found| found == Found::Link)
                && system.target(name).is_ok_and(|target| target == keeper.name)
        }
        Action::Reflink | Action::Trash | Action::Delete => false,
    }
}

/// The file that a name stands for, if it is a regular one.
pub(crate) fn identity<S: System>(system: &S, name: &Path) -> Option<Identity> {
    match system.look(name) {
        Ok(Found::File(stamp)) => Some(stamp.identity),
        _ => None,
    }
}

/// Whether a file is the same and holds the same, whatever names it has gained or lost.
pub(crate) fn is_unwritten(found: &Stamp, planned: &Stamp) -> bool {
    let unchanged = Time::default();
    Stamp { changed: unchanged, ..*found } == Stamp { changed: unchanged, ..*planned }
}
