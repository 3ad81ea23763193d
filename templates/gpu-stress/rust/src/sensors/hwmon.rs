//! Owns the sensors of the CPU: `hwmon` or `thermal` below `/sys`, and what the system counts.

use std::fs;
use std::path::{Path, PathBuf};

use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

use super::files::{entries, first_number, largest, number, numbers};
use super::{Limits, Reading, Reasons, Sensors, Source, give_reason};

/// The sensors of a CPU.
pub struct Hwmon {
    /// The folder of `coretemp` or `k10temp`, or of a thermal zone.
    folders: Vec<PathBuf>,
    source: Option<Source>,
    frequency: PathBuf,
    system: System,
}

impl Hwmon {
    /// Looks for sensors below this folder, which is `/sys`.
    #[must_use]
    pub fn find(root: &Path) -> Self {
        let is_of_cpu = |folder: &PathBuf| {
            let name = fs::read_to_string(folder.join("name")).unwrap_or_default();
            matches!(name.trim(), "coretemp" | "k10temp")
        };
        let own: Vec<_> =
            entries(&root.join("class/hwmon")).into_iter().filter(is_of_cpu).collect();
        let zones: Vec<_> = entries(&root.join("class/thermal"))
            .into_iter()
            .filter(|zone| number(&zone.join("temp")).is_ok())
            .collect();
        let (folders, source) = match (own.is_empty(), zones.is_empty()) {
            (false, _) => (own, Some(Source::Hwmon)),
            (true, false) => (zones, Some(Source::Thermal)),
            (true, true) => (Vec::new(), None),
        };
        let kind = RefreshKind::nothing()
            .with_cpu(CpuRefreshKind::nothing().with_cpu_usage())
            .with_memory(MemoryRefreshKind::nothing().with_ram());
        Self {
            folders,
            source,
            frequency: root.join("devices/system/cpu/cpu0/cpufreq"),
            system: System::new_with_specifics(kind),
        }
    }

    /// The highest of all sensors, in degrees Celsius.
    fn highest(&self, file: &str) -> Option<f64> {
        let of_folder = |folder: &PathBuf| match self.source {
            Some(Source::Thermal) => numbers(folder, "temp", "temp"),
            _ => numbers(folder, "temp", file),
        };
        let all: Vec<_> = self.folders.iter().flat_map(of_folder).collect();
        largest(&all).map(|thousandths| thousandths / 1000.0)
    }
}

impl Sensors for Hwmon {
    fn source(&self) -> Option<Source> {
        self.source
    }

    fn limits(&mut self, reasons: &mut Reasons) -> Limits {
        let slowdown_c = match self.source {
            Some(Source::Hwmon) => self.highest("_crit"),
            _ => None,
        };
        if slowdown_c.is_none() {
            give_reason(reasons, &["slowdown_c"], "the sensors of the CPU do not tell it");
        }
        give_reason(reasons, &["power_limit_w"], "not known for a CPU");
        Limits { slowdown_c, power_w: None }
    }

    fn read(&mut self, reasons: &mut Reasons) -> Reading {
        self.system.refresh_cpu_usage();
        self.system.refresh_memory();
        let temperature_c = self.highest("_input");
        if temperature_c.is_none() {
            let reason = "neither coretemp, k10temp nor a thermal zone is there";
            give_reason(reasons, &["temperature_c"], reason);
        }
        let clock = first_number(&self.frequency, &["scaling_cur_freq"]);
        if let Err(reason) = &clock {
            give_reason(reasons, &["clock_mhz"], reason);
        }
        let unknown = ["power_w", "memory_clock_mhz", "ecc_errors", "throttle"];
        give_reason(reasons, &unknown, "not known for a CPU");
        Reading {
            temperature_c,
            clock_mhz: clock.ok().map(|kilohertz| kilohertz / 1000.0),
            utilisation_percent: Some(self.system.global_cpu_usage().into()),
            memory_used_bytes: Some(crate::number::float(self.system.used_memory())),
            ..Reading::default()
        }
    }
}
