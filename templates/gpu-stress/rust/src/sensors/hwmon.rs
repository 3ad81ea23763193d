//! Owns the sensors of the CPU: `hwmon` or `thermal` below `/sys`, and what the system counts.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

use super::files::{entries, mean, number, numbers};
use super::{Limits, Reading, Reasons, Sensors, Source, give_reason};

/// The sensors of a CPU, of all its sockets.
pub struct Hwmon {
    /// The folders of `coretemp` or `k10temp`, or of thermal zones.
    folders: Vec<PathBuf>,
    source: Option<Source>,
    root: PathBuf,
    system: System,
}

impl Hwmon {
    /// Looks for sensors below this folder, which is `/`.
    #[must_use]
    pub fn find(root: &Path) -> Self {
        let is_of_cpu = |folder: &PathBuf| {
            let name = fs::read_to_string(folder.join("name")).unwrap_or_default();
            matches!(name.trim(), "coretemp" | "k10temp")
        };
        let own: Vec<_> =
            entries(&root.join("sys/class/hwmon")).into_iter().filter(is_of_cpu).collect();
        let zones: Vec<_> = entries(&root.join("sys/class/thermal"))
            .into_iter()
            .filter(|zone| number(&zone.join("temp")).is_ok())
            .collect();
        let has_own = own.iter().any(|folder| !numbers(folder, "temp", "_input").is_empty());
        let (folders, source) = match (has_own, zones.is_empty()) {
            (true, _) => (own, Some(Source::Hwmon)),
            (false, false) => (zones, Some(Source::Thermal)),
            (false, true) => (Vec::new(), None),
        };
        let kind = RefreshKind::nothing()
            .with_cpu(CpuRefreshKind::nothing().with_cpu_usage())
            .with_memory(MemoryRefreshKind::nothing().with_ram());
        let system = System::new_with_specifics(kind);
        Self { folders, source, root: root.to_owned(), system }
    }

    /// What all files with such names say, in degrees Celsius.
    fn degrees(&self, end: &str) -> impl Iterator<Item = f64> {
        self.folders
            .iter()
            .flat_map(move |folder| numbers(folder, "temp", end))
            .map(|thousandths| thousandths / 1000.0)
    }

    /// The mean of all cores.
    fn clock_mhz(&self) -> Option<f64> {
        let cores = entries(&self.root.join("sys/devices/system/cpu")).into_iter();
        let clock = |core: PathBuf| number(&core.join("cpufreq/scaling_cur_freq")).ok();
        let clocks: Vec<_> = cores.filter_map(clock).map(|kilohertz| kilohertz / 1000.0).collect();
        mean(&clocks).or_else(|| {
            let text = fs::read_to_string(self.root.join("proc/cpuinfo")).unwrap_or_default();
            let lines = text.lines().filter(|line| line.starts_with("cpu MHz"));
            let clocks = lines.filter_map(|line| line.split_once(':')?.1.trim().parse().ok());
            mean(&clocks.collect::<Vec<_>>())
        })
    }

    /// Why power is not told: only an administrator may read how much energy was used.
    fn why_no_power(&self) -> &'static str {
        let meters = entries(&self.root.join("sys/class/powercap"));
        let mut meters = meters.into_iter().map(|meter| meter.join("energy_uj"));
        match meters.find(|meter| meter.exists()).map(File::open) {
            None => "no power meter",
            Some(Ok(_)) => "the power meter is not read",
            Some(Err(_)) => "Permission denied",
        }
    }
}

impl Sensors for Hwmon {
    fn source(&self) -> Option<Source> {
        self.source
    }

    fn limits(&mut self, reasons: &mut Reasons) -> Limits {
        // What comes first counts, where sensors differ.
        let slowdown_c = self.degrees("_crit").reduce(f64::min);
        if slowdown_c.is_none() {
            give_reason(reasons, &["slowdown_c"], "no sensor tells it");
        }
        give_reason(reasons, &["power_limit_w"], self.why_no_power());
        Limits { slowdown_c, power_w: None }
    }

    fn read(&mut self, reasons: &mut Reasons) -> Reading {
        self.system.refresh_cpu_usage();
        self.system.refresh_memory();
        let end = if self.source == Some(Source::Thermal) { "temp" } else { "_input" };
        let temperature_c = self.degrees(end).reduce(f64::max);
        if temperature_c.is_none() {
            let reason = "no coretemp, no k10temp and no thermal zone";
            give_reason(reasons, &["temperature_c"], reason);
        }
        let clock_mhz = self.clock_mhz();
        if clock_mhz.is_none() {
            give_reason(reasons, &["clock_mhz"], "the system does not tell it");
        }
        give_reason(reasons, &["power_w"], self.why_no_power());
        let unknown = ["memory_clock_mhz", "ecc_errors", "throttle"];
        give_reason(reasons, &unknown, "no sensor tells it");
        Reading {
            temperature_c,
            clock_mhz,
            utilisation_percent: Some(self.system.global_cpu_usage().into()),
            memory_used_bytes: Some(crate::number::float(self.system.used_memory())),
            ..Reading::default()
        }
    }
}
