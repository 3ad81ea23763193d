//! Owns asking the drivers: in a process of its own, since one may take its process down, or never
//! answer.

use std::env;
use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::Result;

use my_project::control::Control;
use my_project::device::Device;
use my_project::sensors::Nvml;
use my_project::{Error, devices, gpu};

use super::say;

/// How long drivers may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// From one look whether they have to the next.
const TICK: Duration = Duration::from_millis(5);

/// Is that process: prints the GPUs as JSON, or only sees whether the drivers answer.
pub(crate) fn answer(drivers_only: bool) -> Result<u8> {
    if drivers_only {
        drop(gpu::adapters());
        return Ok(0);
    }
    let devices = devices::gpus(&Nvml::lazily()).into_iter().map(|gpu| gpu.device);
    say(&serde_json::to_string(&devices.collect::<Vec<_>>())?)?;
    Ok(0)
}

/// The GPUs, or what kept a driver from answering.
pub(crate) fn gpus(control: &Control) -> Result<Vec<Device>, Error> {
    let text = ask(&["probe"], control)?;
    serde_json::from_slice(&text).map_err(|error| Error::Missing(error.to_string()))
}

/// Makes sure that the drivers can be asked.
pub(crate) fn ensure_answers(control: &Control) -> Result<(), Error> {
    ask(&["probe", "--drivers"], control).map(drop)
}

fn ask(words: &[&str], control: &Control) -> Result<Vec<u8>, Error> {
    let failed = |error: io::Error| Error::Missing(format!("the drivers cannot be asked: {error}"));
    let mut command = Command::new(env::current_exe().map_err(failed)?);
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    let (output, said) = (collect(child.stdout.take()), collect(child.stderr.take()));
    let Some(status) = wait(&mut child, control).map_err(failed)? else {
        let text = format!("a driver has not answered for {} seconds", PATIENCE.as_secs());
        return Err(Error::Missing(text));
    };
    if status.success() {
        return Ok(output.join().unwrap_or_default());
    }
    let said = said.join().unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let said = said.lines().last().map(|line| format!(", saying: {line}")).unwrap_or_default();
    let text = "a driver crashed when it was asked for its devices";
    Err(Error::Missing(format!("{text} ({status}){said}")))
}

/// Reads all that comes, lest a process waits for who reads it.
fn collect(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut all = Vec::new();
        if let Some(mut pipe) = pipe {
            // What came before an error is as much as there is.
            let _ = pipe.read_to_end(&mut all);
        }
        all
    })
}

/// Waits for a process; nothing where that takes too long or a signal comes, and it was ended.
fn wait(child: &mut Child, control: &Control) -> io::Result<Option<ExitStatus>> {
    let start = Instant::now();
    while !control.is_stopped() && start.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(TICK);
    }
    child.kill()?;
    child.wait().map(|_| None)
}
