//! Owns what a report says of a device, whose parts `contract/report.schema.json` explains.

#![expect(missing_docs, reason = "contract/report.schema.json says what each field is")]

use serde::{Deserialize, Serialize};

use crate::device::Kind;
use crate::selftest::Score;
use crate::sensors::{Reasons, Source};
use crate::{Kernel, Precision};

/// A device, and what it did.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceReport {
    pub index: Option<usize>,
    pub name: String,
    pub kind: Kind,
    pub backend: String,
    pub driver: Option<String>,
    pub uuid: Option<String>,
    pub pci: Option<String>,
    pub memory_bytes: Option<u64>,
    pub allocated_bytes: u64,
    pub notes: Vec<String>,
    pub sensors: SensorReport,
    pub kernels: Vec<KernelReport>,
    pub samples: Vec<Sample>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selftest: Option<Score>,
}

/// The sensors of a device.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SensorReport {
    pub source: Option<Source>,
    pub reasons: Reasons,
    pub slowdown_c: Option<f64>,
    pub max_temperature_c: Option<f64>,
    pub power_limit_w: Option<f64>,
}

/// A kernel on a device.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KernelReport {
    pub kernel: Kernel,
    pub precision: Option<Precision>,
    pub batches: u64,
    pub seconds: f64,
    pub operations: u128,
    pub bytes: u128,
    pub passes: Option<f64>,
    pub throughput: ThroughputReport,
    pub errors: u64,
    pub first_addresses: Vec<u64>,
    pub reference: Option<ReferenceReport>,
}

/// How fast a kernel ran.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ThroughputReport {
    pub unit: String,
    pub min: Option<f64>,
    pub median: Option<f64>,
    pub max: Option<f64>,
}

/// How close a kernel came to the reference.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ReferenceReport {
    pub samples: u64,
    pub largest_error: Option<f64>,
    pub tolerance: f64,
}

/// A second of a device.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    pub time_s: f64,
    pub kernel: Kernel,
    pub precision: Option<Precision>,
    pub throughput: f64,
    pub errors: u64,
    pub temperature_c: Option<f64>,
    pub power_w: Option<f64>,
    pub clock_mhz: Option<f64>,
    pub memory_clock_mhz: Option<f64>,
    pub utilisation_percent: Option<f64>,
    pub memory_used_bytes: Option<f64>,
    pub ecc_errors: Option<f64>,
    pub throttle: Option<Vec<String>>,
}
