"""What holds for all tests."""

import os

import pytest


@pytest.fixture(autouse=True)
def _do_not_wait_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `fsync` do nothing here: no test cuts the power, and every one would wait for it."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
