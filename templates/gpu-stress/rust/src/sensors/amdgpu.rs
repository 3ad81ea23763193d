//! Owns the sensors of AMD's GPUs: the files that their driver shows below `/sys`.

use std::fs;
use std::path::{Path, PathBuf};

use super::files::{entries, first_number, number};
use super::{Address, Limits, Reading, Reasons, Sensors, Source, give_reason};

/// AMD's number at the PCI-SIG.
pub const VENDOR: u32 = 0x1002;

/// The sensors of a GPU.
#[derive(Clone, Debug)]
pub struct Amdgpu {
    device: PathBuf,
    hwmon: PathBuf,
}

impl Amdgpu {
    /// Looks for a device below this folder, which is `/sys`: the one at a place, or where none is
    /// given the only one with this number of its maker's.
    #[must_use]
    pub fn find(root: &Path, place: Option<&str>, number: u32) -> Option<Self> {
        let devices = root.join("bus/pci/devices");
        if let Some(place) = place {
            return Self::of(devices.join(place.parse::<Address>().ok()?.to_string()));
        }
        let holds = |device: &Path, name, number| {
            fs::read_to_string(device.join(name))
                .is_ok_and(|text| text.trim() == format!("{number:#06x}"))
        };
        let is_meant =
            |device: &PathBuf| holds(device, "vendor", VENDOR) && holds(device, "device", number);
        let mut same = entries(&devices).into_iter().filter(is_meant).filter_map(Self::of);
        same.next().filter(|_| same.next().is_none())
    }

    fn of(device: PathBuf) -> Option<Self> {
        let hwmon = entries(&device.join("hwmon")).into_iter().next()?;
        Some(Self { device, hwmon })
    }

    /// A name that no other has, where the card knows one.
    #[must_use]
    pub fn uuid(&self) -> Option<String> {
        let text = fs::read_to_string(self.device.join("unique_id")).ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
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
