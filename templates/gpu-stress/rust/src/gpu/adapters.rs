//! Owns the adapters: which GPUs the drivers offer.

use wgpu::{Adapter, Backend, Backends, DeviceType, Instance, InstanceDescriptor, InstanceFlags};

use super::precisions;
use crate::Precision;
use crate::device::Kind;

/// A GPU as its driver tells of it.
#[derive(Clone, Debug)]
pub struct Found {
    /// What opens it.
    pub adapter: Adapter,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// `vulkan`, `metal` or `dx12`.
    pub backend: &'static str,
    /// The driver and its version.
    pub driver: Option<String>,
    /// Where it sits, as `0000:65:00.0`.
    pub pci: Option<String>,
    /// Its maker's number at the PCI-SIG.
    pub vendor: u32,
    /// Its own number among those of its maker.
    pub device: u32,
    /// What it computes in.
    pub precisions: Vec<Precision>,
}

/// Asks the drivers of Vulkan, Metal and DX12 for their adapters.
#[must_use]
pub fn adapters() -> Vec<Found> {
    let backends = Backends::VULKAN | Backends::METAL | Backends::DX12;
    let instance = Instance::new(InstanceDescriptor {
        backends,
        // No layers of validation, which a user may have switched on for other programs.
        flags: InstanceFlags::empty(),
        ..InstanceDescriptor::new_without_display_handle()
    });
    let mut found: Vec<_> =
        pollster::block_on(instance.enumerate_adapters(backends)).into_iter().map(found).collect();
    // On Windows the same card may come with Vulkan and with DX12.
    let mut seen = Vec::new();
    found.retain(|adapter| {
        let info = adapter.adapter.get_info();
        let is_known = seen
            .iter()
            .any(|(backend, card)| *backend != info.backend && *card == (info.vendor, info.device));
        seen.push((info.backend, (info.vendor, info.device)));
        !is_known
    });
    found
}

fn found(adapter: Adapter) -> Found {
    let info = adapter.get_info();
    let driver = [info.driver.as_str(), info.driver_info.as_str()];
    let driver = driver.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
    Found {
        name: info.name,
        kind: match info.device_type {
            DeviceType::DiscreteGpu => Kind::Discrete,
            DeviceType::IntegratedGpu => Kind::Integrated,
            DeviceType::Cpu => Kind::Software,
            DeviceType::VirtualGpu | DeviceType::Other => Kind::Virtual,
        },
        backend: match info.backend {
            Backend::Metal => "metal",
            Backend::Dx12 => "dx12",
            _ => "vulkan",
        },
        driver: (!driver.is_empty()).then_some(driver),
        pci: (!info.device_pci_bus_id.is_empty()).then_some(info.device_pci_bus_id),
        vendor: info.vendor,
        device: info.device,
        precisions: precisions(&adapter),
        adapter,
    }
}
