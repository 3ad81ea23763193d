//! Owns a run: each device does its tasks in turn, with threads of its own.

use std::any::Any;
use std::sync::Arc;
use std::thread::{self, Builder};
use std::time::Duration;

use crate::batches;
use crate::control::Control;
use crate::load::{Maker, make_fitting};
use crate::phase::Phase;
use crate::sampler::Sampler;
use crate::seed::Seeds;
use crate::sensors::Sensors;
use crate::watch::{Ended, Watch};
use crate::{Failure, Task};

/// The name of threads that compute; what ends one of them is told in the report.
pub const THREAD: &str = "load";

/// A device and what it is to do.
pub struct Job {
    /// What makes its loads.
    pub maker: Box<dyn Maker>,
    /// Its sensors.
    pub sensors: Box<dyn Sensors>,
    /// What it does, in turn.
    pub tasks: Vec<Task>,
    /// Bytes that its loads may take together.
    pub memory: u64,
    /// Threads that feed it.
    pub threads: usize,
    /// Where it can be seen.
    pub watch: Arc<Watch>,
}

/// What all devices have in common.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How long all tasks of a device take together.
    pub duration: Duration,
    /// The temperature that stops the run, unless the device's own counts.
    pub max_temperature: Option<f64>,
}

/// Runs all jobs at the same time, until they are over or something stops them.
pub fn run(jobs: Vec<Job>, plan: Plan, control: &Arc<Control>) {
    thread::scope(|scope| {
        for job in jobs {
            scope.spawn(move || run_device(job, plan, control));
        }
    });
}

fn run_device(job: Job, plan: Plan, control: &Arc<Control>) {
    let Job { maker, sensors, tasks, memory, threads, watch } = job;
    let share = plan.duration.div_f64(crate::number::float(tasks.len().max(1) as u64));
    watch.state().to_come = u32::try_from(tasks.len()).unwrap_or(u32::MAX);
    let _sampler = Sampler::begin(sensors, plan.max_temperature, &watch, control);
    for task in tasks {
        if control.is_stopped() || watch.is_lost() {
            break;
        }
        let phase = Arc::new(Phase::new(task, share, threads));
        {
            let mut state = watch.state();
            state.to_come -= 1;
            state.phases.push(Arc::clone(&phase));
        }
        run_phase(&*maker, memory, &phase, control);
        if let Some(failure) = phase.failure().cloned() {
            let time_s = control.elapsed().as_secs_f64();
            watch.state().failures.push(Ended { failure, task: Some(task), time_s });
        }
    }
}

fn run_phase(maker: &dyn Maker, memory: u64, phase: &Phase, control: &Control) {
    let mut seeds = Seeds::new();
    let memory = memory / phase.meters.len().max(1) as u64;
    thread::scope(|scope| {
        let mut threads = Vec::new();
        for number in 0..phase.meters.len() {
            let seed = seeds.seed();
            let work = move || work(maker, memory, seed, phase, number, control);
            match Builder::new().name(THREAD.into()).spawn_scoped(scope, work) {
                Ok(thread) => threads.push(thread),
                Err(error) => phase.fail(Failure::Driver(format!("no thread: {error}"))),
            }
        }
        for thread in threads {
            match thread.join() {
                Ok(Ok(()) | Err(Failure::Stopped)) => {}
                Ok(Err(failure)) => phase.fail(failure),
                // Some of what drivers answer can only be had as the end of a thread.
                Err(panic) => phase.fail(Failure::Lost(said(&*panic))),
            }
        }
    });
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("unknown");
    text.lines().next().unwrap_or_default().into()
}

fn work(
    maker: &dyn Maker,
    memory: u64,
    seed: u32,
    phase: &Phase,
    number: usize,
    control: &Control,
) -> Result<(), Failure> {
    let result = (|| {
        let arrival = phase.expect();
        let mut load = make_fitting(maker, phase.task, memory, seed)?;
        phase.allocate(load.allocated());
        if control.is_stopped() {
            return Err(Failure::Stopped);
        }
        if let Some(reference) = load.reference()? {
            let (wrong, samples) = (reference.wrong.count, reference.samples);
            phase.compare(reference);
            if wrong > 0 {
                return Err(Failure::Reference { wrong, samples });
            }
        }
        batches::run(&mut *load, phase, &phase.meters[number], arrival, control)
    })();
    if let Err(failure) = &result
        && *failure != Failure::Stopped
    {
        // At once, so that the other threads of the device stop too.
        phase.fail(failure.clone());
    }
    result
}
