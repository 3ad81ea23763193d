//! Every reading of the sensors counts, from the first one on, and samples keep the time of the run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use my_project::control::Control;
use my_project::load::{Load, Maker};
use my_project::report::Verdict;
use my_project::sensors::{Absent, Limits, Reading, Reasons};
use my_project::sensors::{Sensors, Source};
use my_project::session::{Job, Plan, run};
use my_project::verdict::judge;
use my_project::watch::Watch;
use my_project::{Failure, Kernel, Precision, Task};

use crate::faults::watch;
use crate::sleeper::Sleep;

/// Sensors that say something else from a reading on.
struct Turning {
    read: AtomicU32,
    from: u32,
    then: Reading,
}

fn turning(from: u32, then: Reading) -> Box<dyn Sensors> {
    Box::new(Turning { read: AtomicU32::new(0), from, then })
}

fn hot() -> Reading {
    Reading { temperature_c: Some(90.5), ..Reading::default() }
}

impl Sensors for Turning {
    fn source(&self) -> Option<Source> {
        Some(Source::Nvml)
    }

    fn limits(&mut self, _: &mut Reasons) -> Limits {
        Limits { slowdown_c: Some(93.0), power_w: None }
    }

    fn read(&mut self, _: &mut Reasons) -> Reading {
        let number = self.read.fetch_add(1, Ordering::Relaxed);
        if number >= self.from { self.then.clone() } else { Reading::default() }
    }
}

/// A device whose loads take so long to make.
struct Slow(Duration);

impl Maker for Slow {
    fn make(&self, _: Task, _: u64, _: u32) -> Result<Box<dyn Load>, Failure> {
        sleep(self.0);
        Ok(Box::new(Sleep::new()))
    }
}

/// Runs a kernel on devices that take so long to be ready, each with its sensors.
fn outcome(
    devices: Vec<(u64, Box<dyn Sensors>)>,
    seconds: f64,
) -> (Verdict, Vec<Arc<Watch>>, Duration) {
    let job = |(milliseconds, sensors)| Job {
        maker: Box::new(Slow(Duration::from_millis(milliseconds))),
        sensors,
        tasks: Task::all(&[Kernel::Fma], &[Precision::F32]),
        memory: 0,
        threads: 1,
        watch: watch(),
    };
    let jobs: Vec<_> = devices.into_iter().map(job).collect();
    let watches: Vec<_> = jobs.iter().map(|job| Arc::clone(&job.watch)).collect();
    let control = Arc::new(Control::default());
    let plan = Plan { duration: Duration::from_secs_f64(seconds), max_temperature: None };
    let start = Instant::now();
    run(jobs, plan, &control);
    let took = start.elapsed();
    let verdict = judge(&watches.iter().map(|watch| &**watch).collect::<Vec<_>>(), None, &control);
    (verdict, watches, took)
}

#[test]
fn what_is_too_hot_before_it_has_begun_does_not_run() {
    let (verdict, watches, took) = outcome(vec![(300, turning(0, hot()))], 60.0);
    assert_eq!(verdict.exit_status, 4, "{:?}", verdict.reasons);
    assert!(watches[0].state().samples.is_empty() && took < Duration::from_secs(5), "{took:?}");
    let ran = watches[0].phase().map_or(0, |phase| phase.total().batches);
    assert_eq!(ran, 0);
}

#[test]
fn what_becomes_too_hot_while_it_warms_up_is_stopped() {
    let (verdict, watches, _) = outcome(vec![(1500, turning(1, hot()))], 60.0);
    assert_eq!(verdict.exit_status, 4, "{:?}", verdict.reasons);
    assert!(watches[0].state().samples.is_empty());
}

#[test]
fn what_is_lost_before_it_has_begun_is_a_fault() {
    let lost = Reading { lost: Some("NVML: gone".into()), ..Reading::default() };
    let (verdict, _, took) = outcome(vec![(300, turning(0, lost))], 60.0);
    assert_eq!(verdict.exit_status, 1);
    let reason = &verdict.reasons[0];
    assert!(reason.contains(": lost after 0.0 s: NVML: gone"), "{reason}");
    assert!(verdict.reasons.len() == 1 && took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn each_device_that_is_too_hot_is_told() {
    let devices = vec![(0, turning(1, hot())), (0, turning(1, hot()))];
    let (verdict, _, _) = outcome(devices, 60.0);
    assert_eq!(verdict.exit_status, 4);
    let told = verdict.reasons.iter().filter(|reason| reason.contains("temperature of 90.5 °C"));
    assert_eq!(told.count(), 2, "{:?}", verdict.reasons);
}

#[test]
fn samples_of_all_devices_are_at_full_seconds_of_the_run() {
    let absent = || Box::new(Absent("none".into()));
    let (_, watches, _) = outcome(vec![(0, absent()), (600, absent())], 2.3);
    for watch in &watches {
        let samples = watch.state().samples.clone();
        assert!(samples.len() >= 2, "{samples:?}");
        for (sample, second) in samples.iter().zip(1_u32..) {
            let time = sample.time_s;
            assert!((0.0..0.25).contains(&(time - f64::from(second))), "{samples:?}");
        }
    }
    let late = watches[1].phase().and_then(|phase| phase.throughput().min);
    assert!(late.is_some_and(|least| least > 0.0), "what had not begun was not slow: {late:?}");
}
