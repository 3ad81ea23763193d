//! Owns the cache: hashes of whole files, by who they are and when they were changed.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::file::{Identity, Stamp, Time};
use crate::reading::Digest;
use crate::{Error, write_whole};

/// The only algorithm whose hashes are kept.
const ALGORITHM: &str = "blake3";
/// What was changed less than this before a scan may be changed again without a sign of it, where
/// clocks of file systems are coarse.
const TOO_YOUNG: Duration = Duration::from_secs(2);

type Line = (String, u64, u64, u64, Time, Time, String);

/// The hashes that are known, and the file that they come from.
#[derive(Debug)]
pub struct Cache {
    path: PathBuf,
    hashes: BTreeMap<Identity, (Stamp, blake3::Hash)>,
    /// Whether a hash was learnt since.
    is_fresh: bool,
}

impl Cache {
    /// Reads the cache in the file `path`; what cannot be read is not known.
    #[must_use]
    pub fn load(path: &Path) -> Self {
        let mut hashes = BTreeMap::new();
        if let Ok(file) = fs::File::open(path) {
            for line in BufReader::new(file).split(b'\n').map_while(Result::ok) {
                if let Some((stamp, hash)) = parse(&line) {
                    hashes.insert(stamp.identity, (stamp, hash));
                }
            }
        }
        Self { path: path.to_owned(), hashes, is_fresh: false }
    }

    /// Writes the cache beside its file, and renames it over that, if a hash was learnt.
    ///
    /// # Errors
    ///
    /// [`Error::File`].
    pub fn save(&self) -> Result<(), Error> {
        if !self.is_fresh {
            return Ok(());
        }
        let folder = self.path.parent().unwrap_or(&self.path);
        fs::create_dir_all(folder)
            .map_err(|error| Error::File { path: self.path.clone(), reason: error.into() })?;
        write_whole(&self.path, |file| {
            let mut file = BufWriter::new(file);
            for (stamp, hash) in self.hashes.values() {
                let Stamp { identity: Identity { device, inode }, size, modified, changed } = stamp;
                let hash = hash.to_hex().to_string();
                let line = (ALGORITHM, device, inode, size, modified, changed, hash);
                serde_json::to_writer(&mut file, &line)?;
                file.write_all(b"\n")?;
            }
            file.flush()
        })
    }

    /// The number of hashes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    pub(crate) fn get(&self, met: &Stamp) -> Option<Digest> {
        let (stamp, hash) = self.hashes.get(&met.identity)?;
        (stamp == met).then(|| (*hash).into())
    }

    pub(crate) fn put(&mut self, met: &Stamp, hash: Digest, now: Time) {
        if met.modified.max(met.changed) < now.less(TOO_YOUNG) {
            let learnt = (*met, hash.into());
            self.is_fresh |= self.hashes.insert(met.identity, learnt) != Some(learnt);
        }
    }
}

fn parse(line: &[u8]) -> Option<(Stamp, blake3::Hash)> {
    let (algorithm, device, inode, size, modified, changed, hash): Line =
        serde_json::from_slice(line).ok()?;
    let hash = blake3::Hash::from_hex(hash).ok()?;
    let stamp = Stamp { identity: Identity { device, inode }, size, modified, changed };
    (algorithm == ALGORITHM).then_some((stamp, hash))
}
