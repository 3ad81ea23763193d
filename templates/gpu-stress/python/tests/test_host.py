"""What of the machine this process may use: the limits of its control groups count."""

import os

import psutil
import pytest

from my_project import host
from my_project.cgroups import Limits


def test_cores_are_those_that_groups_leave_but_one_at_least(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    for limits, cores in ((Limits(), allowed), (Limits(1.9), 1), (Limits(0.5), 1)):
        monkeypatch.setattr(host, "find_limits", lambda limits=limits: limits)
        assert host.usable_cores() == cores


def test_free_memory_is_what_groups_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 0 < host.free_memory() <= psutil.virtual_memory().total
    monkeypatch.setattr(host, "find_limits", lambda: Limits(memory=1000))
    assert host.free_memory() == 1000
