//! What goes wrong with a device is told, whatever it is, and stops no more than it has to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use my_project::control::Control;
use my_project::device::{Device, Kind};
use my_project::load::{Done, Load, Maker};
use my_project::load::{LEAST_MEMORY, make_fitting};
use my_project::reference::Reference;
use my_project::report::{Status, Verdict};
use my_project::sensors::{Absent, Limits, Reading, Reasons};
use my_project::sensors::{Sensors, Source};
use my_project::session::{Job, Plan, run};
use my_project::verdict::judge;
use my_project::watch::Watch;
use my_project::{Failure, Kernel, Precision, Task};

use crate::sleeper::{Fault, Sleep, Sleeper};

/// Sensors that say always the same.
struct Fixed(Reading);

impl Sensors for Fixed {
    fn source(&self) -> Option<Source> {
        Some(Source::Nvml)
    }

    fn limits(&mut self, _: &mut Reasons) -> Limits {
        Limits { slowdown_c: Some(93.0), power_w: None }
    }

    fn read(&mut self, _: &mut Reasons) -> Reading {
        self.0.clone()
    }
}

pub(crate) fn watch() -> Arc<Watch> {
    let device = Device {
        index: Some(3),
        name: "Sleeper".into(),
        kind: Kind::Discrete,
        backend: "vulkan".into(),
        driver: None,
        uuid: None,
        pci: None,
        memory_bytes: None,
        precisions: vec![Precision::F32],
    };
    Arc::new(Watch::new(device, Vec::new()))
}

/// Runs two kernels for a time, with two threads.
fn outcome(
    fault: Fault,
    sensors: Box<dyn Sensors>,
    milliseconds: u64,
    least: Option<f64>,
) -> (Verdict, Arc<Watch>) {
    run_with(Box::new(Sleeper(fault)), sensors, milliseconds, least)
}

fn run_with(
    maker: Box<dyn Maker>,
    sensors: Box<dyn Sensors>,
    milliseconds: u64,
    least: Option<f64>,
) -> (Verdict, Arc<Watch>) {
    let watch = watch();
    let job = Job {
        maker,
        sensors,
        tasks: Task::all(&[Kernel::Fma, Kernel::Matmul], &[Precision::F32]),
        memory: 0,
        threads: 2,
        watch: Arc::clone(&watch),
    };
    let control = Arc::new(Control::default());
    let plan = Plan { duration: Duration::from_millis(milliseconds), max_temperature: None };
    run(vec![job], plan, &control);
    (judge(&[&watch], least, &control), watch)
}

fn quick(fault: Fault) -> (Verdict, Arc<Watch>) {
    outcome(fault, Box::new(Absent("none".into())), 300, None)
}

#[test]
fn a_device_that_does_all_right_has_held() {
    let (verdict, watch) = quick(Fault::Nothing);
    assert_eq!(verdict, Verdict { status: Status::Held, exit_status: 0, reasons: vec![] });
    for phase in &watch.state().phases {
        let total = phase.total();
        assert!(total.batches >= 2, "both threads ran: {total:?}");
        // A thousand operations a millisecond, twice; a sleep may take longer, never shorter.
        let median = phase.throughput().median.expect("there are batches");
        assert!((1e5..=2e6).contains(&median), "{median}");
    }
}

#[test]
fn wrong_words_are_a_fault_and_the_next_kernel_runs_all_the_same() {
    let (verdict, watch) = quick(Fault::WrongWords);
    assert_eq!((verdict.status, verdict.exit_status), (Status::Fault, 1));
    assert_eq!(watch.state().phases.len(), 2);
    assert!(verdict.reasons[0].starts_with("device 3, fma f32: "), "{:?}", verdict.reasons);
    assert!(verdict.reasons[0].ends_with(" wrong words, the first at 7"), "{:?}", verdict.reasons);
    let total = watch.state().phases[0].total();
    assert!(total.batches > 0 && total.operations == 0, "none of it is verified: {total:?}");
}

#[test]
fn a_wrong_word_of_the_warm_up_is_a_fault_though_its_work_does_not_count() {
    let (verdict, watch) = quick(Fault::WrongAtFirst);
    assert_eq!((verdict.status, verdict.exit_status), (Status::Fault, 1));
    for phase in &watch.state().phases {
        let total = phase.total();
        // The first batch of each thread is the first of its calibration.
        assert_eq!((total.wrong.count, phase.wrong().count), (2, 2), "{total:?}");
        assert!(total.batches > 0 && total.operations > 0, "none that counts was wrong: {total:?}");
    }
}

#[test]
fn threads_that_wait_for_others_keep_the_device_busy() {
    /// Its second load is made when the first has run more batches than a calibration has.
    struct Late(AtomicU64, Arc<AtomicU64>);
    struct Counted(Sleep, Arc<AtomicU64>);
    const ENOUGH: u64 = 12;

    impl Maker for Late {
        fn make(&self, _: Task, _: u64, _: u32) -> Result<Box<dyn Load>, Failure> {
            let start = Instant::now();
            if self.0.fetch_add(1, Ordering::Relaxed) == 1 {
                while self.1.load(Ordering::Relaxed) < ENOUGH {
                    if start.elapsed() > Duration::from_secs(20) {
                        return Err(Failure::Driver("the other one does nothing".into()));
                    }
                    sleep(Duration::from_millis(1));
                }
            }
            Ok(Box::new(Counted(Sleep::new(), Arc::clone(&self.1))))
        }
    }
    impl Load for Counted {
        fn reference(&mut self) -> Result<Option<Reference>, Failure> {
            Ok(None)
        }
        fn prepare(&mut self, _: u32) -> Result<(), Failure> {
            Ok(())
        }
        fn compute(&mut self, size: u32) -> Result<(), Failure> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.compute(size)
        }
        fn verify(&mut self) -> Result<(), Failure> {
            Ok(())
        }
        fn finish(&mut self) -> Result<Done, Failure> {
            self.0.finish()
        }
        fn flip(&mut self, _: u64) -> Result<u64, Failure> {
            Ok(0)
        }
        fn most(&self) -> u32 {
            50
        }
        fn allocated(&self) -> u64 {
            1
        }
    }
    let count = Arc::default();
    let maker = Box::new(Late(AtomicU64::new(0), Arc::clone(&count)));
    let (verdict, watch) = run_with(maker, Box::new(Absent("none".into())), 200, None);
    assert_eq!(verdict.reasons, Vec::<String>::new());
    for phase in &watch.state().phases[..1] {
        let ran = phase.total().batches;
        assert!(ran + ENOUGH <= count.load(Ordering::Relaxed), "what waits does not count: {ran}");
    }
}

#[test]
fn a_wrong_first_result_ends_the_kernel_at_once_and_no_other() {
    let (verdict, watch) = quick(Fault::WrongReference);
    assert_eq!(verdict.exit_status, 1);
    let said = "device 3, fma f32: 1 of 64 samples are outside the tolerance";
    assert_eq!(verdict.reasons[0], said);
    let state = watch.state();
    assert_eq!(state.phases.len(), 2);
    assert!(state.phases.iter().all(|phase| phase.total().batches == 0));
    for phase in &state.phases {
        let wrong = phase.wrong();
        assert!(wrong.count > 0 && wrong.addresses[0] == 7, "its element is told: {wrong:?}");
    }
}

#[test]
fn a_lost_device_and_a_driver_that_gives_up_end_all_that_it_does() {
    for (fault, said) in [(Fault::Lost, "it fell off the bus"), (Fault::Panic, "gives up")] {
        let (verdict, watch) = quick(fault);
        assert_eq!((verdict.status, verdict.exit_status), (Status::Fault, 1));
        let reason = &verdict.reasons[0];
        assert!(reason.contains("lost") && reason.contains(said), "{reason}");
        assert_eq!(watch.state().phases.len(), 1);
    }
}

#[test]
fn what_is_too_slow_is_a_fault() {
    let sensors = || Box::new(Absent("none".into()));
    let (verdict, _) = outcome(Fault::Nothing, sensors(), 200, Some(1e12));
    assert_eq!(verdict.exit_status, 1);
    assert!(verdict.reasons[0].ends_with("GFLOP/s, below 1.00 TFLOP/s"), "{:?}", verdict.reasons);
    let (verdict, _) = outcome(Fault::Nothing, sensors(), 200, Some(1.0));
    assert_eq!(verdict.exit_status, 0);
}

#[test]
fn a_temperature_at_the_limit_stops_everything() {
    for (celsius, expected) in [(89.0, 0), (90.0, 4), (120.0, 4)] {
        let reading = Reading { temperature_c: Some(celsius), ..Reading::default() };
        let (verdict, watch) = outcome(Fault::Nothing, Box::new(Fixed(reading)), 2400, None);
        assert_eq!(verdict.exit_status, expected, "{celsius}: {:?}", verdict.reasons);
        let told = watch.state().reading.temperature_c;
        assert_eq!(told, Some(celsius), "it is what was looked at");
        assert_eq!(watch.state().facts.max_temperature_c, Some(90.0));
    }
}

#[test]
fn hardware_that_slows_down_is_a_fault_and_software_is_not() {
    for (reason, expected) in [("hw_thermal", 1), ("hw_power_brake", 1), ("sw_power_cap", 0)] {
        let throttle = Some(vec!["gpu_idle".into(), reason.to_owned()]);
        let reading = Reading { throttle, ..Reading::default() };
        let (verdict, _) = outcome(Fault::Nothing, Box::new(Fixed(reading)), 2400, None);
        assert_eq!(verdict.exit_status, expected, "{:?}", verdict.reasons);
        assert_eq!(verdict.reasons.iter().any(|said| said.contains(reason)), expected == 1);
    }
}

#[test]
fn a_device_that_its_sensors_know_to_be_lost_is_lost() {
    let reading = Reading { lost: Some("NVML: gone".into()), ..Reading::default() };
    let (verdict, _) = outcome(Fault::Nothing, Box::new(Fixed(reading)), 60_000, None);
    assert_eq!(verdict.exit_status, 1);
    let reason = &verdict.reasons[0];
    assert!(reason.starts_with("device 3") && reason.contains(": lost after "), "{reason}");
    assert!(reason.ends_with(" s: NVML: gone"), "{reason}");
}

#[test]
fn where_memory_is_short_less_is_taken_until_it_fits_or_hardly_any_is_left() {
    struct Small(u64, AtomicU64);
    impl Maker for Small {
        fn make(&self, _: Task, memory: u64, _: u32) -> Result<Box<dyn Load>, Failure> {
            self.1.store(memory, Ordering::Relaxed);
            if memory > self.0 { Err(Failure::Memory) } else { Ok(Box::new(Sleep::new())) }
        }
    }
    let task = Task { kernel: Kernel::Memory, precision: None };
    let fits = Small(1 << 30, AtomicU64::new(0));
    assert!(make_fitting(&fits, task, 3 << 30, LEAST_MEMORY, 0).is_ok());
    let taken = fits.1.load(Ordering::Relaxed);
    assert!(taken <= 1 << 30 && taken > (1 << 30) / 100 * 94, "{taken}");
    let none = Small(0, AtomicU64::new(0));
    assert_eq!(make_fitting(&none, task, 1 << 30, LEAST_MEMORY, 0).err(), Some(Failure::Memory));
    assert_eq!(none.1.load(Ordering::Relaxed), 16 << 20, "the least was tried");
}
