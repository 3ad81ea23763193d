//! Owns what can be run: the kernels, and the precisions that they run in.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a device is loaded with.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kernel {
    /// Chains of multiply-adds in registers.
    Fma,
    /// Products of square matrices.
    Matmul,
    /// Patterns written and read back.
    Memory,
}

impl Kernel {
    /// In the order in which they run unless said.
    pub const ALL: [Self; 3] = [Self::Fma, Self::Matmul, Self::Memory];

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fma => "fma",
            Self::Matmul => "matmul",
            Self::Memory => "memory",
        }
    }

    /// Whether throughput is counted in operations, or else in bytes.
    #[must_use]
    pub const fn counts_operations(self) -> bool {
        !matches!(self, Self::Memory)
    }

    /// What a throughput is told in, and how much that is; in powers of ten.
    #[must_use]
    pub fn unit(self, throughput: f64) -> (&'static str, f64) {
        match self {
            Self::Memory => ("GB/s", 1e9),
            _ if throughput >= 1e12 => ("TFLOP/s", 1e12),
            _ => ("GFLOP/s", 1e9),
        }
    }

    /// A throughput for people.
    #[must_use]
    pub fn show(self, throughput: f64) -> String {
        let (unit, size) = self.unit(throughput);
        format!("{:.2} {unit}", throughput / size)
    }
}

/// What a kernel computes in.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 64 bits.
    F64,
    /// 32 bits.
    F32,
    /// 32 bits, of which 19 enter a product.
    Tf32,
    /// 16 bits with the range of 32.
    Bf16,
    /// 16 bits.
    F16,
}

impl Precision {
    /// From the finest to the coarsest.
    pub const ALL: [Self; 5] = [Self::F64, Self::F32, Self::Tf32, Self::Bf16, Self::F16];

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::F64 => "f64",
            Self::F32 => "f32",
            Self::Tf32 => "tf32",
            Self::Bf16 => "bf16",
            Self::F16 => "f16",
        }
    }

    /// Bytes of a number in memory.
    #[must_use]
    pub const fn size(self) -> u64 {
        match self {
            Self::F64 => 8,
            Self::F32 | Self::Tf32 => 4,
            Self::Bf16 | Self::F16 => 2,
        }
    }

    /// The unit roundoff: half the distance from 1 to the next number.
    #[must_use]
    pub fn unit(self) -> f64 {
        (-match self {
            Self::F64 => 53.0_f64,
            Self::F32 => 24.0,
            Self::Tf32 | Self::F16 => 11.0,
            Self::Bf16 => 8.0,
        })
        .exp2()
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A kernel in a precision; `memory` has none.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Task {
    /// The kernel.
    pub kernel: Kernel,
    /// What it computes in.
    pub precision: Option<Precision>,
}

impl Task {
    /// The tasks of these kernels and precisions, in the order given.
    #[must_use]
    pub fn all(kernels: &[Kernel], precisions: &[Precision]) -> Vec<Self> {
        let of = |kernel: &Kernel| match *kernel {
            Kernel::Memory => vec![Self { kernel: Kernel::Memory, precision: None }],
            kernel => precisions.iter().map(|&p| Self { kernel, precision: Some(p) }).collect(),
        };
        kernels.iter().flat_map(of).collect()
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.precision {
            Some(precision) => write!(f, "{} {precision}", self.kernel),
            None => write!(f, "{}", self.kernel),
        }
    }
}
