//! Owns `list`: the devices, and what each can do.

use std::env;
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::json;

use my_project::Error;
use my_project::device::Device;
use my_project::devices;
use my_project::host::Host;
use my_project::number::show_bytes;
use my_project::report::Program;
use my_project::sensors::Nvml;

use super::sink::Sink;
use super::table::columns;
use super::{complain, say};

/// Prints a line for each device, and what kept a driver from answering.
pub(crate) fn list(json: Option<&Path>) -> Result<u8> {
    let mut sink = Sink::open(json)?;
    let host = Host::look();
    let (mut devices, fault) = probed();
    devices.push(devices::cpu(&host));
    if !sink.takes_output() {
        say(&columns(&devices.iter().map(line).collect::<Vec<_>>()));
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

/// Prints the GPUs as JSON.
pub(crate) fn probe() -> Result<u8> {
    let nvml = Nvml::load();
    let devices = devices::gpus(&nvml).into_iter().map(|gpu| gpu.device).collect();
    let fault = nvml.err().filter(|reason| *reason != Nvml::absent());
    say(&serde_json::to_string(&Probed { devices, fault })?);
    Ok(0)
}

/// What a process finds that asks the drivers.
#[derive(Deserialize, Serialize)]
struct Probed {
    devices: Vec<Device>,
    /// What a driver answered instead.
    fault: Option<String>,
}

/// The GPUs, as a process of its own finds them, since a driver may take its process down.
fn probed() -> (Vec<Device>, Option<Error>) {
    let missing = |reason: String| (Vec::new(), Some(Error::Missing(reason)));
    let output = match env::current_exe().and_then(|own| Command::new(own).arg("probe").output()) {
        Ok(output) => output,
        Err(error) => return missing(format!("the drivers cannot be asked: {error}")),
    };
    match serde_json::from_slice(&output.stdout) {
        Ok(Probed { devices, fault }) if output.status.success() => {
            (devices, fault.map(Error::Missing))
        }
        _ => {
            let said = String::from_utf8_lossy(&output.stderr);
            let said = said.lines().last().map(|line| format!(", saying: {line}"));
            let (status, said) = (output.status, said.unwrap_or_default());
            missing(format!("a driver crashed when it was asked for its devices ({status}){said}"))
        }
    }
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
