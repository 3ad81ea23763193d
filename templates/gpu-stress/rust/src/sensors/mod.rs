//! Owns sensors: what they say, and why one says nothing. What is not there is never a zero.

mod amdgpu;
mod card;
mod files;
mod hwmon;
mod nvml;
mod pci;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use amdgpu::{Amdgpu, VENDOR as AMD};
pub use card::throttle_reasons;
pub use hwmon::Hwmon;
pub use nvml::{Card, LazyNvml, Nvml, VENDOR as NVIDIA};
pub use pci::Address;

/// Where readings come from.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// NVIDIA's library.
    Nvml,
    /// The files of the driver `amdgpu`.
    Amdgpu,
    /// The CPU's own sensors, `coretemp` or `k10temp`.
    Hwmon,
    /// The hottest zone of the board.
    Thermal,
}

/// What the sensors of a device said at one time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Degrees Celsius.
    pub temperature_c: Option<f64>,
    /// Watts.
    pub power_w: Option<f64>,
    /// Of the arithmetic units.
    pub clock_mhz: Option<f64>,
    /// Of the memory.
    pub memory_clock_mhz: Option<f64>,
    /// Of the last second or so.
    pub utilisation_percent: Option<f64>,
    /// By all programs.
    pub memory_used_bytes: Option<f64>,
    /// That could not be corrected, since the driver was loaded.
    pub ecc_errors: Option<f64>,
    /// Why clocks are held down; empty where they are not.
    pub throttle: Option<Vec<String>>,
    /// Why there will be no more readings: the device is gone.
    pub lost: Option<String>,
}

/// Why sensors are not there, by their names.
pub type Reasons = BTreeMap<String, String>;

/// The names of all readings, and of the limits.
pub const NAMES: [&str; 10] = [
    "temperature_c",
    "power_w",
    "clock_mhz",
    "memory_clock_mhz",
    "utilisation_percent",
    "memory_used_bytes",
    "ecc_errors",
    "throttle",
    "slowdown_c",
    "power_limit_w",
];

/// Limits of a device, as far as its sensors know them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// The temperature from which on the device slows itself down.
    pub slowdown_c: Option<f64>,
    /// The power that it may take.
    pub power_w: Option<f64>,
}

/// The sensors of one device.
pub trait Sensors: Send {
    /// Where readings come from.
    fn source(&self) -> Option<Source>;

    /// The device's limits; what is not there is given a reason.
    fn limits(&mut self, reasons: &mut Reasons) -> Limits;

    /// What the sensors say now; what is not there is given a reason.
    fn read(&mut self, reasons: &mut Reasons) -> Reading;
}

/// No sensors, for one reason.
#[derive(Clone, Debug)]
pub struct Absent(pub String);

impl Sensors for Absent {
    fn source(&self) -> Option<Source> {
        None
    }

    fn limits(&mut self, reasons: &mut Reasons) -> Limits {
        give_reason(reasons, &NAMES, &self.0);
        Limits::default()
    }

    fn read(&mut self, _: &mut Reasons) -> Reading {
        Reading::default()
    }
}

/// Says why these sensors are not there, unless that was said.
pub(crate) fn give_reason(reasons: &mut Reasons, names: &[&str], reason: &str) {
    for name in names {
        reasons.entry((*name).into()).or_insert_with(|| reason.into());
    }
}

/// Finds the sensors of a GPU by where it sits, or by its maker and kind if only one is like that.
#[must_use]
pub fn of_gpu(nvml: &LazyNvml, gpu: &crate::gpu::Found) -> Box<dyn Sensors> {
    let place = gpu.pci.as_deref();
    let absent = |reason: &str| Box::new(Absent(reason.into())) as Box<dyn Sensors>;
    match gpu.vendor {
        nvml::VENDOR => {
            let card = |nvml: &Arc<Nvml>| Ok((Arc::clone(nvml), nvml.find(place, &gpu.name)?));
            match nvml.as_ref().map_err(Clone::clone).and_then(card) {
                Ok((nvml, card)) => Box::new(nvml.sensors(&card)),
                Err(reason) => absent(&reason),
            }
        }
        amdgpu::VENDOR => match Amdgpu::find(Path::new("/sys"), place, gpu.device) {
            Some(sensors) => Box::new(sensors),
            None => absent("the driver amdgpu has no files of this device"),
        },
        _ if gpu.kind == crate::device::Kind::Software => {
            absent("a software adapter has no sensors")
        }
        _ => absent("no sensors are known for this maker"),
    }
}
