//! Owns reading of the small files below `/sys`, each of which holds one number.

use std::fs;
use std::path::{Path, PathBuf};

/// The number that a file holds, or why there is none.
pub(super) fn number(path: &Path) -> Result<f64, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let number = text.trim().parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| format!("{} holds no number", path.display()))
}

/// The first of several files that holds a number.
pub(super) fn first_number(folder: &Path, names: &[&str]) -> Result<f64, String> {
    let mut answer = Err(format!("{} does not have it", folder.display()));
    for name in names {
        answer = number(&folder.join(name));
        if answer.is_ok() {
            break;
        }
    }
    answer
}

/// What a folder holds, in order; nothing where it is not there.
pub(super) fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    entries.sort();
    entries
}

/// Numbers of all files in a folder whose names begin and end so.
pub(super) fn numbers(folder: &Path, start: &str, end: &str) -> Vec<f64> {
    let is_meant = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with(start) && name.ends_with(end))
    };
    entries(folder).into_iter().filter(is_meant).filter_map(|path| number(&path).ok()).collect()
}

/// The mean of some numbers.
pub(super) fn mean(numbers: &[f64]) -> Option<f64> {
    let count = crate::number::float(numbers.len() as u64);
    (!numbers.is_empty()).then(|| numbers.iter().sum::<f64>() / count)
}
