//! Owns what is known of a device before it runs.

use serde::{Deserialize, Serialize};

use crate::Precision;

/// What a device is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A card of its own.
    Discrete,
    /// A GPU that shares the host's memory.
    Integrated,
    /// A GPU that a virtual machine was lent.
    Virtual,
    /// A driver that computes on the CPU.
    Software,
    /// The CPU itself.
    Cpu,
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Discrete => "discrete",
            Self::Integrated => "integrated",
            Self::Virtual => "virtual",
            Self::Software => "software",
            Self::Cpu => "cpu",
        }
    }

    /// Whether its memory is the host's.
    #[must_use]
    pub const fn shares_memory(self) -> bool {
        matches!(self, Self::Integrated | Self::Software | Self::Cpu)
    }
}

impl Device {
    /// What it is called in sentences.
    #[must_use]
    pub fn label(&self) -> String {
        self.index.map_or_else(|| "cpu".into(), |index| format!("device {index}"))
    }
}

/// A device, as `list` shows it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Device {
    /// Its place in `list`; none for the CPU.
    pub index: Option<usize>,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// What it is reached through.
    pub backend: String,
    /// The driver and its version.
    pub driver: Option<String>,
    /// A name that no other device has.
    pub uuid: Option<String>,
    /// Where it sits, as `0000:65:00.0`.
    pub pci: Option<String>,
    /// All of its memory, where that is known.
    pub memory_bytes: Option<u64>,
    /// What it computes in.
    pub precisions: Vec<Precision>,
}
