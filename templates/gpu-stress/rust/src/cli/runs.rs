//! Owns the runs: devices are chosen and loaded, and the report is printed and written.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Result;
use serde_json::{Map, Value, json};

use my_project::assemble::assemble;
use my_project::control::Control;
use my_project::cpu::{Cpu, PRECISIONS};
use my_project::device::Kind;
use my_project::devices::Candidate;
use my_project::gpu::{Found, Gpu};
use my_project::host::{self, Host, available_memory};
use my_project::report::Status;
use my_project::sensors::{self, Absent, Hwmon};
use my_project::sensors::{LazyNvml, Nvml, Sensors};
use my_project::session::{self, Job, Plan};
use my_project::settings::Choice;
use my_project::verdict::judge;
use my_project::watch::Watch;
use my_project::{Error, Failure, Precision, Task, devices};

use super::arguments::{CpuBackend, GpuBackend, Gpus, Run, Threads};
use super::live::Live;
use super::signals::Signals;
use super::sink::Sink;
use super::{complain, finish, probe, settings, torch};

/// Threads that feed a GPU unless said.
const FEEDING: u32 = 4;

/// What all runs have in common, found out before there is any device.
struct Order<'a> {
    command: &'static str,
    run: &'a Run,
    tasks: Vec<Task>,
    settings: Map<String, Value>,
    sink: Sink,
    control: Arc<Control>,
    signals: Signals,
}

impl<'a> Order<'a> {
    fn new(command: &'static str, run: &'a Run, is_torch: bool) -> Result<Self> {
        let kernels = settings::kernels(run, is_torch).map_err(Error::Usage)?;
        let precisions = settings::precisions(run).map_err(Error::Usage)?;
        let sink = Sink::open(run.json.as_deref())?;
        let control = Arc::new(Control::default());
        let signals = Signals::listen(&control)?;
        let settings = settings::of_run(run, &kernels, &precisions);
        let tasks = Task::all(&kernels, &precisions);
        Ok(Self { command, run, tasks, settings, sink, control, signals })
    }

    fn set(&mut self, settings: Value) {
        self.settings.extend(settings::map(settings));
    }

    /// Finds the devices, runs what they are to do, and tells how it went.
    fn carry_out(
        self,
        jobs: impl FnOnce() -> Result<Vec<Job>, Error> + Send + 'static,
    ) -> Result<u8> {
        let jobs = match self.control.attend(jobs) {
            Ok(jobs) => jobs?,
            // The report then tells of the signal, and of no device.
            Err(Failure::Stopped) => Vec::new(),
            Err(failure) => return Err(Error::Missing(failure.to_string()).into()),
        };
        let watches: Vec<_> = jobs.iter().map(|job| Arc::clone(&job.watch)).collect();
        let started = SystemTime::now();
        let plan = Plan { duration: self.run.duration, max_temperature: self.run.max_temperature };
        {
            let _live = Live::begin(self.run.quiet, &watches);
            session::run(jobs, plan, &self.control);
        }
        let watches: Vec<_> = watches.iter().map(|watch| &**watch).collect();
        let verdict = judge(&watches, self.run.min_throughput, &self.control);
        if self.run.quiet && matches!(verdict.status, Status::Fault | Status::Hot) {
            for reason in &verdict.reasons {
                complain(&format!("error: {reason}"));
            }
        }
        let report = assemble(self.command, self.settings, started, &watches, verdict);
        finish(&report, self.sink, &self.signals, &self.control)
    }
}

/// Loads the CPU.
pub(crate) fn cpu(run: &Run, threads: &Threads, backend: CpuBackend) -> Result<u8> {
    let is_torch = backend == CpuBackend::Torch;
    let mut order = Order::new("cpu", run, is_torch)?;
    let threads = threads.threads.map_or_else(host::cores, |threads| threads as usize);
    let backend = if is_torch { "torch" } else { "native" };
    order.set(json!({ "threads": threads, "backend": backend }));
    let (tasks, fraction) = (order.tasks.clone(), run.memory_fraction);
    if is_torch {
        return order.carry_out(move || torch::cpu(&tasks, fraction, threads));
    }
    ensure(&tasks, "the CPU", &PRECISIONS)?;
    order.carry_out(move || {
        let device = devices::cpu(&Host::look());
        let (memory, notes) = devices::budget(Kind::Cpu, Some(available_memory()), fraction);
        let (maker, sensors) = (Box::new(Cpu), Box::new(Hwmon::find(Path::new("/sys"))));
        let watch = Arc::new(Watch::new(device, notes));
        Ok(vec![Job { maker, sensors, tasks, memory, threads, watch }])
    })
}

/// Loads GPUs, with one thread each unless there is a word on threads.
pub(crate) fn gpu(run: &Run, gpus: &Gpus, threads: Option<&Threads>) -> Result<u8> {
    let is_torch = gpus.backend == GpuBackend::Torch;
    let words = settings::devices(&gpus.choice).map_err(Error::Usage)?;
    let command = if threads.is_some() { "tgpu" } else { "gpu" };
    let mut order = Order::new(command, run, is_torch)?;
    order.settings.extend(settings::of_gpus(gpus, &words));
    let threads = threads.map(|threads| threads.threads.unwrap_or(FEEDING));
    if let Some(threads) = threads {
        order.set(json!({ "threads": threads }));
    }
    let threads = threads.unwrap_or(1) as usize;
    let choices: Vec<_> = words.iter().map(|word| Choice::parse(word)).collect();
    let (tasks, fraction) = (order.tasks.clone(), run.memory_fraction);
    let (allows_software, sensors) = (gpus.choice.allow_software, gpus.sensors.clone());
    if is_torch {
        let jobs = move || torch::gpu(&tasks, fraction, threads, &choices, &sensors);
        return order.carry_out(jobs);
    }
    order.carry_out(move || {
        probe::ensure_answers()?;
        let nvml = Nvml::lazily();
        let chosen = devices::choose(devices::gpus(&nvml), &choices, allows_software)?;
        let job = |one: Candidate| {
            ensure(&tasks, &one.device.name, &one.device.precisions)?;
            let sensors = sensors_of(&sensors, &nvml, &one.found)?;
            let refused = |error| Error::Missing(format!("{}: {error}", one.device.name));
            let gpu = Gpu::open(&one.found.adapter).map_err(refused)?;
            let (memory, notes) = devices::budget(one.device.kind, one.free, fraction);
            let watch = Arc::new(Watch::new(one.device, notes));
            let (maker, tasks) = (Box::new(gpu), tasks.clone());
            Ok(Job { maker, sensors, tasks, memory, threads, watch })
        };
        chosen.into_iter().map(job).collect()
    })
}

/// Makes sure that a device has all precisions that are asked for.
pub(crate) fn ensure(tasks: &[Task], name: &str, has: &[Precision]) -> Result<(), Error> {
    let asked = tasks.iter().filter_map(|task| task.precision);
    let Some(missing) = asked.into_iter().find(|precision| !has.contains(precision)) else {
        return Ok(());
    };
    let has: Vec<_> = has.iter().map(ToString::to_string).collect();
    Err(Error::Missing(format!("{name} has no {missing}, only {}", has.join(", "))))
}

/// The sensors that are meant.
fn sensors_of(word: &str, nvml: &LazyNvml, gpu: &Found) -> Result<Box<dyn Sensors>, Error> {
    match word {
        "auto" => Ok(sensors::of_gpu(nvml, gpu)),
        "none" => Ok(Box::new(Absent("not asked for".into()))),
        name => {
            let nvml = nvml.as_ref().map_err(|reason| Error::Missing(reason.clone()))?;
            let missing = || Error::Missing(format!("NVML has no device {name}"));
            let card = nvml.named(name).ok_or_else(missing)?;
            Ok(Box::new(Arc::clone(nvml).sensors(&card)))
        }
    }
}
