//! Owns `list`: the devices, and what each can do.

use std::path::Path;

use anyhow::Result;
use serde_json::json;

use my_project::control::Control;
use my_project::device::Device;
use my_project::devices;
use my_project::host::Host;
use my_project::number::show_bytes;
use my_project::report::Program;

use super::sink::Sink;
use super::table::{Column, columns};
use super::{probe, say, signals};

/// What the columns are called.
const COLUMNS: [Column; 7] = [
    Column::text("index"),
    Column::text("name"),
    Column::text("kind"),
    Column::text("backend"),
    Column::text("precisions"),
    Column::text("memory"),
    Column::text("UUID"),
];

/// Prints a line for each device; what kept a driver from answering is the error in the end.
pub(crate) fn list(json: Option<&Path>, control: &Control) -> Result<u8> {
    let sink = Sink::open("--json", json)?;
    let host = Host::look();
    let found = probe::gpus(control);
    if let Some(status) = signals::status(control) {
        return Ok(status);
    }
    let (mut devices, fault) = found.map_or_else(|fault| (vec![], Some(fault)), |all| (all, None));
    devices.push(devices::cpu(&host));
    let value = json!({
        "version": 1,
        "program": Program::this(),
        "host": host,
        "devices": devices,
    });
    let takes_output = sink.takes_output();
    sink.deliver(&format!("{value:#}\n"), control, || {
        let rows: Vec<_> = devices.iter().map(line).collect();
        if takes_output { Ok(()) } else { say(&columns(&COLUMNS, &rows)) }
    })?;
    fault.map_or(Ok(signals::status(control).unwrap_or(0)), |fault| Err(fault.into()))
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
