//! Owns what each command does.

use std::env;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use anyhow::{Context, Result};
use clap::CommandFactory;
use clap::error::ErrorKind;

use my_project::{Cache, Error, Format, Plan, Verify};
use my_project::{Hidden, Links, Mounts};
use my_project::{Request, Roots, Scan, Selection, Summary};
use my_project::{absolute, counted, escape, print as print_scan};
use my_project::{is_stream, scan as find_all, show_size};
use my_project::{write_stream, write_whole};

use super::arguments::{Arguments, CacheTask, Choice, Search};
use super::bar::Bar;
use super::printing::print;
use super::signals::Signals;
use super::status::{DONE, FAILED};

/// Scans, and prints what was found.
pub(crate) fn scan(search: &Search, format: Format, signals: &Signals) -> Result<u8> {
    let request = request(search)?;
    let found = find(&request, search, signals)?;
    let summary = if search.showing.quiet { Summary::LeftOut } else { Summary::Shown };
    print(|out| print_scan(&found, request.verify, format, summary, out))?;
    Ok(if found.problems.is_empty() { DONE } else { FAILED })
}

fn find(request: &Request, search: &Search, signals: &Signals) -> Result<Scan> {
    let showing = &search.showing;
    // A fast hash is no proof that could be kept.
    let has_cache = search.reading.cache && request.verify == Verify::Hash;
    let mut cache = has_cache.then(cache_path).transpose()?.map(|path| Cache::load(&path));
    let (found, saved) = signals.hold(|| {
        let bar = Bar::new(showing, &signals.progress);
        let found = find_all(request, cache.as_mut(), &signals.progress)?;
        drop(bar);
        Ok((found, cache.as_ref().map(Cache::save)))
    })?;
    if !showing.quiet {
        let mut err = BufWriter::new(io::stderr().lock());
        // A warning that nobody can read is no reason to keep the result back.
        for problem in &found.problems {
            let _ = writeln!(err, "warning: {}: {}", escape(&problem.name), problem.reason);
        }
        if let Some(Err(error)) = saved {
            let _ = writeln!(err, "warning: {error}");
        }
    }
    Ok(found)
}

fn request(search: &Search) -> Result<Request> {
    let (selecting, reading) = (&search.selecting, &search.reading);
    let max_size = selecting.max_size.unwrap_or(u64::MAX);
    if selecting.min_size > max_size {
        let message = "--min-size is more than --max-size";
        Arguments::command().error(ErrorKind::ValueValidation, message).exit();
    }
    let here = env::current_dir().context("the working folder cannot be found")?;
    let names = |paths: &[PathBuf]| paths.iter().map(|path| absolute(path, &here)).collect();
    Ok(Request {
        roots: Roots { plain: names(&search.paths), references: names(&selecting.reference) },
        selection: Selection {
            min_size: selecting.min_size,
            max_size,
            globs: selecting.glob.clone(),
            excludes: selecting.exclude.clone(),
            hidden: if selecting.hidden { Hidden::Take } else { Hidden::LeaveOut },
            links: if selecting.follow_symlinks { Links::Follow } else { Links::PassOver },
            mounts: if selecting.one_file_system { Mounts::LeaveOut } else { Mounts::Enter },
            min_age: selecting.min_age,
        },
        verify: reading.verify.into(),
        jobs: reading
            .jobs
            .map_or_else(|| available_parallelism().map_or(1, Into::into), usize::from),
    })
}

/// Plans, and writes the plan down.
pub(crate) fn plan(search: &Search, choice: &Choice, signals: &Signals) -> Result<u8> {
    let request = request(search)?;
    let found = find(&request, search, signals)?;
    let (action, keep) = (choice.action.into(), choice.keep.into());
    let plan = Plan::new(&found, &request.roots, action, keep, &choice.protect);
    let file = choice.output.as_deref().filter(|file| *file != Path::new("-"));
    let Some(file) = file else {
        print(|out| plan.write(out))?;
        return Ok(if found.problems.is_empty() { DONE } else { FAILED });
    };
    let write = |out: &mut File| {
        let mut out = BufWriter::new(out);
        plan.write(&mut out)?;
        out.flush()
    };
    if is_stream(file) {
        write_stream(file, write)?;
    } else {
        signals.hold(|| Ok(write_whole(file, write)?))?;
    }
    if !search.showing.quiet {
        let victims = counted(plan.victims(), "victim");
        let groups = counted(plan.groups.len() as u64, "group");
        let gain = show_size(plan.gain());
        print(|out| writeln!(out, "{victims} in {groups}, {gain} to gain"))?;
    }
    Ok(if found.problems.is_empty() { DONE } else { FAILED })
}

/// Says how much is in the cache, or removes it.
pub(crate) fn cache(task: CacheTask) -> Result<u8> {
    let path = cache_path()?;
    let shown = escape(&path);
    let size = match path.symlink_metadata() {
        Ok(found) => found.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            print(|out| writeln!(out, "there is no cache at {shown}"))?;
            return Ok(DONE);
        }
        Err(error) => return Err(file_error(&path, error).into()),
    };
    match task {
        CacheTask::Info => {
            let hashes = Cache::load(&path).len() as u64;
            let hashes = if hashes == 1 { "1 hash".into() } else { format!("{hashes} hashes") };
            print(|out| writeln!(out, "{shown}: {hashes}, {}", show_size(size)))?;
        }
        CacheTask::Clear => {
            std::fs::remove_file(&path).map_err(|error| file_error(&path, error))?;
            print(|out| writeln!(out, "removed {shown}"))?;
        }
    }
    Ok(DONE)
}

fn file_error(path: &Path, error: io::Error) -> Error {
    Error::File { path: path.to_owned(), reason: error.into() }
}

/// Where the platform keeps what can be made again.
fn cache_path() -> Result<PathBuf> {
    let given = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let usual = if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" };
    let folder = given.or_else(|| env::home_dir().map(|home| home.join(usual)));
    let folder = folder.context("there is no folder for the cache: set XDG_CACHE_HOME")?;
    Ok(folder.join(super::NAME).join("hashes-1.json"))
}
