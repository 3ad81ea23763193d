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
            sensors: Box::new(Hwmon::find(Path::new("/sys"))),
            tasks: tasks.into(),
            memory,
            threads: 1,
            watch: Arc::new(Watch::new(device, notes)),
        }])
    }

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
        let is_meant = |index: usize| {
            choices.iter().any(|choice| *choice == Choice::All || *choice == Choice::Index(index))
        };
        if let Some(missing) = choices.iter().find(|choice| match choice {
            Choice::All => false,
            Choice::Index(index) => *index >= all.len(),
            Choice::Uuid(_) => true,
        }) {
            return Err(Error::Missing(format!("no device of CUDA is meant by {missing:?}")));
        }
        let count = all.len();
        let chosen = (0..).zip(all).filter(|(index, _)| is_meant(*index));
        chosen.map(|(index, torch)| job(asked, index, torch, count, word)).collect()
    }

    fn job(
        asked: Asked<'_>,
        index: usize,
        torch: Torch,
        count: usize,
        word: &str,
    ) -> Result<Job, Error> {
        let (sensors, card) = sensors(count, word)?;
        let free = card.as_ref().and_then(|card| card.memory).map(|(_, free)| free);
        let (memory, notes) = devices::budget(Kind::Discrete, free, asked.fraction);
        let name = card.as_ref().map(|card| card.name.clone());
        let device = Device {
            index: Some(index),
            name: name.unwrap_or_else(|| format!("CUDA device {index}")),
            kind: Kind::Discrete,
            backend: "cuda".into(),
            driver: None,
            uuid: card.as_ref().and_then(|card| card.uuid.clone()),
            pci: card.as_ref().and_then(|card| card.address).map(|place| place.to_string()),
            memory_bytes: card.and_then(|card| card.memory).map(|(total, _)| total),
            precisions: PRECISIONS.into(),
        };
        Ok(Job {
            maker: Box::new(torch),
            sensors,
            tasks: asked.tasks.into(),
            memory,
            threads: asked.threads,
            watch: Arc::new(Watch::new(device, notes)),
        })
    }

    /// CUDA tells neither place nor UUID here, so that NVML's device is known only where it is named,
    /// or where both have but one.
    fn sensors(count: usize, word: &str) -> Result<(Box<dyn Sensors>, Option<Card>), Error> {
        let absent = |reason: &str| Ok((Box::new(Absent(reason.into())) as _, None));
        let (nvml, card) = match (word, Nvml::load()) {
            ("none", _) => return absent("not asked for"),
            ("auto", Err(reason)) => return absent(&reason),
            ("auto", Ok(nvml)) => {
                let card = nvml.only().filter(|_| count == 1);
                (nvml, card)
            }
            (_, Err(reason)) => return Err(Error::Missing(reason)),
            (name, Ok(nvml)) => match nvml.named(name) {
                Some(card) => (nvml, Some(card)),
                None => return Err(Error::Missing(format!("NVML has no device {name}"))),
            },
        };
        match card {
            Some(card) => Ok((Box::new(nvml.sensors(&card)), Some(card))),
            None => absent("CUDA does not tell which device of NVML it is; --sensors names one"),
        }
    }
}
