"""A file is written whole or not at all, and what was there is whole until then."""

import os
import resource
from pathlib import Path

import pytest

from my_project.errors import StressError, UsageError
from my_project.files import check_target, write_target


def write(path: Path, text: str = "new") -> None:
    check_target("--json", str(path))
    write_target("--json", str(path), text)


def test_a_file_is_replaced_with_its_rights(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write(path, "old")
    assert path.stat().st_mode & 0o777 == 0o666 & ~_umask()
    path.chmod(0o640)
    before = path.stat().st_ino
    write(path)
    assert (path.read_text("utf-8"), path.stat().st_mode & 0o777) == ("new", 0o640)
    assert path.stat().st_ino != before
    assert list(tmp_path.iterdir()) == [path]


def _umask() -> int:
    old = os.umask(0)
    os.umask(old)
    return old


def test_what_a_link_leads_to_is_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    link = tmp_path / "link"
    link.symlink_to(folder / "report.json")
    for text in ("first", "second"):  # it leads nowhere at first
        write(link, text)
        assert link.is_symlink()
        assert (folder / "report.json").read_text("utf-8") == text
    assert len(list(folder.iterdir())) == 1


def test_a_check_leaves_nothing_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    check_target("--json", str(path))
    assert list(tmp_path.iterdir()) == []
    path.write_text("old", "utf-8")
    check_target("--json", str(path))
    assert path.read_text("utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_a_process_has_open_is_written_in_place(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    with path.open("wb") as file:
        link = tmp_path / "link"
        link.symlink_to(f"/proc/self/fd/{file.fileno()}")
        write(link)
        assert os.path.samestat(os.fstat(file.fileno()), path.stat())
    assert path.read_text("utf-8") == "new"


def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old", "utf-8")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))  # which stops a writer as a disk does
    try:
        with pytest.raises(StressError, match=r"--json .*: File too large"):
            write(path, "x" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_text("utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_is_found_before(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    file = tmp_path / "file"
    file.touch()
    for name in (tmp_path / "none/x", tmp_path, loop, file / "x", f"{tmp_path}/new/"):
        with pytest.raises(UsageError, match=f"--json {tmp_path}"):
            check_target("--json", str(name))
    with pytest.raises(UsageError, match="--json: an empty name"):
        check_target("--json", "")
    assert {*tmp_path.iterdir()} == {loop, file}


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may write everything")
def test_a_file_without_rights_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.touch(0o444)
    with pytest.raises(UsageError, match="Permission denied"):
        check_target("--json", str(path))
