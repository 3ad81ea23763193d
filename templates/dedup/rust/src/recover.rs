//! Owns what a run finds that another one left under temporary names: it is put right, or known to
//! be done.

use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use crate::pair::{Folder, Side, identity, is_link_to};
use crate::system::{Found, Place, System};
use crate::{Action, Halt, Reason};

/// A step that was begun and is not known to be done.
pub(crate) struct Begun<'a, S> {
    system: &'a S,
    action: Action,
    keeper: Side<'a>,
    victim: Side<'a>,
    folder: Folder<'a>,
}

/// Something that stays under its temporary name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stays {
    pub(crate) halt: Halt,
    /// Whether it is the victim.
    pub(crate) is_victim: bool,
}

impl<'a, S: System> Begun<'a, S> {
    /// Opens the folder in which all of it was.
    pub(crate) fn new(
        system: &'a S,
        action: Action,
        keeper: Side<'a>,
        victim: Side<'a>,
    ) -> io::Result<Self> {
        let folder = Folder::open(system, victim)?;
        Ok(Self { system, action, keeper, victim, folder })
    }

    /// Whether there is nothing of that name.
    pub(crate) fn is_free(&self, temporary: &Path) -> bool {
        is_missing(self.system.look(self.folder.at(temporary)))
    }

    /// Puts right what is left under a temporary name: a link of ours goes, a victim comes back.
    pub(crate) fn put_right(&self, temporary: &Path) -> Result<(), Stays> {
        let aside = self.folder.at(temporary);
        let stays = |halt| Stays { halt, is_victim: false };
        match self.system.look(aside) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(stays(error.into())),
            Ok(Found::File(stamp))
                if stamp.identity == self.victim.stamp.identity
                    && stamp.size == self.victim.stamp.size =>
            {
                self.give_back(aside).map_err(|halt| Stays { halt, is_victim: true })
            }
            Ok(_) if self.is_our_link(aside) => self.remove_our_link(aside).map_err(stays),
            Ok(_) => Err(stays(Halt::Failed(Reason::Changed))),
        }
    }

    /// Gives the victim its name back, unless something else has it.
    fn give_back(&self, aside: Place<'_>) -> Result<(), Halt> {
        let here = self.folder.here();
        if is_missing(self.system.look(here)) {
            return Ok(self.system.rename_new(aside, here)?);
        }
        if !self.is_our_link(here) {
            return Err(Halt::Failed(Reason::Changed));
        }
        self.system.exchange(aside, here)?;
        self.remove_our_link(aside)
    }

    /// Removes a link of ours, unless it may be the last name of what it stands for.
    fn remove_our_link(&self, aside: Place<'_>) -> Result<(), Halt> {
        let keeper = identity(self.system, Place::of(self.keeper.name));
        if self.is_our_link(aside) && keeper == Some(self.keeper.stamp.identity) {
            self.system.remove(aside)?;
        }
        Ok(())
    }

    /// Whether the action was done, though there is no line of it.
    pub(crate) fn is_done(&self) -> bool {
        match self.action {
            Action::Hardlink | Action::Symlink => self.is_our_link(self.folder.here()),
            Action::Delete | Action::Trash => {
                // A folder that is away, or another in its place, holds no victim either.
                let device = self.victim.stamp.identity.device;
                let is_there = self.system.state(self.folder.opened.as_fd());
                is_there.is_ok_and(|found| found == Found::Folder(device))
                    && is_missing(self.system.look(self.folder.here()))
            }
            Action::Reflink => false,
        }
    }

    fn is_our_link(&self, place: Place<'_>) -> bool {
        is_link_to(self.system, self.action, self.keeper, place)
    }
}

fn is_missing(found: io::Result<Found>) -> bool {
    found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}
