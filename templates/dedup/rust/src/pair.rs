//! Owns the second look: keeper and victim, open, as planned and compared, right before one of them
//! goes.

use std::cell::Cell;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::io::Errno;

use crate::file::{Identity, Stamp, Time};
use crate::reading::is_zero;
use crate::system::{Found, Place, System};
use crate::{Action, Halt, Obstacle, Reason};

/// Bytes that are compared at a time.
const STEP: usize = 128 * 1024;

pub(crate) const CHANGED: Halt = Halt::LeftAlone(Obstacle::Changed);

/// A file to be kept or acted on, by one of its names, in the state it has to be in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Side<'a> {
    pub(crate) name: &'a Path,
    pub(crate) stamp: Stamp,
}

/// The folder of a victim's name, open: what is done to names in it is done in this one folder.
pub(crate) struct Folder<'a> {
    pub(crate) opened: OwnedFd,
    /// The victim's name in it.
    last: &'a Path,
}

impl<'a> Folder<'a> {
    pub(crate) fn open<S: System>(system: &S, victim: Side<'a>) -> io::Result<Self> {
        let opened = system.folder(victim.name.parent().unwrap_or(Path::new("/")))?;
        let last = victim.name.file_name().map_or(Path::new("."), Path::new);
        Ok(Self { opened, last })
    }

    /// Another name in it.
    pub(crate) fn at<'b>(&'b self, name: &'b Path) -> Place<'b> {
        Place { folder: self.opened.as_fd(), name }
    }

    /// The place that the victim's name stands for.
    pub(crate) fn here(&self) -> Place<'_> {
        self.at(self.last)
    }
}

/// One of the two, open.
pub(crate) struct Opened<'a> {
    pub(crate) side: Side<'a>,
    pub(crate) file: OwnedFd,
    /// The ctime that it has to have; `None` once our own work changes it.
    ctime: Cell<Option<Time>>,
}

/// Both files, open, as planned, and compared.
pub(crate) struct Pair<'a, S> {
    pub(crate) system: &'a S,
    pub(crate) keeper: Opened<'a>,
    pub(crate) victim: Opened<'a>,
    pub(crate) folder: Folder<'a>,
    /// Whether what had the victim's name has the temporary one.
    pub(crate) is_aside: Cell<bool>,
}

impl<'a, S: System> Pair<'a, S> {
    pub(crate) fn open(system: &'a S, keeper: Side<'a>, victim: Side<'a>) -> Result<Self, Halt> {
        let (keeper, keeper_stamp) = Opened::new(system, keeper, Place::of(keeper.name))?;
        let folder = Folder::open(system, victim).map_err(Halt::of_opening_folder)?;
        let (victim, victim_stamp) = Opened::new(system, victim, folder.here())?;
        if keeper_stamp.is_same_file(&victim_stamp) {
            return Err(Halt::LeftAlone(Obstacle::SameFile));
        }
        if keeper_stamp != keeper.side.stamp || victim_stamp != victim.side.stamp {
            return Err(CHANGED);
        }
        for file in [&keeper.file, &victim.file] {
            // Where there are no leases, a writer shows in the ctime, if it is done by then.
            let leased = system.lease(file.as_fd());
            if leased.is_err_and(|error| Errno::from_io_error(&error) == Some(Errno::AGAIN)) {
                return Err(Halt::LeftAlone(Obstacle::InUse));
            }
        }
        Ok(Self { system, keeper, victim, folder, is_aside: Cell::new(false) })
    }

    /// Compares all bytes of both, and makes sure that neither was touched meanwhile.
    pub(crate) fn compare(&self) -> Result<(), Halt> {
        let size = self.victim.side.stamp.size;
        let mut buffers = [vec![0; STEP], vec![0; STEP]];
        let [ours, theirs] = &mut buffers;
        let mut at = 0;
        while at < size {
            let step = usize::try_from(size - at).unwrap_or(STEP).min(STEP);
            let (ours, theirs) = (&mut ours[..step], &mut theirs[..step]);
            self.read(&self.keeper.file, ours, at)?;
            self.read(&self.victim.file, theirs, at)?;
            if ours != theirs {
                return Err(Halt::LeftAlone(Obstacle::Differs));
            }
            at += step as u64;
            if is_zero(ours) {
                at = self.data(&self.keeper.file, at).min(self.data(&self.victim.file, at));
            }
        }
        self.settle()
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

    /// Where a file goes on behind a hole at `at`, or `at` itself where that cannot be told.
    fn data(&self, file: &OwnedFd, at: u64) -> u64 {
        self.system.data(file.as_fd(), at).map_or(at, |start| start.unwrap_or(u64::MAX))
    }

    /// Makes sure, by the descriptors, that both are as they have to be.
    pub(crate) fn settle(&self) -> Result<(), Halt> {
        self.keeper.settle(self.system)?;
        self.victim.settle(self.system)
    }

    /// Makes sure that `place` stands for the victim that was compared, and that the keeper is
    /// still where it has to be, and that neither was touched.
    ///
    /// The keeper comes last, since right after this the victim goes.
    pub(crate) fn ensure_goes(&self, place: Place<'_>) -> Result<(), Halt> {
        self.victim.ensure(self.system.look(place))?;
        self.keeper.settle(self.system)?;
        self.keeper.ensure(self.system.look(Place::of(self.keeper.side.name)))
    }

    pub(crate) fn is_link(&self, action: Action, place: Place<'_>) -> bool {
        is_link_to(self.system, action, self.keeper.side, place)
    }
}

impl<'a> Opened<'a> {
    fn new<S: System>(system: &S, side: Side<'a>, place: Place<'_>) -> Result<(Self, Stamp), Halt> {
        let file = system.open(place).map_err(Halt::of_opening)?;
        match system.state(file.as_fd())? {
            Found::File(stamp) => {
                Ok((Self { side, file, ctime: Cell::new(Some(side.stamp.changed)) }, stamp))
            }
            _ => Err(Halt::LeftAlone(Obstacle::NotRegular)),
        }
    }

    /// Expects that our own work changes the ctime.
    pub(crate) fn touch(&self) {
        self.ctime.set(None);
    }

    /// Makes sure that it is as it has to be, with the ctime that our own work gave it, from now on.
    pub(crate) fn settle<S: System>(&self, system: &S) -> Result<(), Halt> {
        let found = system.state(self.file.as_fd());
        if let Ok(Found::File(stamp)) = &found {
            self.ctime.set(self.ctime.get().or(Some(stamp.changed)));
        }
        self.ensure(found)
    }

    fn ensure(&self, found: io::Result<Found>) -> Result<(), Halt> {
        match found.map_err(Reason::from) {
            Ok(Found::File(stamp)) if self.is_expected(&stamp) => Ok(()),
            Ok(_) | Err(Reason::Missing) => Err(CHANGED),
            Err(reason) => Err(Halt::Failed(reason)),
        }
    }

    fn is_expected(&self, found: &Stamp) -> bool {
        let ctime = self.ctime.get();
        is_unwritten(found, &self.side.stamp) && ctime.is_none_or(|ctime| ctime == found.changed)
    }

    /// The ctime, unless somebody else changed it.
    pub(crate) fn changed<S: System>(&self, system: &S) -> Option<Time> {
        match system.state(self.file.as_fd()) {
            Ok(Found::File(stamp)) if self.is_expected(&stamp) => Some(stamp.changed),
            _ => None,
        }
    }
}

/// Whether a name stands for what the action puts in the place of a victim.
pub(crate) fn is_link_to<S: System>(
    system: &S,
    action: Action,
    keeper: Side<'_>,
    place: Place<'_>,
) -> bool {
    match action {
        Action::Hardlink => identity(system, place) == Some(keeper.stamp.identity),
        Action::Symlink => {
            system.look(place).is_ok_and(|found| found == Found::Link)
                && system.target(place).is_ok_and(|target| target == keeper.name)
        }
        Action::Reflink | Action::Trash | Action::Delete => false,
    }
}

/// The file that a name stands for, if it is a regular one.
pub(crate) fn identity<S: System>(system: &S, place: Place<'_>) -> Option<Identity> {
    match system.look(place) {
        Ok(Found::File(stamp)) => Some(stamp.identity),
        _ => None,
    }
}

/// Whether a file is the same and holds the same, whatever names it has gained or lost.
pub(crate) fn is_unwritten(found: &Stamp, planned: &Stamp) -> bool {
    Stamp { changed: planned.changed, ..*found } == *planned
}
