//! Owns the backend `torch`: products of matrices through the library of a processor's maker.

mod matmul;

use tch::{Cuda, Device, Kind};

use crate::load::{Load, Maker};
use crate::{Failure, Kernel, Precision, Task};

/// What it computes in, from the finest to the coarsest. Not tf32, as `tch` has no way to ask for
/// it.
pub const PRECISIONS: [Precision; 4] =
    [Precision::F64, Precision::F32, Precision::Bf16, Precision::F16];

/// A processor that `PyTorch` reaches.
#[derive(Clone, Copy, Debug)]
pub struct Torch(Device);

impl Torch {
    /// The CPU, with so many threads.
    #[must_use]
    pub fn cpu(threads: usize) -> Self {
        tch::set_num_threads(i32::try_from(threads).unwrap_or(i32::MAX));
        Self(Device::Cpu)
    }

    /// The GPUs of CUDA, in its own order.
    #[must_use]
    pub fn gpus() -> Vec<Self> {
        let count = usize::try_from(Cuda::device_count()).unwrap_or(0);
        (0..count).map(|index| Self(Device::Cuda(index))).collect()
    }
}

impl Maker for Torch {
    fn make(&self, task: Task, memory: u64, seed: u32) -> Result<Box<dyn Load>, Failure> {
        match (task.kernel, task.precision) {
            (Kernel::Matmul, Some(precision)) if PRECISIONS.contains(&precision) => {
                Ok(Box::new(matmul::Matmul::new(self.0, precision, memory, seed)?))
            }
            _ => Err(Failure::Unsupported(format!("no {task} with torch"))),
        }
    }
}

const fn kind(precision: Precision) -> Kind {
    match precision {
        Precision::F64 => Kind::Double,
        Precision::F32 | Precision::Tf32 => Kind::Float,
        Precision::Bf16 => Kind::BFloat16,
        Precision::F16 => Kind::Half,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` passes")]
fn failure(error: tch::TchError) -> Failure {
    let text = error.to_string();
    if text.contains("out of memory") || text.contains("not enough memory") {
        return Failure::Memory;
    }
    let line = text.lines().next().unwrap_or_default().to_owned();
    if text.contains("CUDA error") { Failure::Lost(line) } else { Failure::Driver(line) }
}
