//! Owns the command that acts: it shows a plan, or carries it out and tells what came of it.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;

use my_project::system::Host;
use my_project::{Applied, Error, Halt, Journal, Plan, Undone};
use my_project::{apply as carry_out, counted, escape, show_size};

use super::arguments::{Order, Showing};
use super::bar::Bar;
use super::printing::print;
use super::signals::Signals;
use super::status::{CHANGED, DONE, FAILED};

/// Shows a plan, or carries it out.
pub(crate) fn apply(order: &Order, signals: &Signals) -> Result<u8> {
    let path = &order.plan;
    let bytes = fs::read(path)
        .map_err(|error| Error::UnreadablePlan { path: path.clone(), reason: error.into() })?;
    let plan = Plan::read(path, &bytes)?;
    if !order.yes {
        show(&plan, &order.showing)?;
        return Ok(DONE);
    }
    let beside = || {
        let mut name = path.clone().into_os_string();
        name.push(".journal");
        PathBuf::from(name)
    };
    let journal = order.journal.clone().unwrap_or_else(beside);
    let applied = signals.hold(|| {
        let mut journal = Journal::open(&journal, &plan, &bytes, Host)?;
        let bar = Bar::new(&order.showing, &signals.progress);
        // The journal has it too.
        let report = |undone: Undone<'_>| signals.release(|| bar.say(&said(&undone)));
        Ok(carry_out(&plan, &mut journal, &signals.progress, report)?)
    })?;
    let Applied { done, left_alone, failed, freed } = applied;
    if !order.showing.quiet {
        let freed = show_size(freed);
        let text = format!("{done} done, {left_alone} left alone, {failed} failed, {freed} freed");
        print(|out| writeln!(out, "{text}"))?;
    }
    Ok(match applied {
        Applied { left_alone: 1.., .. } => CHANGED,
        Applied { failed: 1.., .. } => FAILED,
        _ => DONE,
    })
}

fn said(undone: &Undone<'_>) -> String {
    let Undone { name, halt, aside } = undone;
    let what = match halt {
        Halt::LeftAlone(_) => "left alone",
        Halt::Failed(_) => "failed",
    };
    let aside = aside.as_ref().map(|aside| format!("  it is now {}\n", escape(aside)));
    format!("{what}: {}: {halt}\n{}", escape(name), aside.unwrap_or_default())
}

fn show(plan: &Plan, showing: &Showing) -> Result<()> {
    print(|out| {
        let mut actions = 0;
        for group in &plan.groups {
            let keeper = escape(&group.keep.names[0]);
            for name in group.victims.iter().flat_map(|victim| &victim.names) {
                writeln!(out, "{} {}", plan.action.word(), escape(name))?;
                writeln!(out, "  keep {keeper}")?;
                actions += 1;
            }
        }
        if !showing.quiet {
            let (actions, gain) = (counted(actions, "action"), show_size(plan.gain()));
            writeln!(out, "{actions}, {gain} to gain; --yes does it")?;
        }
        Ok(())
    })
}
