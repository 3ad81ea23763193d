//! Owns asking the drivers: in a process of its own, since one may take its process down.

use std::env;
use std::process::Command;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use my_project::device::Device;
use my_project::sensors::Nvml;
use my_project::{Error, devices, gpu};

use super::say;

/// What the process finds.
#[derive(Deserialize, Serialize)]
struct Probed {
    devices: Vec<Device>,
    /// What a driver answered instead.
    fault: Option<String>,
}

/// Is that process: prints the GPUs as JSON, or only sees whether the drivers answer.
pub(crate) fn answer(drivers_only: bool) -> Result<u8> {
    if drivers_only {
        drop(gpu::adapters());
        return Ok(0);
    }
    let nvml = Nvml::lazily();
    let devices = devices::gpus(&nvml).into_iter().map(|gpu| gpu.device).collect();
    let fault = nvml.as_ref().err().filter(|reason| **reason != Nvml::absent()).cloned();
    say(&serde_json::to_string(&Probed { devices, fault })?)?;
    Ok(0)
}

/// The GPUs, and what kept a driver from answering.
pub(crate) fn gpus() -> (Vec<Device>, Option<Error>) {
    let found = ask(&["probe"]).and_then(|text| {
        serde_json::from_slice(&text).map_err(|error| Error::Missing(error.to_string()))
    });
    match found {
        Ok(Probed { devices, fault }) => (devices, fault.map(Error::Missing)),
        Err(error) => (Vec::new(), Some(error)),
    }
}

/// Makes sure that the drivers can be asked.
pub(crate) fn ensure_answers() -> Result<(), Error> {
    ask(&["probe", "--drivers"]).map(drop)
}

fn ask(words: &[&str]) -> Result<Vec<u8>, Error> {
    let output = env::current_exe().and_then(|own| Command::new(own).args(words).output());
    let output =
        output.map_err(|error| Error::Missing(format!("the drivers cannot be asked: {error}")))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().last().map(|line| format!(", saying: {line}")).unwrap_or_default();
    let text = "a driver crashed when it was asked for its devices";
    Err(Error::Missing(format!("{text} ({}){said}", output.status)))
}
