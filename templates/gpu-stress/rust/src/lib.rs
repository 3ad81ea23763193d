//! Loads a processor to its limit, and says whether it held.
//!
//! A [`load::Load`] is a kernel on a device, made by a [`load::Maker`]; [`session::run`] drives loads
//! in batches, each verified, and [`verdict::judge`] says what came of it.
//! What is right is written down in the contract, beside the sources in `contract/README.md`.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//! use my_project::control::Control;
//! use my_project::cpu::Cpu;
//! use my_project::load::Maker;
//! use my_project::{Kernel, Precision, Task};
//!
//! let task = Task { kernel: Kernel::Fma, precision: Some(Precision::F32) };
//! let mut load = Cpu.make(task, 1 << 24, 7)?;
//! let reference = load.reference()?.expect("fma has one");
//! assert_eq!(reference.wrong.count, 0);
//! load.prepare(1000)?;
//! load.start(1000, None)?;
//! assert_eq!(load.finish()?.wrong.count, 0);
//! # Ok::<(), my_project::Failure>(())
//! ```

pub mod assemble;
pub mod batches;
pub mod buffers;
pub mod cgroup;
pub mod control;
pub mod cpu;
pub mod device;
pub mod devices;
mod error;
pub mod gpu;
pub mod host;
mod kernel;
pub mod load;
pub mod matrices;
pub mod meter;
pub mod number;
pub mod phase;
pub mod plot;
pub mod random;
pub mod reference;
pub mod report;
mod sampler;
pub mod seed;
pub mod selftest;
pub mod sensors;
pub mod session;
pub mod settings;
pub mod text;
#[cfg(feature = "torch")]
pub mod torch;
pub mod verdict;
pub mod watch;

pub use error::{Error, Failure};
pub use kernel::{Kernel, Precision, Task};
