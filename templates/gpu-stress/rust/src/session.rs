//! Owns a run: each device does its tasks in turn, with threads of its own.

use std::sync::Arc;
use std::thread::{self, Builder};
use std::time::Duration;

use crate::batches;
use crate::control::{Control, THREAD, said};
use crate::load::{Maker, least_memory, make_fitting};
use crate::phase::Phase;
use crate::sampler::Sampler;
use crate::seed::Seeds;
use crate::sensors::Sensors;
use crate::watch::{Ended, Watch};
use crate::{Failure, Task};

/// How long threads that are to stop are waited for, as a driver may never let them.
const PATIENCE: Duration = Duration::from_secs(2);

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

/// Runs all jobs at the same time, until they are over or something stops them. A job that does not
/// stop is left to itself, and what it did so far is seen in its watch.
pub fn run(jobs: Vec<Job>, plan: Plan, control: &Arc<Control>) {
    let shared = Arc::clone(control);
    let all = move || {
        let devices: Vec<_> = jobs
            .into_iter()
            .map(|job| {
                let (watch, control) = (Arc::clone(&job.watch), Arc::clone(&shared));
                (watch, thread::spawn(move || run_device(job, plan, &control)))
            })
            .collect();
        for (watch, device) in devices {
            if let Err(panic) = device.join() {
                watch.lose(said(&*panic), time_s(&shared));
            }
        }
    };
    // Whatever happened to a device is in its watch.
    let _ = control.attend(PATIENCE, all);
}

fn time_s(control: &Control) -> f64 {
    control.elapsed().unwrap_or_default().as_secs_f64()
}

fn run_device(job: Job, plan: Plan, control: &Arc<Control>) {
    let Job { maker, sensors, tasks, memory, threads, watch } = job;
    let share = plan.duration.div_f64(crate::number::float(tasks.len().max(1) as u64));
    watch.state().to_come = u32::try_from(tasks.len()).unwrap_or(u32::MAX);
    let _sampler = Sampler::begin(sensors, plan.max_temperature, &watch, control);
    for task in tasks {
        let phase = Arc::new(Phase::new(task, share, threads));
        if control.is_stopped() || !watch.begin(&phase) {
            break;
        }
        run_phase(&*maker, memory, &phase, control);
        if let Some(failure) = phase.failure().cloned() {
            watch.end(Ended { failure, task: Some(task), time_s: time_s(control) });
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
        let least = least_memory(phase.task, phase.meters.len());
        let mut load = make_fitting(maker, phase.task, memory, least, seed)?;
        phase.allocate(load.allocated());
        phase.meters[number].expect(load.depth());
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
