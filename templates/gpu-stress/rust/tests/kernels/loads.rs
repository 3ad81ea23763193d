//! Every kernel in every precision: it keeps its reference, repeats itself, and has each flip found.

use std::thread;

use my_project::control::Control;
use my_project::cpu::{Cpu, PRECISIONS};
use my_project::load::{LEAST_MEMORY, Load, Maker};
use my_project::reference::Reference;
use my_project::selftest::{Score, selftest};
use my_project::{Kernel, Precision, Task};

use crate::lab::gpu;

/// Runs batches of two sizes, with flips among them; returns what the reference said.
fn exercise(maker: &dyn Maker, task: Task) -> Option<Reference> {
    let mut load = maker.make(task, LEAST_MEMORY, 42).expect("it is made");
    let reference = load.reference().expect("it runs");
    match &reference {
        Some(reference) => {
            assert_eq!(reference.wrong.count, 0, "{task}: {reference:?}");
            assert!(reference.largest_error.is_some(), "all is finite: {reference:?}");
        }
        None => assert_eq!(task.kernel, Kernel::Memory, "only memory needs no reference"),
    }
    let mut work = Vec::new();
    for size in [1, 3] {
        load.prepare(size).expect("it runs");
        for random in [3, 0x1234_5678_9abc_def0_u64, u64::MAX] {
            work.push(batch(&mut *load, size));
            check_flip(&mut *load, task, size, random);
        }
    }
    assert!(work.iter().all(|work| *work > 0), "{task}: {work:?}");
    assert!(load.allocated() > 0 && load.allocated() <= LEAST_MEMORY, "{task}");
    reference
}

/// No sample is off by more than the least of the bounds.
fn check_bound(task: Task, reference: Option<Reference>) {
    let Some(reference) = reference else { return };
    let largest = reference.largest_error.expect("all is finite");
    assert!(largest <= reference.tolerance, "{task}: {reference:?}");
}

fn batch(load: &mut dyn Load, size: u32) -> u64 {
    load.compute(size).expect("it runs");
    load.verify().expect("it runs");
    let done = load.finish().expect("it runs");
    assert_eq!(done.wrong.count, 0, "nothing was changed");
    done.operations + done.bytes
}

fn check_flip(load: &mut dyn Load, task: Task, size: u32, random: u64) {
    load.compute(size).expect("it runs");
    let place = load.flip(random).expect("it can be changed");
    load.verify().expect("it runs");
    let wrong = load.finish().expect("it runs").wrong;
    assert_eq!((wrong.count, wrong.addresses), (1, vec![place]), "{task}");
    assert_eq!(load.flip(random), Ok(place), "the same bit goes back");
}

#[test]
fn the_cpu_runs_every_kernel_in_every_precision() {
    for task in Task::all(&Kernel::ALL, &PRECISIONS) {
        check_bound(task, exercise(&Cpu, task));
    }
    let task = Task { kernel: Kernel::Fma, precision: Some(Precision::F16) };
    assert!(Cpu.make(task, LEAST_MEMORY, 1).is_err(), "the CPU has no f16");
}

#[test]
fn a_gpu_runs_every_kernel_in_every_precision() {
    let Some((found, gpu)) = gpu() else { return };
    for task in Task::all(&Kernel::ALL, &found.precisions) {
        check_bound(task, exercise(&gpu, task));
    }
}

#[test]
fn a_selftest_catches_every_flip() {
    let full = Score { flips: 6, caught: 6, rounds_without: 6, false_alarms: 0 };
    let makers = [Some(Box::new(Cpu) as Box<dyn Maker>), gpu().map(|(_, gpu)| Box::new(gpu) as _)];
    for maker in makers.iter().flatten() {
        let mut score = Score::default();
        selftest(&**maker, 2, &Control::default(), |now| score = now).expect("it runs");
        assert_eq!(score, full);
    }
}

#[test]
fn several_batches_under_way_come_back_in_order() {
    let Some((_, gpu)) = gpu() else { return };
    for task in Task::all(&Kernel::ALL, &[Precision::F32]) {
        let mut load = gpu.make(task, LEAST_MEMORY, 1).expect("it is made");
        load.prepare(1).expect("it runs");
        load.compute(1).expect("it runs");
        let place = load.flip(77).expect("it can be changed");
        load.verify().expect("it runs");
        load.flip(77).expect("it can be changed back");
        load.compute(1).expect("it runs");
        load.verify().expect("it runs");
        let wrong = load.finish().expect("it runs").wrong;
        assert_eq!((wrong.count, wrong.addresses), (1, vec![place]), "{task}");
        assert_eq!(load.finish().expect("it runs").wrong.count, 0, "{task}");
        assert!(load.finish().is_err(), "no third one is under way");
    }
}

#[test]
fn threads_that_share_a_gpu_do_not_disturb_each_other() {
    let Some((_, gpu)) = gpu() else { return };
    let task = Task { kernel: Kernel::Fma, precision: Some(Precision::F32) };
    let work = || {
        let mut load = gpu.make(task, 1 << 16, 1).expect("it is made");
        load.prepare(1).expect("it runs");
        for _ in 0..1000 {
            batch(&mut *load, 1);
        }
    };
    thread::scope(|scope| (0..8).for_each(|_| drop(scope.spawn(work))));
}

#[test]
#[cfg(feature = "torch")]
fn torch_multiplies_in_every_precision() {
    use my_project::torch::{PRECISIONS, Torch};

    for task in Task::all(&[Kernel::Matmul], &PRECISIONS) {
        let reference = exercise(&Torch::cpu(1), task);
        // Its products are rounded to 16 bits in the end, so that there each has a bound of its own.
        if task.precision.is_some_and(|precision| precision.size() > 2) {
            check_bound(task, reference);
        }
    }
    let task = Task { kernel: Kernel::Matmul, precision: Some(Precision::Tf32) };
    assert!(Torch::cpu(1).make(task, LEAST_MEMORY, 1).is_err(), "nothing asks for tf32");
}
