//! A device that answers no more holds up no interrupt, and what it did before is not lost.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use my_project::control::Control;
use my_project::load::{Done, Load, Maker};
use my_project::reference::Reference;
use my_project::sensors::Absent;
use my_project::session::{Job, Plan, run};
use my_project::verdict::judge;
use my_project::{Failure, Kernel, Precision, Task};

use crate::faults::watch;

/// The number of SIGINT.
const INTERRUPT: usize = 2;

/// A device that hangs from a batch on.
struct Hanging(u32);

struct Batches(u32);

impl Maker for Hanging {
    fn make(&self, _: Task, _: u64, _: u32) -> Result<Box<dyn Load>, Failure> {
        Ok(Box::new(Batches(self.0)))
    }
}

impl Load for Batches {
    fn reference(&mut self) -> Result<Option<Reference>, Failure> {
        Ok(None)
    }

    fn prepare(&mut self, _: u32) -> Result<(), Failure> {
        Ok(())
    }

    fn compute(&mut self, _: u32) -> Result<(), Failure> {
        sleep(Duration::from_millis(60));
        Ok(())
    }

    fn verify(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn finish(&mut self) -> Result<Done, Failure> {
        if self.0 == 0 {
            // Longer than any test waits.
            sleep(Duration::from_secs(600));
        }
        self.0 -= 1;
        Ok(Done { operations: 1000, ..Done::default() })
    }

    fn flip(&mut self, _: u64) -> Result<u64, Failure> {
        Ok(0)
    }

    fn most(&self) -> u32 {
        1
    }

    fn allocated(&self) -> u64 {
        1
    }
}

/// Interrupts a run after a time; returns what it took to end, with its verdict and its batches.
fn interrupted(batches: u32) -> (Duration, Arc<Control>, u64) {
    let (watch, control) = (watch(), Arc::new(Control::default()));
    let job = Job {
        maker: Box::new(Hanging(batches)),
        sensors: Box::new(Absent("none".into())),
        tasks: Task::all(&[Kernel::Fma], &[Precision::F32]),
        memory: 0,
        threads: 1,
        watch: Arc::clone(&watch),
    };
    let flag = control.signal_flag();
    let interrupt = thread::spawn(move || {
        sleep(Duration::from_millis(700));
        flag.store(INTERRUPT, Ordering::Relaxed);
        Instant::now()
    });
    let plan = Plan { duration: Duration::from_secs(60), max_temperature: None };
    run(vec![job], plan, &control);
    let ended = Instant::now();
    assert_eq!(judge(&[&watch], None, &control).exit_status, 130);
    let came = interrupt.join().expect("it does not panic");
    let batches = watch.phase().map_or(0, |phase| phase.total().batches);
    (ended.duration_since(came), control, batches)
}

#[test]
fn a_device_that_hangs_is_left_to_itself_and_what_it_did_is_kept() {
    let (took, control, batches) = interrupted(5);
    assert!(took < Duration::from_secs(4), "{took:?}");
    assert!(control.has_left(), "the process has to end without it");
    assert!((1..5).contains(&batches), "{batches}");
}

#[test]
fn a_device_that_ends_its_batch_is_waited_for() {
    let (took, control, batches) = interrupted(u32::MAX);
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(!control.has_left() && batches > 1, "{batches}");
}
