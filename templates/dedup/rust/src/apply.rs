//! Owns the carrying out of a plan, step by step, with a journal.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use crate::act::{Acted, act};
use crate::file::{Identity, Stamp, Time};
use crate::journal::{Entry, State, Step};
use crate::pair::Side;
use crate::progress::Stage;
use crate::recover::Begun;
use crate::system::System;
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

/// A name that is not done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Undone<'a> {
    /// The name of the victim.
    pub name: &'a Path,
    /// Why it is not.
    pub halt: Halt,
    /// Where the victim is now, if it could not be given its name back.
    pub aside: Option<PathBuf>,
}

/// Carries out a plan, or goes on with it, and tells `report` of each name that is not done.
///
/// # Errors
///
/// [`Error::File`] where the journal cannot be written, and [`Error::Stopped`] behind a step
/// where `progress` was asked to stop.
pub fn apply<S: System>(
    plan: &Plan,
    journal: &mut Journal<S>,
    progress: &Progress,
    report: impl FnMut(Undone<'_>),
) -> Result<Applied, Error> {
    let mut run = Run {
        action: plan.action,
        journal,
        progress,
        report,
        known: HashMap::new(),
        stuck: BTreeMap::new(),
        applied: Applied::default(),
    };
    let names = victims(plan).map(|(.., victim)| victim.names.len() as u64).sum();
    progress.begin(Stage::Actions, (names, plan.gain()));
    run.learn(plan)?;
    for (line, place, group, victim) in victims(plan) {
        run.victim(line, place, group, victim)?;
    }
    progress.ensure_goes_on()?;
    Ok(run.applied)
}

/// All victims, with their groups and their places in the plan.
fn victims(plan: &Plan) -> impl Iterator<Item = (usize, usize, &PlannedGroup, &PlannedFile)> {
    plan.groups.iter().zip(2..).flat_map(|(group, line)| {
        group.victims.iter().enumerate().map(move |(place, victim)| (line, place, group, victim))
    })
}

pub(crate) struct Run<'a, S, R> {
    pub(crate) action: Action,
    pub(crate) journal: &'a mut Journal<S>,
    progress: &'a Progress,
    report: R,
    /// The ctimes of files that gained or lost a name through our own work.
    pub(crate) known: HashMap<Identity, Time>,
    /// Steps of which something stays under a temporary name, and the victim if it is that.
    pub(crate) stuck: BTreeMap<Step, (Halt, Option<PathBuf>)>,
    applied: Applied,
}

impl<S: System, R: FnMut(Undone<'_>)> Run<'_, S, R> {
    pub(crate) fn begun<'b>(
        &'b self,
        keeper: Side<'b>,
        victim: Side<'b>,
    ) -> std::io::Result<Begun<'b, S>> {
        Begun::new(&self.journal.system, self.action, keeper, victim)
    }

    /// Both files in the states that they should have by now.
    pub(crate) fn sides<'b>(
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
        for (place, name) in file.names.iter().enumerate() {
            self.progress.ensure_goes_on()?;
            let (outcome, aside) = self.step(Step { line, victim, name: place }, group, file)?;
            match outcome {
                Ok(_) => self.applied.done += 1,
                Err(Halt::LeftAlone(_)) => self.applied.left_alone += 1,
                Err(Halt::Failed(_)) => self.applied.failed += 1,
            }
            if let Err(halt) = outcome {
                (self.report)(Undone { name, halt, aside });
            }
            freed = freed.and(outcome.ok());
            self.progress.add_files(1);
        }
        self.progress.add_bytes(file.stamp.size);
        self.applied.freed = self.applied.freed.saturating_add(freed.unwrap_or_default());
        Ok(())
    }

    /// Does one step, unless it was done before; tells where the victim is if it has to.
    fn step(
        &mut self,
        step: Step,
        group: &PlannedGroup,
        file: &PlannedFile,
    ) -> Result<(Result<u64, Halt>, Option<PathBuf>), Error> {
        let (keeper, victim) = self.sides(group, file, step.name);
        let past = self.journal.past.get(&step).map(|past| past.state);
        if past == Some(State::Done) {
            return Ok((Ok(file.stamp.size), None));
        }
        if let Some((halt, aside)) = self.stuck.remove(&step) {
            self.end(step, Acted::nothing(Err(halt)))?;
            return Ok((Err(halt), aside));
        }
        let is_done = || self.begun(keeper, victim).is_ok_and(|begun| begun.is_done());
        if past == Some(State::Start) && is_done() {
            let outcome = Ok(file.stamp.size);
            self.end(step, Acted::nothing(outcome))?;
            return Ok((outcome, None));
        }
        let temporary = temporary_name();
        let start = Entry { temporary: Some(temporary.clone()), ..step.entry(State::Start) };
        self.journal.write(&start)?;
        let acted = act(&self.journal.system, self.action, keeper, victim, temporary.as_ref());
        for (side, changed) in [keeper, victim].into_iter().zip(acted.changed) {
            self.known.extend(changed.map(|changed| (side.stamp.identity, changed)));
        }
        self.end(step, acted)?;
        let aside = acted.is_aside.then(|| victim.name.with_file_name(temporary));
        Ok((acted.outcome, aside))
    }

    /// Writes down how a step ended.
    fn end(&mut self, step: Step, acted: Acted) -> Result<(), Error> {
        let Acted { outcome, changed: [keeper, victim], .. } = acted;
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
