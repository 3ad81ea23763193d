//! Owns the arguments: what may be said on the command line, and what it means.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use my_project::settings::{parse_count, parse_device};
use my_project::settings::{parse_duration, parse_fraction};
use my_project::settings::{parse_temperature, parse_throughput};
use my_project::{Kernel, Precision};

use super::examples;

#[derive(Parser)]
#[command(name = "my-project", version, about, after_help = examples::ALL)]
#[command(disable_help_subcommand = true, args_conflicts_with_subcommands = true)]
#[command(args_override_self = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Load every core, and verify all that is computed.
    #[command(after_help = examples::CPU)]
    Cpu {
        #[command(flatten)]
        run: Run,
        #[command(flatten)]
        threads: Threads,
        /// What computes.
        #[arg(long, value_enum, value_name = "B", default_value = "native")]
        backend: CpuBackend,
    },
    /// Load GPUs, with a host thread for each.
    #[command(after_help = examples::GPU)]
    Gpu {
        #[command(flatten)]
        run: Run,
        #[command(flatten)]
        gpus: Gpus,
    },
    /// Load GPUs, with several host threads for each.
    #[command(after_help = examples::TGPU)]
    Tgpu {
        #[command(flatten)]
        run: Run,
        #[command(flatten)]
        gpus: Gpus,
        #[command(flatten)]
        threads: Threads,
    },
    /// Show the devices, and what each can do.
    #[command(after_help = examples::LIST)]
    List {
        /// Write them to this file as JSON; `-` is standard output. [default: none]
        #[arg(long, value_name = "FILE", value_parser = path())]
        json: Option<PathBuf>,
    },
    /// Inject faults, and show that each is caught.
    #[command(after_help = examples::SELFTEST)]
    Selftest {
        #[command(subcommand)]
        device: SelftestDevice,
    },
    /// Print reports as a table, and draw the first.
    #[command(after_help = examples::REPORT)]
    Report {
        /// Reports that runs have written.
        #[arg(value_name = "FILE", required = true, value_parser = path())]
        files: Vec<PathBuf>,
        /// Draw the first report to this file; `-` is standard output. [default: none]
        #[arg(long, value_name = "FILE", value_parser = path())]
        svg: Option<PathBuf>,
    },
    /// Print the GPUs as JSON, for what must outlive a driver that crashes.
    #[command(hide = true)]
    Probe {
        /// See only whether they answer.
        #[arg(long)]
        drivers: bool,
    },
}

#[derive(Subcommand)]
pub(crate) enum SelftestDevice {
    /// The CPU.
    Cpu {
        #[command(flatten)]
        rounds: Rounds,
    },
    /// GPUs.
    Gpu {
        #[command(flatten)]
        rounds: Rounds,
        #[command(flatten)]
        choice: Choosing,
    },
}

/// How long, what, and what is too much.
#[derive(Args)]
pub(crate) struct Run {
    /// How long all kernels run together, such as 60s, 10m or 1h.
    #[arg(long, value_name = "D", value_parser = parse_duration, default_value = "60s")]
    #[arg(allow_hyphen_values = true)]
    pub(crate) duration: Duration,
    /// What to run; may be repeated. [default: all in turn]
    #[arg(long, value_enum, value_name = "KERNEL")]
    pub(crate) kernel: Vec<KernelName>,
    /// What to compute in; may be repeated. [default: f32]
    #[arg(long, value_enum, value_name = "P")]
    pub(crate) precision: Vec<PrecisionName>,
    /// The share of free memory to fill. [default: 0.9, or 0.5 of the host's own]
    #[arg(long, value_name = "X", value_parser = parse_fraction, allow_hyphen_values = true)]
    pub(crate) memory_fraction: Option<f64>,
    /// Stop at this temperature, in °C. [default: 3 below the slowdown threshold]
    #[arg(long, value_name = "C", value_parser = parse_temperature, allow_hyphen_values = true)]
    pub(crate) max_temperature: Option<f64>,
    /// Hold each kernel's median to so many operations or bytes a second, such as 9.5T.
    /// [default: none]
    #[arg(long, value_name = "X", value_parser = parse_throughput, allow_hyphen_values = true)]
    pub(crate) min_throughput: Option<f64>,
    /// Write the report to this file; `-` is standard output. [default: none]
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub(crate) json: Option<PathBuf>,
    /// Show no live lines, only why a run has not held. [default: off]
    #[arg(long)]
    pub(crate) quiet: bool,
}

#[derive(Args)]
pub(crate) struct Threads {
    /// So many threads, 1 to 1024. [default: the cores that may be used; 4 for each GPU]
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    #[arg(value_parser = |text: &str| parse_count(text, 1024))]
    pub(crate) threads: Option<u32>,
}

#[derive(Args)]
pub(crate) struct Gpus {
    #[command(flatten)]
    pub(crate) choice: Choosing,
    /// Whose sensors to read: auto, none, or a UUID or PCI address of NVML.
    #[arg(long, value_name = "auto|none|UUID", default_value = "auto")]
    pub(crate) sensors: String,
    /// What computes.
    #[arg(long, value_enum, value_name = "B", default_value = "wgpu")]
    pub(crate) backend: GpuBackend,
}

#[derive(Args)]
pub(crate) struct Choosing {
    /// Which device, as `list` has it; may be repeated. [default: all]
    #[arg(long, value_name = "all|INDEX|UUID", allow_hyphen_values = true)]
    #[arg(value_parser = parse_device)]
    pub(crate) device: Vec<String>,
    /// Take a software adapter for a device. [default: off]
    #[arg(long)]
    pub(crate) allow_software: bool,
}

#[derive(Args)]
pub(crate) struct Rounds {
    /// Flips of each kernel.
    #[arg(long, value_name = "N", default_value = "100", allow_hyphen_values = true)]
    #[arg(value_parser = |text: &str| parse_count(text, 100_000))]
    pub(crate) rounds: u32,
    /// Write the report to this file; `-` is standard output. [default: none]
    #[arg(long, value_name = "FILE", value_parser = path())]
    pub(crate) json: Option<PathBuf>,
}

/// What is said of a path that is empty.
pub(crate) const EMPTY: &str = "an empty name";

/// Reads a path in whatever letters it is written.
fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new()
        .try_map(|name| if name.is_empty() { Err(EMPTY) } else { Ok(PathBuf::from(name)) })
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum CpuBackend {
    Native,
    Torch,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum GpuBackend {
    Wgpu,
    Torch,
}

/// Declares the words of an option, and what they stand for in the library.
macro_rules! words {
    ($name:ident means $meaning:ident { $($word:ident),+ }) => {
        #[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
        pub(crate) enum $name { $($word),+ }

        impl From<$name> for $meaning {
            fn from(name: $name) -> Self {
                match name { $($name::$word => Self::$word),+ }
            }
        }
    };
}

words!(KernelName means Kernel { Fma, Matmul, Memory });
words!(PrecisionName means Precision { F64, F32, Tf32, Bf16, F16 });
