//! Owns the corpus of `contract/corpus.md`: the same bytes on every machine.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use blake3::{Hasher, OutputReader};

/// How many files of a thousand have a size from 2 to the power of the first up to twice that.
const SIZES: [(u32, u64); 19] = [
    (6, 20),
    (7, 30),
    (8, 50),
    (9, 70),
    (10, 100),
    (11, 120),
    (12, 130),
    (13, 120),
    (14, 100),
    (15, 81),
    (16, 61),
    (17, 45),
    (18, 30),
    (19, 18),
    (20, 12),
    (21, 7),
    (22, 3),
    (23, 2),
    (24, 1),
];

/// The number of bytes at the start that come from `head`.
const HEAD: u64 = 4096;

/// A file that is still to be written.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) path: PathBuf,
    pub(crate) size: u64,
    /// The file whose stream the first [`HEAD`] bytes come from, by its number.
    head: usize,
    /// The same for the bytes behind them.
    body: usize,
}

/// Names the files of the corpus with `count` files, in the order of their numbers.
pub(crate) fn plan(count: usize) -> Vec<Planned> {
    let mut files: Vec<Planned> = Vec::with_capacity(count);
    for number in 0..count {
        let [kind, first, second, folder] = words(number);
        let model = (number > 0).then(|| files[index(first, number)].clone());
        let (size, head, body) = match model {
            Some(model) if kind % 100 < 15 => (model.size, model.head, model.body),
            Some(model) if kind % 100 < 20 && model.size > HEAD => (model.size, model.head, number),
            _ => (size(first, second), number, number),
        };
        let folder = index(folder, count / 20 + 1);
        files.push(Planned { path: path(folder, number), size, head, body });
    }
    files
}

/// Writes the corpus with `count` files below `root`, and returns its size in bytes.
pub(crate) fn write(root: &Path, count: usize) -> io::Result<u64> {
    let mut total = 0;
    for file in plan(count) {
        let path = root.join(&file.path);
        fs::create_dir_all(path.parent().unwrap_or(root))?;
        let mut target = BufWriter::with_capacity(1 << 18, File::create(path)?);
        total += io::copy(&mut content(&file), &mut target)?;
        target.flush()?;
    }
    Ok(total)
}

/// Reads what the file holds.
pub(crate) fn content(file: &Planned) -> impl Read {
    let mut body = stream(file.body);
    body.set_position(HEAD);
    stream(file.head).take(HEAD.min(file.size)).chain(body.take(file.size.saturating_sub(HEAD)))
}

fn stream(number: usize) -> OutputReader {
    Hasher::new().update(format!("corpus/{number}/content").as_bytes()).finalize_xof()
}

fn words(number: usize) -> [u64; 4] {
    let mut reader = Hasher::new().update(format!("corpus/{number}").as_bytes()).finalize_xof();
    [(); 4].map(|()| {
        let mut word = [0; 8];
        reader.fill(&mut word);
        u64::from_le_bytes(word)
    })
}

fn index(word: u64, count: usize) -> usize {
    usize::try_from(word % count as u64).expect("less than a usize")
}

fn size(choice: u64, place: u64) -> u64 {
    let mut left = choice % 1000;
    for (exponent, weight) in SIZES {
        if left < weight {
            return (1 << exponent) + place % (1 << exponent);
        }
        left -= weight;
    }
    unreachable!("the weights make a thousand")
}

/// A folder is called by the digits of its number, one a level; the folder 0 is `0`.
fn path(folder: usize, number: usize) -> PathBuf {
    let mut path: PathBuf = folder.to_string().chars().map(String::from).collect();
    path.push(format!("{number}.dat"));
    path
}
