//! Every kernel in every precision: it keeps its reference, repeats itself, and has each flip found.

use std::thread;

use my_project::control::Control;
use my_project::cpu::{Cpu, PRECISIONS};
use my_project::load::{Flip, LEAST_MEMORY, Load, Maker};
use my_project::reference::Reference;
use my_project::selftest::{Score, selftest};
use my_project::{Kernel, Precision, Task};

use crate::lab::gpu;

/// Enough for several buffers and products, and little enough to be quick.
const MEMORY: u64 = 4 << 20;

/// Runs batches of two sizes, with flips among them; returns what the reference said.
fn exercise(maker: &dyn Maker, task: Task) -> Option<Reference> {
    let mut load = maker.make(task, MEMORY, 42).expect("it is made");
    let reference = load.reference().expect("it runs");
    match &reference {
        Some(reference) => {
            assert_eq!(reference.wrong.count, 0, "{task}: {reference:?}");
            assert!(reference.largest_error.is_some(), "all is finite: {reference:?}");
            assert!(reference.samples >= 2048, "each element was compared: {reference:?}");
        }
        None => assert_eq!(task.kernel, Kernel::Memory, "only memory needs no reference"),
    }
    let mut work = Vec::new();
    for size in [1, 3] {
        load.prepare(size).expect("it runs");
        for flip in [Flip::Fresh(u64::MAX), Flip::Held(0x1234_5678_9abc_def0)] {
            work.push(batch(&mut *load, size));
            check_flip(&mut *load, task, size, flip);
        }
    }
    assert!(work.iter().all(|work| *work > 0), "{task}: {work:?}");
    let allocated = load.allocated();
    assert!(allocated > 0 && allocated <= MEMORY, "{task}");
    let is_fma = task.kernel == Kernel::Fma;
    assert!(is_fma || allocated >= MEMORY / 100 * 85, "{task} leaves much unused: {allocated}");
    reference
}

/// No sample is off by more than the least of the bounds.
fn check_bound(task: Task, reference: Option<Reference>) {
    let Some(reference) = reference else { return };
    let largest = reference.largest_error.expect("all is finite");
    assert!(largest <= reference.tolerance, "{task}: {reference:?}");
}

fn batch(load: &mut dyn Load, size: u32) -> u64 {
    assert_eq!(load.start(size, None), Ok(None), "no bit is flipped");
    let done = load.finish().expect("it runs");
    assert_eq!(done.wrong.count, 0, "nothing was changed");
    done.operations + done.bytes
}

/// A flip is found at its place, and no trace of it is left in the batch that follows.
fn check_flip(load: &mut dyn Load, task: Task, size: u32, flip: Flip) {
    let place = load.start(size, Some(flip)).expect("it runs").expect("a bit is flipped");
    let wrong = load.finish().expect("it runs").wrong;
    assert_eq!((wrong.count, wrong.addresses), (1, vec![place]), "{task}, {flip:?}");
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
fn each_word_of_a_batch_is_verified_also_the_last_one() {
    let makers = [Some(Box::new(Cpu) as Box<dyn Maker>), gpu().map(|(_, gpu)| Box::new(gpu) as _)];
    for maker in makers.iter().flatten() {
        for task in Task::all(&Kernel::ALL, &[Precision::F32]) {
            let mut load = maker.make(task, 1 << 20, 3).expect("it is made");
            load.prepare(2).expect("it runs");
            // Of 2^17 words of products, and of 2^16 of buffers: the first and the last, and those
            // where one product or buffer ends and the next one begins.
            for word in [0, (1 << 15) - 1, 1 << 15, (1 << 16) - 1, 1 << 16, (1 << 17) - 1] {
                check_flip(&mut *load, task, 2, Flip::Fresh(word << 8));
            }
        }
    }
}

#[test]
fn a_memory_is_found_wrong_in_what_it_held_and_counts_what_it_wrote() {
    let makers = [Some(Box::new(Cpu) as Box<dyn Maker>), gpu().map(|(_, gpu)| Box::new(gpu) as _)];
    for maker in makers.iter().flatten() {
        let task = Task { kernel: Kernel::Memory, precision: None };
        let mut load = maker.make(task, 1 << 20, 3).expect("it is made");
        let all = load.allocated();
        assert_eq!(all, 1 << 20);
        assert_eq!(load.flip_held(8, 7), Ok(None), "it holds nothing yet");
        load.start(8, None).expect("it runs");
        let done = load.finish().expect("it runs");
        assert_eq!((done.written, done.bytes), (all, 2 * all), "each was written, then checked");
        let (buffer, word) = (3 * (all / 8), 77);
        let flip = Flip::Held((buffer / 4 + word) << 8);
        assert_eq!(load.start(8, Some(flip)), Ok(Some(buffer / 4 + word)));
        let done = load.finish().expect("it runs");
        assert_eq!((done.written, done.bytes), (all, 3 * all), "each was checked before, too");
        assert_eq!((done.wrong.count, done.wrong.addresses), (1, vec![buffer / 4 + word]));
    }
}

#[test]
fn several_batches_under_way_come_back_in_order() {
    let Some((_, gpu)) = gpu() else { return };
    for task in Task::all(&Kernel::ALL, &[Precision::F32]) {
        let mut load = gpu.make(task, LEAST_MEMORY, 1).expect("it is made");
        load.prepare(1).expect("it runs");
        let place = load.start(1, Some(Flip::Fresh(77))).expect("it runs").expect("it is flipped");
        load.start(1, None).expect("it runs");
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
        for _ in 0..300 {
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
