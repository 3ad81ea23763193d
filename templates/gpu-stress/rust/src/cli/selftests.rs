//! Owns `selftest`: bits are flipped on each device, and the score is printed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Map, Value};

use my_project::control::Control;
use my_project::cpu::Cpu;
use my_project::device::Device;
use my_project::devices::{self, Candidate};
use my_project::host::Host;
use my_project::load::Maker;
use my_project::selftest::selftest as test_device;
use my_project::sensors::{Absent, Nvml, Sensors};
use my_project::settings::Choice;
use my_project::watch::{Ended, Watch};
use my_project::{Error, Failure};

use super::arguments::{Choosing, Rounds, SelftestDevice};
use super::course::{Course, Shown};
use super::runs::open;
use super::sink::Sink;
use super::{probe, settings};

/// How long a device that is to stop is waited for, as a driver may never let it.
const PATIENCE: Duration = Duration::from_secs(2);

/// A device to be tested.
type Subject = (Box<dyn Maker>, Arc<Watch>);

/// Flips bits on the CPU or on GPUs.
pub(crate) fn selftest(device: &SelftestDevice, control: &Arc<Control>) -> Result<u8> {
    match device {
        SelftestDevice::Cpu { rounds } => {
            let subjects = |_: &Control| {
                let watch = watch(devices::cpu(&Host::look()));
                Ok(vec![(Box::new(Cpu) as Box<dyn Maker>, watch)])
            };
            test("selftest cpu", Map::new(), rounds, control, subjects)
        }
        SelftestDevice::Gpu { rounds, choice } => {
            let words = settings::devices(choice).map_err(Error::Usage)?;
            let settings = settings::of_choice(choice, &words);
            let Choosing { allow_software, .. } = *choice;
            let subjects = move |control: &Control| gpus(&words, allow_software, control);
            test("selftest gpu", settings, rounds, control, subjects)
        }
    }
}

fn gpus(words: &[String], allows_software: bool, control: &Control) -> Result<Vec<Subject>, Error> {
    let choices: Vec<_> = words.iter().map(|word| Choice::parse(word)).collect();
    probe::ensure_answers(control)?;
    let chosen = devices::choose(&devices::gpus(&Nvml::lazily()), &choices, allows_software)?;
    let subject = |one: Candidate| {
        let gpu = open(&one)?;
        Ok((Box::new(gpu) as Box<dyn Maker>, watch(one.device)))
    };
    chosen.into_iter().map(subject).collect()
}

/// A device whose sensors nobody reads.
fn watch(device: Device) -> Arc<Watch> {
    let watch = Watch::new(device, Vec::new());
    Absent("not read in a selftest".into()).limits(&mut watch.state().facts.reasons);
    Arc::new(watch)
}

fn test(
    command: &'static str,
    settings: Map<String, Value>,
    rounds: &Rounds,
    control: &Arc<Control>,
    subjects: impl FnOnce(&Control) -> Result<Vec<Subject>, Error> + Send + 'static,
) -> Result<u8> {
    let course = Course {
        command,
        settings: settings::of_rounds(rounds).into_iter().chain(settings).collect(),
        min_throughput: None,
        shown: Shown::Nothing,
        sink: Sink::open("--json", rounds.json.as_deref())?,
        control: Arc::clone(control),
    };
    let rounds = rounds.rounds;
    let work = move |subjects: Vec<Subject>, control: &Arc<Control>| {
        let (seen, start) = (Arc::clone(control), Instant::now());
        let watches: Vec<_> = subjects.iter().map(|(_, watch)| Arc::clone(watch)).collect();
        // What was found so far is in the watches, whatever becomes of the devices.
        let tested = control.attend(PATIENCE, move || test_all(subjects, rounds, &seen));
        if let Err(Failure::Driver(why)) = tested {
            for watch in watches {
                watch.lose(why.clone(), start.elapsed().as_secs_f64());
            }
        }
    };
    course.follow(subjects, |(_, watch)| watch, work)
}

fn test_all(subjects: Vec<Subject>, rounds: u32, control: &Control) {
    let start = Instant::now();
    for (maker, watch) in subjects {
        let tell = |score| watch.state().score = Some(score);
        match test_device(&*maker, rounds, control, tell) {
            Ok(()) | Err(Failure::Stopped) => {}
            Err(failure) => {
                let time_s = start.elapsed().as_secs_f64();
                watch.end(Ended { failure, task: None, time_s });
            }
        }
    }
}
