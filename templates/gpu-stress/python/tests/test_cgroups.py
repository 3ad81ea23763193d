"""The limits of control groups, as files below a root folder tell them."""

import math
from pathlib import Path

from my_project.cgroups import Limits, find_limits

NOTHING = 1 << 63 - 12  # what version 1 says where there is no limit


def write(path: Path, text: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n", encoding="ascii")


def mount(root: Path, group: str, *mounts: str) -> None:
    """Say in which groups this process is, and where they are mounted."""
    write(root / "proc/self/cgroup", group)
    lines = [f"{30 + number} 23 0:28 {each}" for number, each in enumerate(mounts)]
    write(root / "proc/self/mountinfo", "\n".join(["21 1 0:5 / / rw - ext4 /dev/sda rw", *lines]))


def test_where_nothing_is_told_there_is_no_limit(tmp_path: Path) -> None:
    assert find_limits(tmp_path) == Limits(math.inf, math.inf)
    mount(tmp_path, "0::/a", "/ /sys/fs/cgroup rw - cgroup2 cgroup2 rw")
    assert find_limits(tmp_path) == Limits(math.inf, math.inf)


def test_of_version_2_the_own_group_and_all_above_count(tmp_path: Path) -> None:
    mount(tmp_path, "0::/outer/inner", "/ /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw")
    outer, inner = (tmp_path / f"sys/fs/cgroup/outer{each}" for each in ("", "/inner"))
    write(inner / "cpu.max", "max 100000")
    write(inner / "memory.max", "max")
    write(inner / "memory.current", 7)
    assert find_limits(tmp_path) == Limits(math.inf, math.inf)
    write(outer / "cpu.max", "250000 100000")
    write(outer / "memory.max", 1000)
    write(outer / "memory.current", 900)
    write(outer / "memory.stat", "anon 1\nfile 80\ninactive_file 50")
    assert find_limits(tmp_path) == Limits(2.5, 150)
    write(inner / "cpu.max", "50000 100000")
    write(inner / "memory.max", 100)
    write(inner / "memory.current", 120)
    assert find_limits(tmp_path) == Limits(0.5, 0)
    write(outer.parent / "cpu.max", "10000 100000")  # as in a container, where the root has limits
    assert find_limits(tmp_path).cores == 0.1


def test_of_version_1_each_controller_has_groups_of_its_own(tmp_path: Path) -> None:
    mount(
        tmp_path,
        "4:memory:/jobs/one\n2:cpu,cpuacct:/fast\n1:name=systemd:/x",
        "/ /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
        "/ /sys/fs/cgroup/cpu\\040and rw - cgroup cgroup rw,cpu,cpuacct",
        "/ /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd",
    )
    memory, cpu = tmp_path / "sys/fs/cgroup/memory/jobs", tmp_path / "sys/fs/cgroup/cpu and/fast"
    write(memory / "one/memory.limit_in_bytes", NOTHING)
    write(memory / "one/memory.usage_in_bytes", 10)
    write(cpu / "cpu.cfs_quota_us", -1)
    write(cpu / "cpu.cfs_period_us", 100000)
    assert find_limits(tmp_path) == Limits(math.inf, NOTHING - 10)
    write(memory / "memory.limit_in_bytes", 500)
    write(memory / "memory.usage_in_bytes", 400)
    write(memory / "memory.stat", "inactive_file 10\ntotal_inactive_file 30")
    write(cpu / "cpu.cfs_quota_us", 150000)
    assert find_limits(tmp_path) == Limits(1.5, 130)


def test_in_a_container_the_mounted_group_is_the_highest(tmp_path: Path) -> None:
    mounted = "/docker/abc /sys/fs/cgroup rw - cgroup2 cgroup2 rw"
    write(tmp_path / "sys/fs/cgroup/cpu.max", "100000 100000")
    write(tmp_path / "sys/fs/cgroup/deep/cpu.max", "50000 100000")
    for own, cores in (
        ("/docker/abc", 1),
        ("/docker/abc/deep", 0.5),
        ("/elsewhere", 1),
        ("/../x", 1),
    ):
        mount(tmp_path, f"0::{own}", mounted)
        assert find_limits(tmp_path).cores == cores
