//! Owns a single action: the victim is replaced or goes in a step that cannot be seen half done.

use std::os::fd::AsFd;
use std::path::Path;

use crate::file::Time;
use crate::pair::{Pair, Side, is_link_to};
use crate::system::{Shared, System};
use crate::{Action, Halt, Obstacle, Reason};

/// How an action ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Acted {
    /// The bytes that the victim shares with the keeper now, or took before.
    pub(crate) outcome: Result<u64, Halt>,
    /// The ctimes of keeper and victim since, if both were as planned before.
    pub(crate) changed: [Option<Time>; 2],
}

/// Acts on a victim, if it and its keeper are as planned.
pub(crate) fn act<S: System>(
    system: &S,
    action: Action,
    keeper: Side<'_>,
    victim: Side<'_>,
    temporary: &Path,
) -> Acted {
    match Pair::open(system, keeper, victim) {
        Ok(pair) => {
            let outcome = pair.act(action, temporary);
            Acted { outcome, changed: pair.sides().map(|(file, side)| pair.changed(file, side)) }
        }
        Err(halt) => Acted { outcome: Err(halt), changed: [None; 2] },
    }
}

impl<S: System> Pair<'_, S> {
    fn act(&self, action: Action, temporary: &Path) -> Result<u64, Halt> {
        let (system, keeper, victim) = (self.system, self.keeper, self.victim);
        self.compare()?;
        let devices = [keeper, victim].map(|side| side.stamp.identity.device);
        if action == Action::Hardlink && devices[0] != devices[1] {
            return Err(Halt::Failed(Reason::AnotherFileSystem));
        }
        if action != Action::Reflink {
            // What is about to be the only copy has to be on the disk.
            system.sync(self.keeper_file.as_fd())?;
        }
        match action {
            Action::Hardlink => system.link(keeper.name, temporary)?,
            Action::Symlink => system.symlink(keeper.name, temporary)?,
            Action::Reflink => return self.share(),
            Action::Trash => self.trash()?,
            Action::Delete => self.delete(temporary)?,
        }
        if matches!(action, Action::Hardlink | Action::Symlink) {
            self.replace(action, temporary)?;
        }
        Ok(victim.stamp.size)
    }

    /// Puts the link with the temporary name in the place of the victim.
    fn replace(&self, action: Action, temporary: &Path) -> Result<(), Halt> {
        let (system, name) = (self.system, self.victim.name);
        let is_ours = || is_link_to(system, action, self.keeper, temporary);
        if !is_ours() {
            return Err(Halt::LeftAlone(Obstacle::Changed));
        }
        let replaced = match system.exchange(temporary, name).map_err(Reason::from) {
            Ok(()) => self.remove(temporary).or_else(|halt| {
                // Whatever was at the name comes back to it.
                system.exchange(temporary, name)?;
                Err(halt)
            }),
            Err(Reason::NotSupported) => {
                self.ensure_goes(name).and_then(|()| Ok(system.rename_over(temporary, name)?))
            }
            Err(reason) => Err(Halt::Failed(reason)),
        };
        if replaced.is_err() && is_ours() {
            // If it stays, the journal knows of it.
            let _ = system.remove(temporary);
        }
        replaced
    }

    /// Removes the victim under its temporary name, if it still is what was compared.
    fn remove(&self, temporary: &Path) -> Result<(), Halt> {
        self.ensure_goes(temporary)?;
        Ok(self.system.remove(temporary)?)
    }

    fn delete(&self, temporary: &Path) -> Result<(), Halt> {
        let (system, name) = (self.system, self.victim.name);
        system.rename_new(name, temporary)?;
        self.remove(temporary).or_else(|halt| {
            system.rename_new(temporary, name)?;
            Err(halt)
        })
    }

    fn trash(&self) -> Result<(), Halt> {
        self.ensure_goes(self.victim.name)?;
        self.system.trash(self.victim.name).map_err(|_| Halt::Failed(Reason::NotTrashed))
    }

    fn share(&self) -> Result<u64, Halt> {
        let size = self.victim.stamp.size;
        let mut at = 0;
        while at < size {
            let (keeper, victim) = (self.keeper_file.as_fd(), self.victim_file.as_fd());
            match self.system.share(keeper, victim, at, size - at)? {
                Shared::Shared(count) => at += count,
                Shared::Differs => return Err(Halt::LeftAlone(Obstacle::Differs)),
            }
        }
        Ok(at)
    }
}
