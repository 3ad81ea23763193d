//! Owns the kernels on the CPU: the load of one core, on vectors as wide as the core has them.

mod fma;
mod matmul;
mod memory;
mod real;

use crate::load::{Load, Maker};
use crate::{Failure, Kernel, Precision, Task};

/// What the CPU computes in.
pub const PRECISIONS: [Precision; 2] = [Precision::F32, Precision::F64];

/// The CPU, one core of it a load.
#[derive(Clone, Copy, Debug)]
pub struct Cpu;

impl Maker for Cpu {
    fn make(&self, task: Task, memory: u64, seed: u32) -> Result<Box<dyn Load>, Failure> {
        let _spare = reserve()?;
        Ok(match (task.kernel, task.precision) {
            (Kernel::Memory, _) => Box::new(memory::Memory::new(memory, seed)?),
            (Kernel::Fma, Some(Precision::F32)) => Box::new(fma::Fma::<f32>::new(seed)),
            (Kernel::Fma, Some(Precision::F64)) => Box::new(fma::Fma::<f64>::new(seed)),
            (Kernel::Matmul, Some(Precision::F32)) => {
                Box::new(matmul::Matmul::<f32>::new(memory, seed)?)
            }
            (Kernel::Matmul, Some(Precision::F64)) => {
                Box::new(matmul::Matmul::<f64>::new(memory, seed)?)
            }
            _ => return Err(Failure::Unsupported(format!("no {task} on the CPU"))),
        })
    }
}

/// Bytes that stay free beside a load for what else the program does, as for its report.
const SPARE: usize = 32 << 20;

/// Takes what is to stay free, for as long as a load is made.
fn reserve() -> Result<Vec<u8>, Failure> {
    let mut spare = Vec::new();
    spare.try_reserve_exact(SPARE).map_err(|_| Failure::Memory)?;
    Ok(spare)
}

/// So many zeros, if there is memory for them. The system gives a page when it is written to, so
/// that this takes no time.
fn zeros<T: bytemuck::Zeroable>(count: usize) -> Result<Vec<T>, Failure> {
    let zeros = bytemuck::allocation::try_zeroed_slice_box(count);
    Ok(zeros.map_err(|()| Failure::Memory)?.into_vec())
}
