//! Owns the devices: which there are, which of them are meant, and how much memory is free.

use std::path::Path;

use crate::device::{Device, Kind};
use crate::gpu::{Found, adapters};
use crate::host::{Host, available_memory};
use crate::sensors::{Address, Amdgpu, LazyNvml};
use crate::settings::Choice;
use crate::{Error, cpu};

/// Memory that is taken to be free where nothing says how much is.
const ASSUMED: u64 = 1 << 30;
/// The share of free memory that is used unless said.
const SHARE: f64 = 0.9;
/// The same where it is the host's own, which other programs need too.
const SHARE_OF_HOST: f64 = 0.5;

/// A GPU that is there.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// What is known of it.
    pub device: Device,
    /// What its driver says.
    pub found: Found,
    /// Bytes of memory that are free, where something says so.
    pub free: Option<u64>,
}

/// All GPUs, in the order of `list`.
#[must_use]
pub fn gpus(nvml: &LazyNvml) -> Vec<Candidate> {
    (0..).zip(adapters()).map(|(index, found)| candidate(index, found, nvml)).collect()
}

fn candidate(index: usize, found: Found, nvml: &LazyNvml) -> Candidate {
    let address = found.pci.as_deref().and_then(|text| text.parse::<Address>().ok());
    let is_nvidia = found.vendor == crate::sensors::NVIDIA;
    let nvml = if is_nvidia { nvml.as_ref().ok() } else { None };
    let card = nvml.and_then(|nvml| nvml.find(address, &found.name));
    let (total, free) = if found.kind.shares_memory() {
        (Some(Host::look().memory_bytes), Some(available_memory()))
    } else if let Some((total, free)) = card.as_ref().and_then(|card| card.memory) {
        (Some(total), Some(free))
    } else {
        let amd = address.and_then(|address| Amdgpu::find(Path::new("/sys"), address));
        let memory = amd.and_then(|amd| amd.memory());
        (memory.map(|(total, _)| total), memory.map(|(total, used)| total.saturating_sub(used)))
    };
    let device = Device {
        index: Some(index),
        name: found.name.clone(),
        kind: found.kind,
        backend: found.backend.into(),
        driver: found.driver.clone(),
        uuid: card.and_then(|card| card.uuid),
        pci: address.map(|address| address.to_string()).or_else(|| found.pci.clone()),
        memory_bytes: total,
        precisions: found.precisions.clone(),
    };
    Candidate { device, found, free }
}

/// The CPU.
#[must_use]
pub fn cpu(host: &Host) -> Device {
    Device {
        index: None,
        name: host.cpu.clone(),
        kind: Kind::Cpu,
        backend: "cpu".into(),
        driver: None,
        uuid: None,
        pci: None,
        memory_bytes: Some(host.memory_bytes),
        precisions: cpu::PRECISIONS.into(),
    }
}

/// The GPUs that are meant, each once.
///
/// # Errors
///
/// [`Error::Missing`] where one is not there, or counts as none; [`Error::Usage`] where one is meant
/// twice.
pub fn choose(
    all: Vec<Candidate>,
    choices: &[Choice],
    allows_software: bool,
) -> Result<Vec<Candidate>, Error> {
    let counts = |one: &Candidate| allows_software || one.device.kind != Kind::Software;
    let software = all.iter().find(|one| !counts(one)).map(|one| one.device.name.clone());
    let only_software = |name: &str| {
        let text = "no GPU found, only a software adapter";
        Error::Missing(format!("{text} ({name}); --allow-software takes it"))
    };
    if choices == [Choice::All] {
        let chosen: Vec<_> = all.into_iter().filter(counts).collect();
        return match software {
            _ if !chosen.is_empty() => Ok(chosen),
            Some(name) => Err(only_software(&name)),
            None => Err(Error::Missing(
                "no GPU found: no driver of Vulkan, Metal or DX12 has an adapter".into(),
            )),
        };
    }
    let mut chosen: Vec<Candidate> = Vec::new();
    for choice in choices {
        let one = find(&all, choice)?;
        if !counts(one) {
            let index = one.device.index.unwrap_or_default();
            let text = format!("device {index} is a software adapter ({})", one.device.name);
            return Err(Error::Missing(format!("{text}; --allow-software takes it")));
        }
        if chosen.iter().any(|before| before.device.index == one.device.index) {
            return Err(Error::Usage(format!("the device {} is given twice", one.device.name)));
        }
        chosen.push(one.clone());
    }
    Ok(chosen)
}

fn find<'a>(all: &'a [Candidate], choice: &Choice) -> Result<&'a Candidate, Error> {
    let (found, name) = match choice {
        Choice::All => (None, "all".to_owned()),
        Choice::Index(index) => {
            (all.iter().find(|one| one.device.index == Some(*index)), index.to_string())
        }
        Choice::Uuid(uuid) => {
            (all.iter().find(|one| one.device.uuid.as_ref() == Some(uuid)), uuid.clone())
        }
    };
    let text = format!("no device {name}; `list` shows which there are");
    found.ok_or(Error::Missing(text))
}

/// Bytes that loads may take of what is free, and what was taken for granted.
#[must_use]
pub fn budget(kind: Kind, free: Option<u64>, fraction: Option<f64>) -> (u64, Vec<String>) {
    let usual = if kind.shares_memory() { SHARE_OF_HOST } else { SHARE };
    let assumed = "nothing tells how much memory is free: 1 GiB was taken for granted".to_owned();
    let notes = if free.is_none() { vec![assumed] } else { Vec::new() };
    let bytes = crate::number::float(free.unwrap_or(ASSUMED)) * fraction.unwrap_or(usual);
    (crate::number::whole(bytes), notes)
}
