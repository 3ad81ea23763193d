"""Which plans `apply` of `dedup` refuses."""

import json
import re
from pathlib import Path
from typing import Any

from contracts.dedup_runs import plan
from contracts.dedup_trees import grow, run, said, shape
from helpers import LONG_TESTS

FAULTS: dict[str, tuple[int, str, Any]] = {
    "other version": (1, "another version", lambda p: p[0].update(plan=2)),
    "no version": (1, "not a line of a plan", lambda p: p[0].pop("plan")),
    "true version": (1, "not a line of a plan", lambda p: p[0].update(plan=True)),
    "no roots": (1, "not a line of a plan", lambda p: p[0].update(roots=[])),
    "no such action": (1, "not a line of a plan", lambda p: p[0].update(action="eat")),
    "more in the head": (1, "not a line of a plan", lambda p: p[0].update(more=1)),
    "relative root": (1, "a path that is not absolute", lambda p: p[0].update(roots=[{"path": "a"}])),
    "no keeper": (2, "a group without a file to keep", lambda p: p[1].pop("keep")),
    "null keeper": (2, "a group without a file to keep", lambda p: p[1].update(keep=None)),
    "no victims": (2, "a group without victims", lambda p: p[1].update(victims=[])),
    "victims missing": (2, "a group without victims", lambda p: p[1].pop("victims")),
    "a list": (2, "not a line of a plan", lambda p: p.__setitem__(1, [])),
    "no inode": (2, "not a line of a plan", lambda p: p[1]["keep"].pop("inode")),
    "half an inode": (2, "not a line of a plan", lambda p: p[1]["keep"].update(inode=0.5)),
    "huge inode": (2, "not a line of a plan", lambda p: p[1]["keep"].update(inode=2**64)),
    "huge time": (2, "not a line of a plan", lambda p: p[1]["keep"].update(mtime_ns=2**63)),
    "negative size": (2, "not a line of a plan", lambda p: p[1].update(size=-1)),
    "text for a size": (2, "not a line of a plan", lambda p: p[1].update(size="1")),
    "nameless": (2, "not a line of a plan", lambda p: p[1]["keep"].update(names=[])),
    "odd name": (2, "not a line of a plan", lambda p: p[1]["keep"].update(names=[{"x": "/"}])),
    "two names in one": (2, "not a line of a plan", lambda p: p[1]["keep"]["names"][0].update(path_base64="L2E=")),
    "bad base64": (2, "not a line of a plan", lambda p: p[1]["keep"].update(names=[{"path_base64": "L2F="}])),
    "more": (2, "not a line of a plan", lambda p: p[1].update(more=1)),
    "relative": (2, "a path that is not absolute", lambda p: _rename(p, "a")),
    "no path": (2, "a path that is not absolute", lambda p: _rename(p, "")),
    "dots": (2, "a path that is not plain", lambda p: _rename(p, "/../etc/passwd")),
    "a dot": (2, "a path that is not plain", lambda p: _rename(p, "/./etc/passwd")),
    "double slash": (2, "a path that is not plain", lambda p: _rename(p, "//x")),
    "slash at the end": (2, "a path that is not plain", lambda p: _rename(p, "/x/")),
    "nul": (2, "a path that is not plain", lambda p: _rename(p, "/x\0")),
    "elsewhere": (2, "a path outside of the roots", lambda p: _rename(p, "/etc/passwd")),
    "beside the root": (2, "a path outside of the roots", lambda p: _rename(p, p[0]["roots"][0]["path"] + "x/y")),
    "keeper elsewhere than roots": (2, "a path outside of the roots", lambda p: p[1]["keep"].update(names=[{"path": "/x"}])),
    "keeper as victim": (2, "a victim is the file to keep", lambda p: p[1]["victims"].append(p[1]["keep"])),
    "keeper's name": (2, "a victim is the file to keep", lambda p: p[1]["victims"][0].update(names=p[1]["keep"]["names"])),
    "victim twice": (2, "a victim stands twice", lambda p: p[1]["victims"].append(p[1]["victims"][0])),
    "name twice": (2, "a victim stands twice", lambda p: p[1]["victims"][0]["names"].extend(p[1]["victims"][0]["names"])),
    "victim again": (3, "a victim stands twice", lambda p: p.insert(2, p[1])),
    "keeper elsewhere": (2, "the file to keep is a victim elsewhere", lambda p: (p[2]["victims"].append(p[1]["keep"]), p[3].update(victims=4))),
    "no end": (4, "the end is missing", lambda p: p.pop()),
    "no groups and no end": (2, "the end is missing", lambda p: p.__delitem__(slice(1, None))),
    "more than the end": (5, "not a line of a plan", lambda p: p.append(p[3])),
    "other end": (4, "the end counts otherwise", lambda p: p[3].update(victims=7)),
    "odd end": (4, "not a line of a plan", lambda p: p[3].update(more=7)),
    "negative end": (4, "not a line of a plan", lambda p: p[3].update(victims=-1)),
}  # fmt: skip


def _rename(found: list[Any], path: str) -> None:
    found[1]["victims"][0]["names"] = [{"path": path}]


def test_an_unsafe_plan_is_refused_and_the_line_named(
    programs: dict[str, list[str]], tmp_path: Path
) -> None:
    """Every row of the table of refusals holds, with and without `--yes`."""
    tree = grow(tmp_path / "t", {"a": b"xx", "b": b"xx", "c": b"xx", "d": b"y", "e": b"y"})
    file = tmp_path / "plan"
    sound = plan(programs["python"], tree, "delete", file=file)
    before = shape(tree)
    for number, (fault, (line, reason, edit)) in enumerate(FAULTS.items()):
        found = json.loads(json.dumps(sound))
        edit(found)
        file.write_text("".join(f"{json.dumps(each)}\n" for each in found))
        for language, program in programs.items():
            if language == "python" and number % 3 and not LONG_TESTS:
                continue  # a start of Python takes long, and its own tests have the same table
            ran = run(program, "apply", file, *(["--yes"] if number % 2 else []))
            assert said(ran) == (2, b"", f"error: {file}: line {line}: {reason}\n".encode()), (
                language,
                fault,
            )
    assert shape(tree) == before
    assert not (tmp_path / "plan.journal").exists()


def test_what_is_no_plan_or_was_cut_off_is_refused(
    programs: dict[str, list[str]], tmp_path: Path
) -> None:
    """Foreign files are no plans, nor is a sound plan that was cut at any place."""
    tree = grow(tmp_path / "t", {"a": b"x", "b": b"x"})
    file = tmp_path / "plan"
    plan(programs["python"], tree, "delete", file=file)
    whole = file.read_bytes()
    foreign = [
        b"\n",
        b"hello\n",
        b"\xff\n",
        b"[" * 100_000,
        b'{"plan":1,"plan":1}',
        b"NaN",
        b"\x89PNG\r\n",
        b"\0" * 99,
    ]
    cuts = [whole[:size] for size in range(1, len(whole) - 1, 1 if LONG_TESTS else 131)]
    for data in foreign + cuts:
        file.write_bytes(data)
        expected = {run(program, "apply", file, "--yes").stderr for program in programs.values()}
        assert len(expected) == 1, (data[:60], expected)
        (told,) = expected
        assert re.fullmatch(rb"error: .*/plan: line \d: [a-z ]+\n", told), told
    assert sorted(path.name for path in tree.iterdir()) == ["a", "b"]
    file.write_bytes(whole.rstrip(b"\n"))
    for program in programs.values():
        assert run(program, "apply", file).returncode == 0
        ran = run(program, "apply", tmp_path / "none")
        assert said(ran) == (2, b"", f"error: {tmp_path}/none: missing\n".encode())
        ran = run(program, "apply", tree)
        assert said(ran) == (2, b"", f"error: {tree}: is a folder\n".encode())
        ran = run(program, "plan", tree, "--action", "delete", "-o", tree)
        assert said(ran) == (1, b"", f"error: {tree}: is a folder\n".encode())
