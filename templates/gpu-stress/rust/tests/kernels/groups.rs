//! What a container may have of the host's memory is known, in both versions of control groups.

use std::path::Path;

use my_project::cgroup::free_memory;

use crate::sensors::tree;

#[test]
fn the_tightest_group_of_all_around_counts() {
    let folder = tree(&[
        ("proc/self/cgroup", "0::/outer/inner\n"),
        ("sys/fs/cgroup/outer/memory.max", "5000\n"),
        ("sys/fs/cgroup/outer/memory.current", "4500\n"),
        ("sys/fs/cgroup/outer/memory.stat", "anon 700\ninactive_file 300\n"),
        ("sys/fs/cgroup/outer/inner/memory.max", "3000\n"),
        ("sys/fs/cgroup/outer/inner/memory.current", "1000\n"),
        ("sys/fs/cgroup/other/memory.max", "1\n"),
        ("sys/fs/cgroup/other/memory.current", "1\n"),
    ]);
    // 5000 - (4500 - 300), which is less than 3000 - 1000.
    assert_eq!(free_memory(folder.path()), Some(800));
}

#[test]
fn the_first_version_is_read_by_its_own_names() {
    let folder = tree(&[
        ("proc/self/cgroup", "9:cpu,cpuacct:/a\n4:memory:/a/b\n0::/a\n"),
        ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
        ("sys/fs/cgroup/memory/memory.usage_in_bytes", "4500\n"),
        ("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "2000\n"),
        ("sys/fs/cgroup/memory/a/memory.usage_in_bytes", "1900\n"),
        ("sys/fs/cgroup/memory/a/memory.stat", "inactive_file 1\ntotal_inactive_file 400\n"),
        ("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "1000\n"),
        ("sys/fs/cgroup/memory/a/b/memory.usage_in_bytes", "100\n"),
    ]);
    assert_eq!(free_memory(folder.path()), Some(500));
}

#[test]
fn a_container_sees_its_group_as_the_outermost() {
    let folder = tree(&[
        ("proc/self/cgroup", "0::/docker/0123\n"),
        ("sys/fs/cgroup/memory.max", "2000\n"),
        ("sys/fs/cgroup/memory.current", "500\n"),
    ]);
    assert_eq!(free_memory(folder.path()), Some(1500));
}

#[test]
fn without_a_limit_there_is_none() {
    let folder = tree(&[
        ("proc/self/cgroup", "0::/a\n"),
        ("sys/fs/cgroup/a/memory.max", "max\n"),
        ("sys/fs/cgroup/a/memory.current", "500\n"),
    ]);
    assert_eq!(free_memory(folder.path()), None);
    assert_eq!(free_memory(Path::new("missing")), None);
}
