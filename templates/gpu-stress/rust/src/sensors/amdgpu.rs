//! Owns the sensors of AMD's GPUs: the files that their driver shows below `/sys`.

use std::path::{Path, PathBuf};

use super::files::{entries, first_number, number};
use super::{Address, Limits, Reading, Reasons, Sensors, Source, give_reason};

/// AMD's number at the PCI-SIG.
pub(super) const VENDOR: u32 = 0x1002;

/// The sensors of a GPU.
#[derive(Clone, Debug)]
pub struct Amdgpu {
    device: PathBuf,
    hwmon: PathBuf,
}

impl Amdgpu {
    /// Looks for a device below this folder, which is `/sys`.
    #[must_use]
    pub fn find(root: &Path, address: Address) -> Option<Self> {
        let device = root.join("bus/pci/devices").join(address.to_string());
        let hwmon = entries(&device.join("hwmon")).into_iter().next()?;
        Some(Self { device, hwmon })
    }

    /// Bytes of memory: all, and those in use.
    #[must_use]
    pub fn memory(&self) -> Option<(u64, u64)> {
        let read = |name| number(&self.device.join(name)).ok().map(crate::number::whole);
        Some((read("mem_info_vram_total")?, read("mem_info_vram_used")?))
    }
}

/// Divides what a file holds, and says why where it holds nothing.
fn scaled(
    reasons: &mut Reasons,
    name: &str,
    answer: Result<f64, String>,
    divisor: f64,
) -> Option<f64> {
    if let Err(reason) = &answer {
        give_reason(reasons, &[name], reason);
    }
    answer.ok().map(|number| number / divisor)
}

impl Sensors for Amdgpu {
    fn source(&self) -> Option<Source> {
        Some(Source::Amdgpu)
    }

    fn limits(&mut self, reasons: &mut Reasons) -> Limits {
        let slowdown = number(&self.hwmon.join("temp1_crit"));
        let power = number(&self.hwmon.join("power1_cap"));
        Limits {
            slowdown_c: scaled(reasons, "slowdown_c", slowdown, 1e3),
            power_w: scaled(reasons, "power_limit_w", power, 1e6),
        }
    }

    fn read(&mut self, reasons: &mut Reasons) -> Reading {
        let hwmon = |names: &[&str]| first_number(&self.hwmon, names);
        let device = |name| number(&self.device.join(name));
        let unknown = ["ecc_errors", "throttle"];
        give_reason(reasons, &unknown, "the driver amdgpu does not tell it");
        let temperature = hwmon(&["temp1_input"]);
        let power = hwmon(&["power1_average", "power1_input"]);
        let (clock, memory_clock) = (hwmon(&["freq1_input"]), hwmon(&["freq2_input"]));
        let (busy, used) = (device("gpu_busy_percent"), device("mem_info_vram_used"));
        Reading {
            temperature_c: scaled(reasons, "temperature_c", temperature, 1e3),
            power_w: scaled(reasons, "power_w", power, 1e6),
            clock_mhz: scaled(reasons, "clock_mhz", clock, 1e6),
            memory_clock_mhz: scaled(reasons, "memory_clock_mhz", memory_clock, 1e6),
            utilisation_percent: scaled(reasons, "utilisation_percent", busy, 1.0),
            memory_used_bytes: scaled(reasons, "memory_used_bytes", used, 1.0),
            ..Reading::default()
        }
    }
}
