//! Owns what a run was asked for, as the report has it.

use serde_json::{Map, Value, json};

use my_project::settings::Choice;
use my_project::{Kernel, Precision};

use super::arguments::{Choosing, GpuBackend, Gpus, Rounds, Run};

/// The kernels, each once.
pub(crate) fn kernels(run: &Run, is_torch: bool) -> Result<Vec<Kernel>, String> {
    let mut kernels: Vec<Kernel> = run.kernel.iter().map(|&name| name.into()).collect();
    let other = kernels.iter().find(|kernel| is_torch && **kernel != Kernel::Matmul);
    if let Some(other) = other {
        return Err(format!("--kernel {other}: --backend torch has the kernel matmul alone"));
    }
    if kernels.is_empty() {
        kernels = if is_torch { vec![Kernel::Matmul] } else { Kernel::ALL.into() };
    }
    once(&kernels, "kernel")?;
    Ok(kernels)
}

/// The precisions, each once.
pub(crate) fn precisions(run: &Run) -> Result<Vec<Precision>, String> {
    let mut precisions: Vec<Precision> = run.precision.iter().map(|&name| name.into()).collect();
    if precisions.is_empty() {
        precisions.push(Precision::F32);
    }
    once(&precisions, "precision")?;
    Ok(precisions)
}

/// The words for devices, each once, and `all` alone.
pub(crate) fn devices(choice: &Choosing) -> Result<Vec<String>, String> {
    let mut words = choice.device.clone();
    if words.is_empty() {
        words.push("all".into());
    }
    // The same index may be written as 0 and 00, and the same UUID in capitals.
    let meant = |word: &String| match Choice::parse(word) {
        Choice::Index(index) => index.to_string(),
        _ => word.to_lowercase(),
    };
    once(&words.iter().map(meant).collect::<Vec<_>>(), "device")?;
    if words.len() > 1 && words.iter().any(|word| word == "all") {
        return Err("--device all: has all others in it".into());
    }
    Ok(words)
}

fn once<T: PartialEq + std::fmt::Display>(values: &[T], what: &str) -> Result<(), String> {
    let again = values.iter().enumerate().find(|(at, value)| values[..*at].contains(value));
    again.map_or(Ok(()), |(_, value)| Err(format!("--{what} {value}: given twice")))
}

/// The options of a run.
pub(crate) fn of_run(
    run: &Run,
    kernels: &[Kernel],
    precisions: &[Precision],
) -> Map<String, Value> {
    let settings = json!({
        "duration": run.duration.as_secs_f64(),
        "kernel": kernels,
        "precision": precisions,
        "memory_fraction": run.memory_fraction,
        "max_temperature": run.max_temperature,
        "min_throughput": run.min_throughput,
        "json": run.json,
        "quiet": run.quiet,
    });
    map(settings)
}

/// The options of runs on GPUs.
pub(crate) fn of_gpus(gpus: &Gpus, devices: &[String]) -> Map<String, Value> {
    let backend = if gpus.backend == GpuBackend::Torch { "torch" } else { "wgpu" };
    let mut settings = of_choice(&gpus.choice, devices);
    settings.extend(map(json!({ "sensors": gpus.sensors, "backend": backend })));
    settings
}

/// The options that choose devices.
pub(crate) fn of_choice(choice: &Choosing, devices: &[String]) -> Map<String, Value> {
    map(json!({ "device": devices, "allow_software": choice.allow_software }))
}

/// The options of a selftest.
pub(crate) fn of_rounds(rounds: &Rounds) -> Map<String, Value> {
    map(json!({ "rounds": rounds.rounds, "json": rounds.json }))
}

/// One option more.
pub(crate) fn map(settings: Value) -> Map<String, Value> {
    match settings {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
