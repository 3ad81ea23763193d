//! What a device does is put down once a second, whatever runs, and its rates are those of the device.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::Duration;

use my_project::control::Control;
use my_project::load::{Done, Load, Maker};
use my_project::phase::Phase;
use my_project::sensors::{Absent, Limits, Reading, Reasons};
use my_project::sensors::{Sensors, Source};
use my_project::session::{Job, Plan, run};
use my_project::watch::Watch;
use my_project::{Failure, Kernel, Precision, Task};

use crate::faults::watch;
use crate::sleeper::{Fault, Sleep, Sleeper};

/// Runs kernels of a third of a second each.
fn run_short(sensors: Box<dyn Sensors>, kernels: u32) -> Arc<Watch> {
    run_with(Box::new(Sleeper(Fault::Nothing)), sensors, kernels)
}

fn run_with(maker: Box<dyn Maker>, sensors: Box<dyn Sensors>, kernels: u32) -> Arc<Watch> {
    let watch = watch();
    let task = Task { kernel: Kernel::Fma, precision: Some(Precision::F32) };
    let job = Job {
        maker,
        sensors,
        tasks: vec![task; kernels as usize],
        memory: 0,
        threads: 2,
        watch: Arc::clone(&watch),
    };
    let duration = Duration::from_millis(330) * kernels;
    let plan = Plan { duration, max_temperature: None };
    run(vec![job], plan, &Arc::new(Control::default()));
    watch
}

#[test]
fn samples_come_once_a_second_however_short_the_kernels_are() {
    let watch = run_short(Box::new(Absent("none".into())), 10);
    let state = watch.state();
    let times: Vec<_> = state.samples.iter().map(|sample| sample.time_s).collect();
    assert!(times.len() >= 3, "{times:?}");
    for (time, due) in times.iter().zip(1_u32..) {
        assert!((time - f64::from(due)).abs() < 0.3, "{times:?}");
    }
    // A thousand operations a millisecond, twice; a sleep may take longer, never shorter.
    let rates: Vec<_> = state.samples.iter().map(|sample| sample.throughput).collect();
    assert!(rates.iter().all(|rate| (1e5..=2e6).contains(rate)), "{rates:?}");
}

/// Sensors whose second answer takes long.
struct Slow(Mutex<u32>);

impl Sensors for Slow {
    fn source(&self) -> Option<Source> {
        None
    }

    fn limits(&mut self, _: &mut Reasons) -> Limits {
        Limits::default()
    }

    fn read(&mut self, _: &mut Reasons) -> Reading {
        let mut count = self.0.lock().expect("nothing panics here");
        *count += 1;
        if *count == 2 {
            sleep(Duration::from_millis(1700));
        }
        Reading::default()
    }
}

#[test]
fn a_sensor_that_took_long_is_not_followed_by_samples_at_once() {
    let watch = run_short(Box::new(Slow(Mutex::default())), 13);
    let times: Vec<_> = watch.state().samples.iter().map(|sample| sample.time_s).collect();
    assert!(times.len() >= 2 && times[0] >= 2.7, "{times:?}");
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] > 0.2), "{times:?}");
}

/// A device one of whose loads takes long to make.
struct Late(AtomicBool);

impl Maker for Late {
    fn make(&self, _: Task, _: u64, _: u32) -> Result<Box<dyn Load>, Failure> {
        if !self.0.swap(true, Ordering::Relaxed) {
            sleep(Duration::from_millis(500));
        }
        Ok(Box::new(Sleep::new()))
    }
}

#[test]
fn threads_begin_together_though_one_is_ready_late() {
    let maker = Box::new(Late(AtomicBool::new(false)));
    let watch = run_with(maker, Box::new(Absent("none".into())), 1);
    let phase = watch.phase().expect("one ran");
    let starts: Vec<_> = phase.meters.iter().filter_map(|meter| meter.count().span).collect();
    assert_eq!(starts.len(), 2, "both ran");
    let [first, second] = [starts[0].0, starts[1].0];
    let apart = first.max(second) - first.min(second);
    assert!(apart < Duration::from_millis(100), "{apart:?}");
}

#[test]
fn rates_of_a_short_kernel_are_the_device_s_and_not_its_threads() {
    let task = Task { kernel: Kernel::Fma, precision: Some(Precision::F32) };
    let phase = Phase::new(task, Duration::from_secs(1), 2);
    let done = Done { operations: 1000, ..Done::default() };
    let took = Duration::from_millis(20);
    // One thread runs alone, and then the other one: the device is never faster than each of them.
    for meter in &phase.meters {
        for _ in 0..4 {
            sleep(took);
            meter.add(&done, took);
        }
    }
    let throughput = phase.throughput();
    let most = 1000.0 / took.as_secs_f64();
    assert!(throughput.min.is_some_and(|rate| rate > 0.0), "{throughput:?}");
    assert!(throughput.max.is_some_and(|rate| rate <= most * 1.01), "{throughput:?}");
    // Then both at once, one with batches that take twice as long: the device is faster than each.
    let phase = Phase::new(task, Duration::from_secs(1), 2);
    for number in 1..=6 {
        sleep(took);
        phase.meters[0].add(&done, took);
        if number % 2 == 0 {
            phase.meters[1].add(&done, 2 * took);
        }
    }
    let throughput = phase.throughput();
    // Groups of two batches have one of each thread, or two of the quicker one. A sleep may take
    // longer, never shorter.
    let [min, max] = [throughput.min, throughput.max].map(|rate| rate.expect("there are batches"));
    assert!(max > most * 1.05 && max <= most * 2.05, "{throughput:?}");
    assert!(min < max && min <= most * 1.05, "{throughput:?}");
}

#[test]
fn a_thread_that_ran_but_one_batch_is_counted_in_the_mean() {
    let task = Task { kernel: Kernel::Memory, precision: None };
    let phase = Phase::new(task, Duration::from_secs(1), 2);
    assert_eq!(phase.throughput().median, None);
    let took = Duration::from_millis(10);
    let done = Done { bytes: 500, ..Done::default() };
    for meter in &phase.meters {
        sleep(took);
        meter.add(&done, took);
    }
    let throughput = phase.throughput();
    assert!(throughput.median.is_some_and(|rate| rate <= 50_000.0 * 1.01), "{throughput:?}");
    assert_eq!((throughput.min, throughput.max), (throughput.median, throughput.median));
}
