//! Owns a single action: the victim is replaced or goes in a step that cannot be seen half done.

use std::os::fd::AsFd;
use std::path::Path;

use crate::file::Time;
use crate::pair::{CHANGED, Pair, Side};
use crate::system::{Place, Shared, System};
use crate::{Action, Halt, Obstacle, Reason};

/// How an action ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Acted {
    /// The bytes that the victim shares with the keeper now, or took before.
    pub(crate) outcome: Result<u64, Halt>,
    /// The ctimes of keeper and victim since, unless somebody else changed them.
    pub(crate) changed: [Option<Time>; 2],
    /// Whether something of another name could not be given it back.
    pub(crate) is_aside: bool,
}

impl Acted {
    /// An end to which nothing was done.
    pub(crate) fn nothing(outcome: Result<u64, Halt>) -> Self {
        Self { outcome, changed: [None; 2], is_aside: false }
    }
}

/// Acts on a victim, if it and its keeper are as planned.
pub(crate) fn act<S: System>(
    system: &S,
    action: Action,
    keeper: Side<'_>,
    victim: Side<'_>,
    temporary: &Path,
) -> Acted {
    let pair = match Pair::open(system, keeper, victim) {
        Ok(pair) => pair,
        Err(halt) => return Acted::nothing(Err(halt)),
    };
    let outcome = pair.act(action, pair.folder.at(temporary));
    let changed = [&pair.keeper, &pair.victim].map(|file| file.changed(system));
    Acted { outcome, changed, is_aside: outcome.is_err() && pair.is_aside.get() }
}

impl<S: System> Pair<'_, S> {
    fn act(&self, action: Action, aside: Place<'_>) -> Result<u64, Halt> {
        self.compare()?;
        let (keeper, victim) = (self.keeper.side, self.victim.side);
        let devices = [keeper, victim].map(|side| side.stamp.identity.device);
        if action == Action::Hardlink && devices[0] != devices[1] {
            return Err(Halt::Failed(Reason::AnotherFileSystem));
        }
        if action != Action::Reflink {
            // What is about to be the only copy has to be on the disk, which may take a while.
            self.system.sync(self.keeper.file.as_fd())?;
            self.settle()?;
        }
        match action {
            Action::Hardlink => {
                self.system.link(Place::of(keeper.name), aside)?;
                self.keeper.touch();
                self.replace(action, aside)?;
            }
            Action::Symlink => {
                self.system.symlink(keeper.name, aside)?;
                self.replace(action, aside)?;
            }
            Action::Reflink => return self.share(),
            Action::Trash => self.trash()?,
            Action::Delete => self.delete(aside)?,
        }
        Ok(victim.stamp.size)
    }

    /// Puts the link with the temporary name in the place of the victim.
    fn replace(&self, action: Action, aside: Place<'_>) -> Result<(), Halt> {
        if !self.is_link(action, aside) {
            // The keeper's name led elsewhere. What was made just now goes again.
            let _ = self.system.remove(aside);
            return Err(CHANGED);
        }
        let replaced = self.settle().and_then(|()| self.exchange(action, aside));
        if replaced.is_err() && self.is_link(action, aside) {
            self.touch_linked(action);
            // If it stays, the journal knows of it.
            let _ = self.system.remove(aside);
        }
        replaced
    }

    fn exchange(&self, action: Action, aside: Place<'_>) -> Result<(), Halt> {
        let (system, here) = (self.system, self.folder.here());
        match system.exchange(aside, here).map_err(Reason::from) {
            Ok(()) => {
                self.is_aside.set(true);
                self.victim.touch();
                self.touch_linked(action);
                self.remove(aside).inspect_err(|_| self.bring_back(action, aside))
            }
            Err(Reason::NotSupported) => {
                self.ensure_goes(here)?;
                system.rename_over(aside, here)?;
                self.victim.touch();
                self.touch_linked(action);
                Ok(())
            }
            Err(reason) => Err(Halt::Failed(reason)),
        }
    }

    /// A hard link is the keeper itself, whose ctime tells of every name that is moved.
    fn touch_linked(&self, action: Action) {
        if action == Action::Hardlink {
            self.keeper.touch();
        }
    }

    /// Gives what is under the temporary name its own name back, while that has our link.
    ///
    /// What cannot be given it back keeps the temporary name, which is told.
    fn bring_back(&self, action: Action, aside: Place<'_>) {
        let here = self.folder.here();
        if self.is_link(action, here) {
            self.touch_linked(action);
            let mut is_aside = self.system.exchange(aside, here).is_err();
            if !is_aside && !self.is_link(action, aside) {
                // Another program's file came to the name right before, and has it again.
                is_aside = self.system.exchange(aside, here).is_ok();
            }
            self.is_aside.set(is_aside);
        }
    }

    /// Removes the victim under its temporary name, if it still is what was compared.
    fn remove(&self, aside: Place<'_>) -> Result<(), Halt> {
        self.ensure_goes(aside)?;
        Ok(self.system.remove(aside)?)
    }

    fn delete(&self, aside: Place<'_>) -> Result<(), Halt> {
        let (system, here) = (self.system, self.folder.here());
        system.rename_new(here, aside)?;
        self.victim.touch();
        self.remove(aside).inspect_err(|_| {
            // Where the name is taken by now, the victim keeps the temporary one, which is told.
            self.is_aside.set(system.rename_new(aside, here).is_err());
        })
    }

    fn trash(&self) -> Result<(), Halt> {
        self.ensure_goes(self.folder.here())?;
        self.victim.touch();
        self.system.trash(self.victim.side.name).map_err(|_| Halt::Failed(Reason::NotTrashed))
    }

    fn share(&self) -> Result<u64, Halt> {
        let size = self.victim.side.stamp.size;
        self.victim.touch();
        let mut at = 0;
        while at < size {
            let (keeper, victim) = (self.keeper.file.as_fd(), self.victim.file.as_fd());
            match self.system.share(keeper, victim, at, size - at)? {
                Shared::Shared(count) => at += count,
                Shared::Differs => return Err(Halt::LeftAlone(Obstacle::Differs)),
            }
        }
        Ok(at)
    }
}
