//! Owns the runs: devices are chosen and loaded, and the report is printed and written.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use serde_json::{Map, Value, json};

use my_project::control::Control;
use my_project::cpu::{Cpu, PRECISIONS};
use my_project::device::Kind;
use my_project::devices::Candidate;
use my_project::gpu::{Found, Gpu};
use my_project::host::{self, Host, available_memory};
use my_project::sensors::{self, Absent, Hwmon};
use my_project::sensors::{LazyNvml, Nvml, Sensors};
use my_project::session::{self, Job, Plan};
use my_project::settings::Choice;
use my_project::watch::Watch;
use my_project::{Error, Failure, Precision, Task, devices};

use super::arguments::{CpuBackend, GpuBackend, Gpus, Run, Threads};
use super::course::{Course, Shown};
use super::sink::Sink;
use super::{probe, settings, torch};

/// Threads that feed a GPU unless said.
const FEEDING: u32 = 4;

/// What all runs have in common, found out before there is any device.
struct Order {
    course: Course,
    tasks: Vec<Task>,
    plan: Plan,
}

impl Order {
    fn new(
        command: &'static str,
        run: &Run,
        is_torch: bool,
        control: &Arc<Control>,
    ) -> Result<Self> {
        let kernels = settings::kernels(run, is_torch).map_err(Error::Usage)?;
        let precisions = settings::precisions(run).map_err(Error::Usage)?;
        let course = Course {
            command,
            settings: settings::of_run(run, &kernels, &precisions),
            min_throughput: run.min_throughput,
            shown: if run.quiet { Shown::Faults } else { Shown::Lines },
            sink: Sink::open("--json", run.json.as_deref())?,
            control: Arc::clone(control),
        };
        let plan = Plan { duration: run.duration, max_temperature: run.max_temperature };
        Ok(Self { course, tasks: Task::all(&kernels, &precisions), plan })
    }

    fn set(&mut self, settings: Map<String, Value>) {
        self.course.settings.extend(settings);
    }

    /// Finds the devices, and runs what they are to do.
    fn carry_out(
        self,
        jobs: impl FnOnce(&Control) -> Result<Vec<Job>, Error> + Send + 'static,
    ) -> Result<u8> {
        let Self { course, plan, .. } = self;
        course.follow(jobs, |job| &job.watch, |jobs, control| session::run(jobs, plan, control))
    }
}

/// Loads the CPU.
pub(crate) fn cpu(
    run: &Run,
    threads: &Threads,
    backend: CpuBackend,
    control: &Arc<Control>,
) -> Result<u8> {
    let is_torch = backend == CpuBackend::Torch;
    let mut order = Order::new("cpu", run, is_torch, control)?;
    let threads = threads.threads.map_or_else(host::cores, |threads| threads as usize);
    let backend = if is_torch { "torch" } else { "native" };
    order.set(settings::map(json!({ "threads": threads, "backend": backend })));
    let (tasks, fraction) = (order.tasks.clone(), run.memory_fraction);
    if is_torch {
        return order.carry_out(move |_| torch::cpu(&tasks, fraction, threads));
    }
    ensure(&tasks, "the CPU", &PRECISIONS)?;
    order.carry_out(move |_| {
        let device = devices::cpu(&Host::look());
        let (memory, notes) = devices::budget(Kind::Cpu, Some(available_memory()), fraction);
        let (maker, sensors) = (Box::new(Cpu), Box::new(Hwmon::find(Path::new("/"))));
        let watch = Arc::new(Watch::new(device, notes));
        Ok(vec![Job { maker, sensors, tasks, memory, threads, watch }])
    })
}

/// Loads GPUs, with one thread each unless there is a word on threads.
pub(crate) fn gpu(
    run: &Run,
    gpus: &Gpus,
    threads: Option<&Threads>,
    control: &Arc<Control>,
) -> Result<u8> {
    let is_torch = gpus.backend == GpuBackend::Torch;
    let words = settings::devices(&gpus.choice).map_err(Error::Usage)?;
    let command = if threads.is_some() { "tgpu" } else { "gpu" };
    let mut order = Order::new(command, run, is_torch, control)?;
    order.set(settings::of_gpus(gpus, &words));
    let threads = threads.map(|threads| threads.threads.unwrap_or(FEEDING));
    if let Some(threads) = threads {
        order.set(settings::map(json!({ "threads": threads })));
    }
    let threads = threads.unwrap_or(1) as usize;
    let choices: Vec<_> = words.iter().map(|word| Choice::parse(word)).collect();
    let (tasks, fraction) = (order.tasks.clone(), run.memory_fraction);
    let (allows_software, sensors) = (gpus.choice.allow_software, gpus.sensors.clone());
    if is_torch {
        let jobs = move |_: &Control| torch::gpu(&tasks, fraction, threads, &choices, &sensors);
        return order.carry_out(jobs);
    }
    order.carry_out(move |control| {
        probe::ensure_answers(control)?;
        let nvml = Nvml::lazily();
        let chosen = devices::choose(&devices::gpus(&nvml), &choices, allows_software)?;
        let job = |one: Candidate| {
            ensure(&tasks, &one.device.name, &one.device.precisions)?;
            let sensors = sensors_of(&sensors, &nvml, &one.found)?;
            let gpu = open(&one)?;
            let (memory, notes) = devices::budget(one.device.kind, one.free, fraction);
            let watch = Arc::new(Watch::new(one.device, notes));
            let (maker, tasks) = (Box::new(gpu), tasks.clone());
            Ok(Job { maker, sensors, tasks, memory, threads, watch })
        };
        chosen.into_iter().map(job).collect()
    })
}

/// Opens a GPU, so that a driver that refuses is told before anything runs.
pub(crate) fn open(one: &Candidate) -> Result<Arc<Gpu>, Error> {
    let label = one.device.label();
    let refused = |why| Error::Missing(format!("{label}: the driver does not open it: {why}"));
    Gpu::open(&one.found.adapter).map_err(|failure| match failure {
        Failure::Driver(why) => refused(why),
        failure => refused(failure.to_string()),
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
            let refused = |reason: &String| Error::Missing(format!("--sensors {name}: {reason}"));
            let nvml = nvml.as_ref().map_err(refused)?;
            let card = nvml.named(name).map_err(|reason| refused(&reason))?;
            Ok(Box::new(Arc::clone(nvml).sensors(&card)))
        }
    }
}
