//! Owns `list`: the devices, and what each can do.

use std::path::Path;

use anyhow::Result;
use serde_json::json;

use my_project::device::Device;
use my_project::devices;
use my_project::host::Host;
use my_project::number::show_bytes;
use my_project::report::Program;

use super::sink::Sink;
use super::table::columns;
use super::{complain, probe, say};

/// Prints a line for each device, and what kept a driver from answering.
pub(crate) fn list(json: Option<&Path>) -> Result<u8> {
    let mut sink = Sink::open(json)?;
    let host = Host::look();
    let (mut devices, fault) = probe::gpus();
    devices.push(devices::cpu(&host));
    if !sink.takes_output() {
        say(&columns(&devices.iter().map(line).collect::<Vec<_>>()))?;
    }
    let value = json!({
        "version": 1,
        "program": Program::this(),
        "host": host,
        "devices": devices,
    });
    sink.write(&format!("{value:#}\n"))?;
    Ok(fault.map_or(0, |fault| {
        complain(&format!("error: {fault}"));
        3
    }))
}

fn line(device: &Device) -> Vec<String> {
    let unknown = || "-".to_owned();
    let precisions: Vec<_> = device.precisions.iter().map(ToString::to_string).collect();
    vec![
        device.index.map_or_else(unknown, |index| index.to_string()),
        device.name.clone(),
        device.kind.name().into(),
        device.backend.clone(),
        if precisions.is_empty() { unknown() } else { precisions.join(",") },
        device.memory_bytes.map_or_else(unknown, show_bytes),
        device.uuid.clone().unwrap_or_else(unknown),
    ]
}
