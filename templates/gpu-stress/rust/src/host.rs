//! Owns what is known of the host: its name, its processor, its memory.

use std::path::Path;
use std::thread;

use serde::{Deserialize, Serialize};
use sysinfo::{Cpu, CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

use crate::cgroup;

/// The host, as a report has it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// Its kernel and that one's release, as `uname -sr` tells them.
    pub system: String,
    /// Its processor.
    pub cpu: String,
    /// Cores that this process may use.
    pub cores: u128,
    /// All of its memory, whatever this process may have of it.
    pub memory_bytes: u128,
}

/// Cores that this process may use, by its affinity and its cgroup; part of one counts only where it
/// is all there is.
#[must_use]
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

impl Host {
    /// Looks at the host.
    #[must_use]
    pub fn look() -> Self {
        let kind = RefreshKind::nothing()
            .with_cpu(CpuRefreshKind::nothing())
            .with_memory(MemoryRefreshKind::nothing().with_ram());
        let system = System::new_with_specifics(kind);
        let words = |cpu: &Cpu| cpu.brand().split_whitespace().collect::<Vec<_>>().join(" ");
        let brand = system.cpus().first().map(words);
        Self {
            name: System::host_name().unwrap_or_else(|| "unknown".into()),
            system: kernel(),
            cpu: brand.filter(|brand| !brand.is_empty()).unwrap_or_else(|| "unknown".into()),
            cores: cores() as u128,
            memory_bytes: system.total_memory().max(1).into(),
        }
    }
}

fn kernel() -> String {
    let name = match std::env::consts::OS {
        "linux" => "Linux",
        "macos" => "Darwin",
        "windows" => "Windows",
        other => other,
    };
    format!("{name} {}", System::kernel_version().unwrap_or_default()).trim_end().into()
}

/// All bytes of the host's memory.
#[must_use]
pub fn total_memory() -> u64 {
    let kind = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    System::new_with_specifics(kind).total_memory()
}

/// Bytes that the host has available, or its cgroup has left.
#[must_use]
pub fn available_memory() -> u64 {
    let kind = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(kind);
    let of_group = cgroup::free_memory(Path::new("/")).unwrap_or(u64::MAX);
    system.available_memory().min(of_group)
}
