//! Owns the carrying out of a plan, step by step, with a journal.

use std::collections::HashMap;
use std::path::Path;

use crate::act::{Acted, act};
use crate::file::{Identity, Stamp, Time};
use crate::journal::{Entry, State, Step};
use crate::pair::{Side, is_unwritten};
use crate::progress::Stage;
use crate::recover::Begun;
use crate::system::{Found, System};
use crate::temporary::temporary_name;
use crate::{Action, Error, Halt, Journal, Plan, PlannedFile, PlannedGroup, Progress};

/// How a plan was carried out. What is counted are names, but for bytes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Applied {
    /// Names that are done, in this run or before.
    pub done: u64,
    /// Names that were not as planned.
    pub left_alone: u64,
    /// Names that could not be acted on.
    pub failed: u64,
    /// The bytes of victims all of whose names are done.
    pub freed: u64,
}

/// Carries out a plan, or goes on with it, and tells `report` of each name that is not done.
///
/// # Errors
///
/// [`Error::File`] where the journal cannot be written, and [`Error::Stopped`] between two steps
/// where `progress` was asked to stop.
pub fn apply<S: System>(
    plan: &Plan,
    journal: &mut Journal<S>,
    progress: &Progress,
    report: impl FnMut(&Path, Halt),
) -> Result<Applied, Error> {
    let known = HashMap::new();
    let mut run =
        Run { action: plan.action, journal, progress, report, known, applied: Applied::default() };
    let names = victims(plan).map(|(.., victim)| victim.names.len() as u64).sum();
    progress.begin(Stage::Actions, (names, plan.gain()));
    run.learn(plan);
    for (line, place, group, victim) in victims(plan) {
        run.victim(line, place, group, victim)?;
    }
    Ok(run.applied)
}

/// All victims, with their groups and their places in the plan.
fn victims(plan: &Plan) -> impl Iterator<Item = (usize, usize, &PlannedGroup, &PlannedFile)> {
    plan.groups.iter().zip(2..).flat_map(|(group, line)| {
        group.victims.iter().enumerate().map(move |(place, victim)| (line, place, group, victim))
    })
}

struct Run<'a, S, R> {
    action: Action,
    journal: &'a mut Journal<S>,
    progress: &'a Progress,
    report: R,
    /// The ctimes of files that gained or lost a name through our own work.
    known: HashMap<Identity, Time>,
    applied: Applied,
}

impl<S: System, R: FnMut(&Path, Halt)> Run<'_, S, R> {
    /// Learns from the journal how far earlier runs came, and puts right what they left.
    fn learn(&mut self, plan: &Plan) {
        for entry in std::mem::take(&mut self.journal.entries) {
            let group = &plan.groups[entry.line - 2];
            let victim = &group.victims[entry.victim];
            for (file, changed) in
                [(&group.keep, entry.keeper_ctime_ns), (victim, entry.victim_ctime_ns)]
            {
                self.known.extend(changed.map(|changed| (file.stamp.identity, changed)));
            }
        }
        for (step, past) in std::mem::take(&mut self.journal.past) {
            let group = &plan.groups[step.line - 2];
            let (keeper, victim) = self.sides(group, &group.victims[step.victim], step.name);
            if past.state != State::Done {
                let begun = self.begun(keeper, victim);
                for temporary in &past.temporaries {
                    begun.put_right(&victim.name.with_file_name(temporary));
                }
            }
            if past.state == State::Start {
                // A kill came between the action and its line.
                self.take_as_it_is(keeper);
                // The name may be gone, but the file may have others.
                for name in 0..group.victims[step.victim].names.len() {
                    let (_, victim) = self.sides(group, &group.victims[step.victim], name);
                    self.take_as_it_is(victim);
                }
            }
            self.journal.past.insert(step, past);
        }
    }

    fn begun<'b>(&'b self, keeper: Side<'b>, victim: Side<'b>) -> Begun<'b, S> {
        Begun { system: &self.journal.system, action: self.action, keeper, victim }
    }

    /// Believes a new ctime of a file that was not written to; bytes are compared anyway.
    fn take_as_it_is(&mut self, side: Side<'_>) {
        if let Ok(Found::File(stamp)) = self.journal.system.look(side.name)
            && is_unwritten(&stamp, &side.stamp)
        {
            self.known.insert(stamp.identity, stamp.changed);
        }
    }

    fn sides<'b>(
        &self,
        group: &'b PlannedGroup,
        victim: &'b PlannedFile,
        name: usize,
    ) -> (Side<'b>, Side<'b>) {
        let side = |file: &'b PlannedFile, name: usize| {
            let changed = self.known.get(&file.stamp.identity).copied();
            let changed = changed.unwrap_or(file.stamp.changed);
            Side { name: &file.names[name], stamp: Stamp { changed, ..file.stamp } }
        };
        (side(&group.keep, 0), side(victim, name))
    }

    fn victim(
        &mut self,
        line: usize,
        victim: usize,
        group: &PlannedGroup,
        file: &PlannedFile,
    ) -> Result<(), Error> {
        let mut freed = Some(0);
        for name in 0..file.names.len() {
            self.progress.ensure_goes_on()?;
            let outcome = self.step(Step { line, victim, name }, group, file)?;
            match outcome {
                Ok(_) => self.applied.done += 1,
                Err(Halt::LeftAlone(_)) => self.applied.left_alone += 1,
                Err(Halt::Failed(_)) => self.applied.failed += 1,
            }
            if let Err(halt) = outcome {
                (self.report)(&file.names[name], halt);
            }
            freed = freed.and(outcome.ok());
            self.progress.add_files(1);
        }
        self.progress.add_bytes(file.stamp.size);
        self.applied.freed = self.applied.freed.saturating_add(freed.unwrap_or_default());
        Ok(())
    }

    /// Does one step, unless it was done before.
    fn step(
        &mut self,
        step: Step,
        group: &PlannedGroup,
        file: &PlannedFile,
    ) -> Result<Result<u64, Halt>, Error> {
        let (keeper, victim) = self.sides(group, file, step.name);
        let past = self.journal.past.get(&step).map(|past| past.state);
        if past == Some(State::Done) {
            return Ok(Ok(file.stamp.size));
        }
        if past == Some(State::Start) && self.begun(keeper, victim).is_done() {
            self.end(step, Acted { outcome: Ok(file.stamp.size), changed: [None; 2] })?;
            return Ok(Ok(file.stamp.size));
        }
        let temporary = temporary_name();
        let start = Entry { temporary: Some(temporary.clone()), ..step.entry(State::Start) };
        self.journal.write(&start)?;
        let temporary = victim.name.with_file_name(temporary);
        let acted = act(&self.journal.system, self.action, keeper, victim, &temporary);
        for (side, changed) in [keeper, victim].into_iter().zip(acted.changed) {
            self.known.extend(changed.map(|changed| (side.stamp.identity, changed)));
        }
        self.end(step, acted)?;
        Ok(acted.outcome)
    }

    /// Writes down how a step ended.
    fn end(&mut self, step: Step, acted: Acted) -> Result<(), Error> {
        let Acted { outcome, changed: [keeper, victim] } = acted;
        let state = match outcome {
            Ok(_) => State::Done,
            Err(Halt::LeftAlone(_)) => State::LeftAlone,
            Err(Halt::Failed(_)) => State::Failed,
        };
        self.journal.write(&Entry {
            reason: outcome.err().map(|halt| halt.to_string()),
            keeper_ctime_ns: keeper,
            victim_ctime_ns: victim,
            ..step.entry(state)
        })
    }
}
