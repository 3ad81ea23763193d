//! Owns `selftest`: bits are flipped on each device, and the score is printed.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Result;
use serde_json::{Map, Value};

use my_project::assemble::assemble;
use my_project::control::Control;
use my_project::cpu::Cpu;
use my_project::gpu::Gpu;
use my_project::host::Host;
use my_project::load::Maker;
use my_project::selftest::selftest as test_device;
use my_project::sensors::Nvml;
use my_project::settings::Choice;
use my_project::verdict::judge;
use my_project::watch::{Ended, Watch};
use my_project::{Error, Failure, devices};

use super::arguments::SelftestDevice;
use super::signals::Signals;
use super::sink::Sink;
use super::{finish, probe, settings};

/// A device to be tested.
type Subject = (Box<dyn Maker>, Watch);

/// Flips bits on the CPU or on GPUs.
pub(crate) fn selftest(device: &SelftestDevice) -> Result<u8> {
    match device {
        SelftestDevice::Cpu { rounds } => {
            let watch = Watch::new(devices::cpu(&Host::look()), Vec::new());
            let subjects = move || Ok(vec![(Box::new(Cpu) as Box<dyn Maker>, watch)]);
            let settings = settings::of_rounds(rounds);
            test("selftest cpu", settings, rounds.rounds, rounds.json.as_deref(), subjects)
        }
        SelftestDevice::Gpu { rounds, choice } => {
            let words = settings::devices(choice).map_err(Error::Usage)?;
            let mut settings = settings::of_rounds(rounds);
            settings.extend(settings::of_choice(choice, &words));
            let allows_software = choice.allow_software;
            let subjects = move || gpus(&words, allows_software);
            test("selftest gpu", settings, rounds.rounds, rounds.json.as_deref(), subjects)
        }
    }
}

fn gpus(words: &[String], allows_software: bool) -> Result<Vec<Subject>, Error> {
    let choices: Vec<_> = words.iter().map(|word| Choice::parse(word)).collect();
    probe::ensure_answers()?;
    let chosen = devices::choose(devices::gpus(&Nvml::lazily()), &choices, allows_software)?;
    let subject = |one: devices::Candidate| {
        let refused = |error| Error::Missing(format!("{}: {error}", one.device.name));
        let gpu = Gpu::open(&one.found.adapter).map_err(refused)?;
        Ok((Box::new(gpu) as Box<dyn Maker>, Watch::new(one.device.clone(), Vec::new())))
    };
    chosen.into_iter().map(subject).collect()
}

fn test(
    command: &str,
    settings: Map<String, Value>,
    rounds: u32,
    json: Option<&Path>,
    subjects: impl FnOnce() -> Result<Vec<Subject>, Error> + Send + 'static,
) -> Result<u8> {
    let sink = Sink::open(json)?;
    let control = Arc::new(Control::default());
    let signals = Signals::listen(&control)?;
    let subjects = match control.attend(subjects) {
        Ok(subjects) => subjects?,
        // The report then tells of the signal, and of no device.
        Err(Failure::Stopped) => Vec::new(),
        Err(failure) => return Err(Error::Missing(failure.to_string()).into()),
    };
    let started = SystemTime::now();
    for (maker, watch) in &subjects {
        let tell = |score| watch.state().score = Some(score);
        match test_device(&**maker, rounds, &control, tell) {
            Ok(()) | Err(Failure::Stopped) => {}
            Err(failure) => {
                let time_s = started.elapsed().unwrap_or_default().as_secs_f64();
                watch.state().failures.push(Ended { failure, task: None, time_s });
            }
        }
    }
    let watches: Vec<_> = subjects.iter().map(|(_, watch)| watch).collect();
    let verdict = judge(&watches, None, &control);
    let report = assemble(command, settings, started, &watches, verdict);
    finish(&report, sink, &signals, &control)
}
