//! Owns what a run finds that another one left when it was killed: it is put right, or known to be
//! done.

use std::io;
use std::path::Path;

use crate::Action;
use crate::pair::{Side, identity, is_link_to};
use crate::system::System;

/// A step that was begun and has no end.
pub(crate) struct Begun<'a, S> {
    pub(crate) system: &'a S,
    pub(crate) action: Action,
    pub(crate) keeper: Side<'a>,
    pub(crate) victim: Side<'a>,
}

impl<S: System> Begun<'_, S> {
    /// Puts right what is left under a temporary name: a link of ours goes, a victim comes back.
    pub(crate) fn put_right(&self, temporary: &Path) {
        let name = self.victim.name;
        // What fails stays under the temporary name, where the next run finds it.
        let _ = if identity(self.system, temporary) == Some(self.victim.stamp.identity) {
            match self.system.look(name) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    self.system.rename_new(temporary, name)
                }
                Ok(_) if self.is_our_link(name) => self.bring_back(temporary),
                _ => Ok(()),
            }
        } else {
            self.remove_our_link(temporary)
        };
    }

    /// Exchanges a victim with the link of ours that has its name, and removes that.
    fn bring_back(&self, temporary: &Path) -> io::Result<()> {
        self.system.exchange(temporary, self.victim.name)?;
        self.remove_our_link(temporary)
    }

    fn remove_our_link(&self, temporary: &Path) -> io::Result<()> {
        if self.is_our_link(temporary) && self.has_keeper() {
            self.system.remove(temporary)
        } else {
            Ok(())
        }
    }

    /// Whether the action was done, though there is no line of it.
    pub(crate) fn is_done(&self) -> bool {
        let name = self.victim.name;
        match self.action {
            Action::Hardlink | Action::Symlink => self.is_our_link(name),
            Action::Delete | Action::Trash => {
                let found = self.system.look(name);
                found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
            }
            Action::Reflink => false,
        }
    }

    fn is_our_link(&self, name: &Path) -> bool {
        is_link_to(self.system, self.action, self.keeper, name)
    }

    fn has_keeper(&self) -> bool {
        identity(self.system, self.keeper.name) == Some(self.keeper.stamp.identity)
    }
}
