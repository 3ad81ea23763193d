//! Owns the devices: which there are, which of them are meant, and how much memory is free.

use std::path::Path;

use crate::device::{Device, Kind};
use crate::gpu::{Found, adapters};
use crate::host::{Host, available_memory, total_memory};
use crate::sensors::{AMD, Address, Amdgpu, LazyNvml, NVIDIA};
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

impl AsRef<Device> for Candidate {
    fn as_ref(&self) -> &Device {
        &self.device
    }
}

/// All GPUs, in the order of `list`.
#[must_use]
pub fn gpus(nvml: &LazyNvml) -> Vec<Candidate> {
    (0..).zip(adapters()).map(|(index, found)| candidate(index, found, nvml)).collect()
}

fn candidate(index: usize, found: Found, nvml: &LazyNvml) -> Candidate {
    let (uuid, memory) = told(&found, nvml);
    let (total, free) = if found.kind.shares_memory() {
        (Some(total_memory()), Some(available_memory()))
    } else {
        memory.unzip()
    };
    let address = found.pci.as_deref().and_then(|text| text.parse::<Address>().ok());
    let device = Device {
        index: Some(index),
        name: found.name.clone(),
        kind: found.kind,
        backend: found.backend.into(),
        driver: found.driver.clone(),
        uuid,
        pci: address.map(|address| address.to_string()).or_else(|| found.pci.clone()),
        memory_bytes: total,
        precisions: found.precisions.clone(),
    };
    Candidate { device, found, free }
}

/// What a driver's own files or library tell of its GPU: a UUID, and bytes of memory, all and free.
fn told(found: &Found, nvml: &LazyNvml) -> (Option<String>, Option<(u64, u64)>) {
    let place = found.pci.as_deref();
    match found.vendor {
        NVIDIA => {
            let card = nvml.as_ref().ok().and_then(|nvml| nvml.find(place, &found.name).ok());
            card.map_or((None, None), |card| (card.uuid, card.memory))
        }
        AMD => match Amdgpu::find(Path::new("/sys"), place, found.device) {
            Some(amd) => {
                let free = |(total, used): (u64, u64)| (total, total.saturating_sub(used));
                (amd.uuid(), amd.memory().map(free))
            }
            None => (None, None),
        },
        _ => (None, None),
    }
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
        memory_bytes: Some(total_memory()),
        precisions: cpu::PRECISIONS.into(),
    }
}

/// The GPUs that are meant, in the order in which they are named, each once.
///
/// # Errors
///
/// [`Error::Missing`] where one is not there, or counts as none; [`Error::Usage`] where one is meant
/// twice.
pub fn choose<T: AsRef<Device> + Clone>(
    all: &[T],
    choices: &[Choice],
    allows_software: bool,
) -> Result<Vec<T>, Error> {
    let counts = |one: &&T| allows_software || one.as_ref().kind != Kind::Software;
    let counted: Vec<_> = all.iter().filter(counts).cloned().collect();
    let software = all.iter().find(|one| !counts(one)).map(AsRef::as_ref);
    let only_software = software.filter(|_| counted.is_empty()).map(|device| {
        let text = format!("no GPU found, only a software adapter ({})", device.name);
        Error::Missing(format!("{text}; --allow-software takes it"))
    });
    if choices == [Choice::All] {
        return match only_software {
            Some(error) => Err(error),
            None if counted.is_empty() => Err(Error::Missing(
                "no GPU found: no driver of Vulkan, Metal or DX12 has an adapter".into(),
            )),
            None => Ok(counted),
        };
    }
    let mut chosen: Vec<T> = Vec::new();
    for choice in choices {
        let one = find(all, choice)?;
        if !counts(&one) {
            let text = format!("{} is a software adapter", one.as_ref().label());
            let text = format!("{text}; --allow-software takes it");
            return Err(only_software.unwrap_or(Error::Missing(text)));
        }
        if chosen.iter().any(|before| before.as_ref().index == one.as_ref().index) {
            return Err(Error::Usage("--device: the same device is given twice".into()));
        }
        chosen.push(one.clone());
    }
    Ok(chosen)
}

fn find<'a, T: AsRef<Device>>(all: &'a [T], choice: &Choice) -> Result<&'a T, Error> {
    let is_meant = |device: &Device| match choice {
        Choice::All => false,
        Choice::Index(index) => device.index == Some(*index),
        Choice::Uuid(name) => {
            device.uuid.as_ref().is_some_and(|uuid| uuid.eq_ignore_ascii_case(name))
        }
    };
    let name = match choice {
        Choice::All => "all".to_owned(),
        Choice::Index(index) => index.to_string(),
        Choice::Uuid(uuid) => uuid.clone(),
    };
    let text = format!("no device {name}: `list` shows the indexes and UUIDs that there are");
    all.iter().find(|one| is_meant((*one).as_ref())).ok_or(Error::Missing(text))
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
