//! Owns the going on with a plan: what its journal tells, and what earlier runs left is put right.

use std::path::Path;

use crate::apply::{Run, Undone};
use crate::journal::{Past, State, Step};
use crate::pair::{Side, is_unwritten};
use crate::recover::Stays;
use crate::system::{Found, Place, System};
use crate::{Error, Plan, PlannedFile, PlannedGroup};

impl<S: System, R: FnMut(Undone<'_>)> Run<'_, S, R> {
    /// Learns from the journal how far earlier runs came, and puts right what they left.
    pub(crate) fn learn(&mut self, plan: &Plan) -> Result<(), Error> {
        for entry in std::mem::take(&mut self.journal.entries) {
            let group = &plan.groups[entry.line - 2];
            let victim = &group.victims[entry.victim];
            for (file, changed) in
                [(&group.keep, entry.keeper_ctime_ns), (victim, entry.victim_ctime_ns)]
            {
                self.known.extend(changed.map(|changed| (file.stamp.identity, changed)));
            }
        }
        for (step, mut past) in std::mem::take(&mut self.journal.past) {
            let group = &plan.groups[step.line - 2];
            let file = &group.victims[step.victim];
            if past.state != State::Done {
                self.put_right(step, &mut past, group, file)?;
            }
            if past.state == State::Start {
                // A kill came between the action and its line.
                let (keeper, _) = self.sides(group, file, step.name);
                self.take_as_it_is(keeper);
                // The name may be gone, but the file may have others.
                for name in 0..file.names.len() {
                    let (_, victim) = self.sides(group, file, name);
                    self.take_as_it_is(victim);
                }
            }
            self.journal.past.insert(step, past);
        }
        Ok(())
    }

    /// Looks at all temporary names that a step ever had.
    fn put_right(
        &mut self,
        step: Step,
        past: &mut Past,
        group: &PlannedGroup,
        file: &PlannedFile,
    ) -> Result<(), Error> {
        let (keeper, victim) = self.sides(group, file, step.name);
        for temporary in &past.temporaries {
            let temporary = Path::new(temporary);
            let Ok(begun) = self.begun(keeper, victim) else {
                break;
            };
            if begun.is_free(temporary) {
                continue;
            }
            if past.state != State::Start {
                // A kill may come between what is done now and any line of it.
                self.journal.write(&step.entry(State::Start))?;
                past.state = State::Start;
            }
            let righted = begun.put_right(temporary);
            drop(begun);
            if let Err(Stays { halt, is_victim }) = righted {
                let aside = is_victim.then(|| victim.name.with_file_name(temporary));
                self.stuck.insert(step, (halt, aside));
            }
        }
        Ok(())
    }

    /// Believes a new ctime of a file that was not written to; bytes are compared anyway.
    fn take_as_it_is(&mut self, side: Side<'_>) {
        if let Ok(Found::File(stamp)) = self.journal.system.look(Place::of(side.name))
            && is_unwritten(&stamp, &side.stamp)
        {
            self.known.insert(stamp.identity, stamp.changed);
        }
    }
}
