//! Owns what control groups leave of the host's memory: a container may have far less than all.

use std::fs;
use std::path::{Path, PathBuf};

/// The files of a group in a version of control groups, all with numbers of bytes.
struct Files {
    limit: &'static str,
    usage: &'static str,
    /// The line of `memory.stat` with what is given back as soon as anybody needs it.
    cache: &'static str,
}

const SECOND: Files =
    Files { limit: "memory.max", usage: "memory.current", cache: "inactive_file" };
const FIRST: Files = Files {
    limit: "memory.limit_in_bytes",
    usage: "memory.usage_in_bytes",
    cache: "total_inactive_file",
};

/// Bytes that the groups of this process leave it: the least of its own one and all around that, with
/// their files below this folder, which is `/`. None where nothing is limited.
#[must_use]
pub fn free_memory(root: &Path) -> Option<u64> {
    let text = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    text.lines().filter_map(|line| free_of_line(root, line)).min()
}

/// Reads `NUMBER:CONTROLLERS:/PATH`, which names no controllers in version 2.
fn free_of_line(root: &Path, line: &str) -> Option<u64> {
    let mut parts = line.splitn(3, ':').skip(1);
    let (controllers, path) = (parts.next()?, parts.next()?);
    let (mounts, files) = match controllers {
        "" => (["sys/fs/cgroup", "sys/fs/cgroup/unified"], SECOND),
        names if names.split(',').any(|name| name == "memory") => {
            (["sys/fs/cgroup/memory", "sys/fs/cgroup"], FIRST)
        }
        _ => return None,
    };
    let groups = |mount| groups(&root.join(mount), Path::new(path.trim_start_matches('/')));
    mounts.into_iter().flat_map(groups).filter_map(|group| files.free(&group)).min()
}

/// The folders of a group and all around it. In a container the path may be that of the host, and
/// most of it is not there.
fn groups(mount: &Path, path: &Path) -> Vec<PathBuf> {
    path.ancestors().map(|path| mount.join(path)).collect()
}

impl Files {
    fn free(&self, group: &Path) -> Option<u64> {
        let number = |name| fs::read_to_string(group.join(name)).ok()?.trim().parse::<u64>().ok();
        let (limit, usage) = (number(self.limit)?, number(self.usage)?);
        let stat = fs::read_to_string(group.join("memory.stat")).unwrap_or_default();
        let mut lines = stat.lines().filter_map(|line| line.split_once(' '));
        let cache = lines.find(|(name, _)| *name == self.cache);
        let cache = cache.and_then(|(_, bytes)| bytes.trim().parse().ok()).unwrap_or(0);
        Some(limit.saturating_sub(usage.saturating_sub(cache)))
    }
}
