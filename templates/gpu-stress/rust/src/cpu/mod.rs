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

/// Makes sure that so many bytes can be had, rather than to be ended for want of them.
fn reserve(bytes: u64) -> Result<(), Failure> {
    let mut probe = Vec::<u8>::new();
    probe.try_reserve_exact(crate::number::size(bytes)).map_err(|_| Failure::Memory)
}
