//! Owns the backend `torch`, which is there if the program was built with it.

#[cfg(not(feature = "torch"))]
pub(crate) use absent::{cpu, gpu};
#[cfg(feature = "torch")]
pub(crate) use present::{cpu, gpu};

#[cfg(not(feature = "torch"))]
mod absent {
    use my_project::session::Job;
    use my_project::settings::Choice;
    use my_project::{Error, Task};

    const TEXT: &str = "this program was built without torch; `cargo build --release --features \
                        torch` builds it with it";

    pub(crate) fn cpu(_: &[Task], _: Option<f64>, _: usize) -> Result<Vec<Job>, Error> {
        Err(Error::Missing(TEXT.into()))
    }

    pub(crate) fn gpu(
        _: &[Task],
        _: Option<f64>,
        _: usize,
        _: &[Choice],
        _: &str,
    ) -> Result<Vec<Job>, Error> {
        Err(Error::Missing(TEXT.into()))
    }
}

#[cfg(feature = "torch")]
mod present {
    use std::path::Path;
    use std::sync::Arc;

    use my_project::device::{Device, Kind};
    use my_project::host::{Host, available_memory};
    use my_project::sensors::{Absent, Card, Hwmon, Nvml, Sensors};
    use my_project::session::Job;
    use my_project::settings::Choice;
    use my_project::torch::{PRECISIONS, Torch};
    use my_project::watch::Watch;
    use my_project::{Error, Precision, Task, devices};

    use super::super::runs::ensure;

    /// What is asked of each device.
    #[derive(Clone, Copy)]
    struct Asked<'a> {
        tasks: &'a [Task],
        fraction: Option<f64>,
        threads: usize,
    }

    /// Makes sure that what is asked for can be asked of torch.
    fn ensure_asked(tasks: &[Task], name: &str) -> Result<(), Error> {
        if tasks.iter().any(|task| task.precision == Some(Precision::Tf32)) {
            let text = "tch, which reaches torch, has no way to ask for tf32, only for";
            let others: Vec<_> = PRECISIONS.iter().map(ToString::to_string).collect();
            return Err(Error::Missing(format!("{text} {}", others.join(", "))));
        }
        ensure(tasks, name, &PRECISIONS)
    }

    /// All cores work on one product, whatever their number.
    pub(crate) fn cpu(
        tasks: &[Task],
        fraction: Option<f64>,
        threads: usize,
    ) -> Result<Vec<Job>, Error> {
        ensure_asked(tasks, "torch on the CPU")?;
        let device = Device { precisions: PRECISIONS.into(), ..devices::cpu(&Host::look()) };
        let free = Some(available_memory());
        let (memory, notes) = devices::budget(Kind::Cpu, free, fraction);
        Ok(vec![Job {
            maker: Box::new(Torch::cpu(threads)),
            sensors: Box::new(Hwmon::find(Path::new("/"))),
            tasks: tasks.into(),
            memory,
            threads: 1,
            watch: Arc::new(Watch::new(device, notes)),
        }])
    }

    /// A GPU as CUDA has it.
    #[derive(Clone)]
    struct Gpu {
        device: Device,
        torch: Torch,
    }

    impl AsRef<Device> for Gpu {
        fn as_ref(&self) -> &Device {
            &self.device
        }
    }

    /// A device of NVML, or why there is none.
    type Known = Result<(Arc<Nvml>, Card), String>;

    /// GPUs by CUDA's own indexes.
    pub(crate) fn gpu(
        tasks: &[Task],
        fraction: Option<f64>,
        threads: usize,
        choices: &[Choice],
        word: &str,
    ) -> Result<Vec<Job>, Error> {
        let asked = Asked { tasks, fraction, threads };
        ensure_asked(tasks, "torch on a GPU")?;
        let all = Torch::gpus();
        if all.is_empty() {
            let text = "no GPU found: this PyTorch has no device of CUDA";
            return Err(Error::Missing(text.into()));
        }
        let known = find(all.len(), word)?;
        let card = known.as_ref().ok().map(|(_, card)| card);
        let gpu = |(index, torch)| Gpu { device: device(index, card), torch };
        let gpus: Vec<_> = (0..).zip(all).map(gpu).collect();
        let chosen = devices::choose(&gpus, choices, true)?;
        Ok(chosen.into_iter().map(|gpu| job(asked, gpu, &known)).collect())
    }

    fn device(index: usize, card: Option<&Card>) -> Device {
        Device {
            index: Some(index),
            name: card.map_or_else(|| format!("CUDA device {index}"), |card| card.name.clone()),
            kind: Kind::Discrete,
            backend: "cuda".into(),
            driver: None,
            uuid: card.and_then(|card| card.uuid.clone()),
            pci: card.and_then(|card| card.address).map(|place| place.to_string()),
            memory_bytes: card.and_then(|card| card.memory).map(|(total, _)| total),
            precisions: PRECISIONS.into(),
        }
    }

    fn job(asked: Asked<'_>, gpu: Gpu, known: &Known) -> Job {
        let (sensors, free): (Box<dyn Sensors>, _) = match known {
            Ok((nvml, card)) => {
                (Box::new(Arc::clone(nvml).sensors(card)), card.memory.map(|(_, free)| free))
            }
            Err(reason) => (Box::new(Absent(reason.clone())), None),
        };
        let (memory, notes) = devices::budget(Kind::Discrete, free, asked.fraction);
        Job {
            maker: Box::new(gpu.torch),
            sensors,
            tasks: asked.tasks.into(),
            memory,
            threads: asked.threads,
            watch: Arc::new(Watch::new(gpu.device, notes)),
        }
    }

    /// CUDA tells neither place nor UUID here, so that NVML's device is known only where it is named,
    /// or where both have but one.
    fn find(count: usize, word: &str) -> Result<Known, Error> {
        let only = |nvml: Arc<Nvml>| match nvml.only()?.filter(|_| count == 1) {
            Some(card) => Ok((nvml, card)),
            None => {
                Err("CUDA does not tell which device of NVML it is; --sensors names one".into())
            }
        };
        match word {
            "none" => Ok(Err("not asked for".into())),
            "auto" => Ok(Nvml::load().and_then(only)),
            name => {
                let card = |nvml: Arc<Nvml>| nvml.named(name).map(|card| (nvml, card));
                let refused = |reason| Error::Missing(format!("--sensors {name}: {reason}"));
                Nvml::load().and_then(card).map(Ok).map_err(refused)
            }
        }
    }
}
