//! Owns what NVML says of one device.

use std::sync::Arc;

use nvml_wrapper::enum_wrappers::device::{
    Clock, EccCounter, MemoryError, TemperatureSensor, TemperatureThreshold,
};
use nvml_wrapper::error::{Bits, NvmlError};

use super::nvml::Nvml;
use super::{Limits, NAMES, Reading, Reasons, Sensors, Source, give_reason};

/// Why clocks are held down, by their bits.
const THROTTLE: [(u64, &str); 9] = [
    (0x1, "gpu_idle"),
    (0x2, "applications_clocks"),
    (0x4, "sw_power_cap"),
    (0x8, "hw_slowdown"),
    (0x10, "sync_boost"),
    (0x20, "sw_thermal"),
    (0x40, "hw_thermal"),
    (0x80, "hw_power_brake"),
    (0x100, "display_clocks"),
];

/// Names each bit.
#[must_use]
pub fn throttle_reasons(bits: u64) -> Vec<String> {
    let named = |bit: u64| THROTTLE.iter().find(|(known, _)| *known == bit);
    let name = |bit| named(bit).map_or_else(|| format!("unknown_{bit:#x}"), |(_, n)| (*n).into());
    (0..64).map(|place| 1 << place).filter(|bit| bits & bit != 0).map(name).collect()
}

/// The sensors of a device, by its index.
pub(super) struct CardSensors {
    nvml: Arc<Nvml>,
    index: u32,
}

impl CardSensors {
    pub(super) fn new(nvml: Arc<Nvml>, index: u32) -> Self {
        Self { nvml, index }
    }
}

/// Keeps the reasons of what NVML does not answer, and whether the device is gone.
struct Answers<'a> {
    reasons: &'a mut Reasons,
    lost: Option<String>,
}

impl Answers<'_> {
    fn take<T>(&mut self, name: &str, answer: Result<T, NvmlError>) -> Option<T> {
        match answer {
            Ok(value) => Some(value),
            Err(error) => {
                if matches!(error, NvmlError::GpuLost) {
                    self.lost = Some(format!("NVML: {error}"));
                }
                give_reason(self.reasons, &[name], &error.to_string());
                None
            }
        }
    }

    /// As [`Self::take`], of what all readings come from.
    fn take_all<T>(&mut self, answer: Result<T, NvmlError>) -> Option<T> {
        if let Err(error) = &answer {
            give_reason(self.reasons, &NAMES, &error.to_string());
        }
        self.take(NAMES[0], answer)
    }

    fn number(&mut self, name: &str, answer: Result<u32, NvmlError>, divisor: f64) -> Option<f64> {
        self.take(name, answer).map(|number| f64::from(number) / divisor)
    }
}

impl Sensors for CardSensors {
    fn source(&self) -> Option<Source> {
        Some(Source::Nvml)
    }

    fn limits(&mut self, reasons: &mut Reasons) -> Limits {
        let mut answers = Answers { reasons, lost: None };
        let device = match self.nvml.device(self.index) {
            Ok(device) => device,
            Err(error) => {
                give_reason(reasons, &["slowdown_c", "power_limit_w"], &error.to_string());
                return Limits::default();
            }
        };
        let slowdown = device.temperature_threshold(TemperatureThreshold::Slowdown);
        Limits {
            slowdown_c: answers.number("slowdown_c", slowdown, 1.0),
            power_w: answers.number("power_limit_w", device.enforced_power_limit(), 1e3),
        }
    }

    fn read(&mut self, reasons: &mut Reasons) -> Reading {
        let mut answers = Answers { reasons, lost: None };
        let device = self.nvml.device(self.index);
        let Some(device) = answers.take_all(device) else {
            return Reading { lost: answers.lost, ..Reading::default() };
        };
        let float = crate::number::float;
        let utilisation = device.utilization_rates().map(|rates| rates.gpu);
        let memory = device.memory_info().map(|memory| memory.used);
        let ecc = device.total_ecc_errors(MemoryError::Uncorrected, EccCounter::Volatile);
        let throttle = match device.current_throttle_reasons_strict() {
            Ok(known) => Ok(known.bits()),
            // The only safe way to bits that this version of the wrapper does not know.
            Err(NvmlError::IncorrectBits(Bits::U64(bits))) => Ok(bits),
            Err(error) => Err(error),
        };
        let temperature = device.temperature(TemperatureSensor::Gpu);
        let [clock, memory_clock] =
            [Clock::SM, Clock::Memory].map(|clock| device.clock_info(clock));
        Reading {
            temperature_c: answers.number("temperature_c", temperature, 1.0),
            power_w: answers.number("power_w", device.power_usage(), 1e3),
            clock_mhz: answers.number("clock_mhz", clock, 1.0),
            memory_clock_mhz: answers.number("memory_clock_mhz", memory_clock, 1.0),
            utilisation_percent: answers.number("utilisation_percent", utilisation, 1.0),
            memory_used_bytes: answers.take("memory_used_bytes", memory).map(float),
            ecc_errors: answers.take("ecc_errors", ecc).map(float),
            throttle: answers.take("throttle", throttle).map(throttle_reasons),
            lost: answers.lost,
        }
    }
}
