"""How exactly `apply` of `dedup` reads the lines of a plan and of a journal."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.dedup_runs import plan
from contracts.dedup_trees import grow, lines, run, said, shape

NO_LINE = "not a line of a plan"
OTHER = "another version"
Edit = Callable[[list[Any]], object]


def _list(found: list[Any], at: int) -> None:
    """Give the values of an object without its keys."""
    found[at] = [*found[at].values()]


EDITS: dict[str, tuple[int, str, Edit]] = {
    "head as a list": (1, NO_LINE, lambda p: _list(p, 0)),
    "group as a list": (2, NO_LINE, lambda p: _list(p, 1)),
    "end as a list": (3, NO_LINE, lambda p: _list(p, 2)),
    "file as a list": (2, NO_LINE, lambda p: p[1].update(keep=[*p[1]["keep"].values()])),
    "name as a list": (2, NO_LINE, lambda p: p[1]["keep"].update(names=[["/x"]])),
    "null beside a name": (2, NO_LINE, lambda p: p[1]["keep"]["names"][0].update(path_base64=None)),
    "null for a root's other name": (1, NO_LINE, lambda p: p[0]["roots"][0].update(path_base64=None)),
    "action as an object": (1, NO_LINE, lambda p: p[0].update(action={"delete": None})),
    "action as a list": (1, NO_LINE, lambda p: p[0].update(action=["delete"])),
    "version beyond 64 bits": (1, NO_LINE, lambda p: p[0].update(plan=2**70)),
    "version beyond a sign": (1, NO_LINE, lambda p: p[0].update(plan=2**63)),
    "largest version": (1, OTHER, lambda p: p[0].update(plan=2**63 - 1)),
    "version below zero": (1, OTHER, lambda p: p[0].update(plan=-1)),
    "other version and more": (1, OTHER, lambda p: p[0].update(plan=2, more=[])),
    "null version": (1, NO_LINE, lambda p: p[0].update(plan=None)),
    "size beyond a sign": (2, NO_LINE, lambda p: p[1].update(size=2**63)),
    "device below zero": (2, NO_LINE, lambda p: p[1]["keep"].update(device=-1)),
    "time before all": (2, NO_LINE, lambda p: p[1]["keep"].update(ctime_ns=-(2**63) - 1)),
    "count beyond 64 bits": (3, NO_LINE, lambda p: p[2].update(victims=2**64)),
    "half a count": (3, NO_LINE, lambda p: p[2].update(groups=1.5)),
    "base64 without padding": (2, NO_LINE, lambda p: p[1]["keep"].update(names=[{"path_base64": "L2E"}])),
    "base64 with a newline": (2, NO_LINE, lambda p: p[1]["keep"].update(names=[{"path_base64": "L2E=\n"}])),
    "half a character": (2, NO_LINE, lambda p: p[1]["keep"]["names"][0].update(path="/\udcff")),
}  # fmt: skip
TEXTS: dict[str, tuple[int, str, str, str]] = {
    "version twice": (1, NO_LINE, '"plan":1', '"plan":1,"plan":1'),
    "two versions": (1, NO_LINE, '"plan":1', '"plan":2,"plan":1'),
    "two keepers": (2, NO_LINE, '"keep":', '"keep":null,"keep":'),
    "inode twice": (2, NO_LINE, '"inode":', '"inode":5,"inode":'),
    "name twice": (2, NO_LINE, '"names":[{', '"names":[{"path":"/x",'),
    "size below zero by nothing": (2, NO_LINE, '"size":2', '"size":-0'),
    "inode below zero by nothing": (2, NO_LINE, '"inode":', '"inode":-0,"x":'),
    "size with a zero before": (2, NO_LINE, '"size":2', '"size":02'),
    "size with an exponent": (2, NO_LINE, '"size":2', '"size":2e0'),
    "a blank line": (2, NO_LINE, '{"size"', '\n{"size"'),
    "a mark of the byte order": (1, NO_LINE, '{"plan"', '\ufeff{"plan"'),
    "a comma too many": (1, NO_LINE, '"plan":1', '"plan":1,'),
    "more after an object": (2, NO_LINE, '}]}\n{"groups"', '}]}{}\n{"groups"'),
}


@pytest.mark.parametrize("table", ["objects", "text"])
def test_a_plan_is_read_as_its_schema_says(program: list[str], tmp_path: Path, table: str) -> None:
    """Nothing that only a lenient reader would take is taken."""
    tree, file = grow(tmp_path / "t", {"a": b"xx", "b": b"xx"}), tmp_path / "plan"
    sound = plan(program, tree, "delete", file=file)
    text = file.read_text()
    before = shape(tree)
    cases: dict[str, tuple[int, str, str]] = {}
    for name, (line, reason, edit) in EDITS.items() if table == "objects" else ():
        found = json.loads(json.dumps(sound))
        edit(found)
        rows = "".join(f"{json.dumps(each, separators=(',', ':'))}\n" for each in found)
        cases[name] = (line, reason, rows)
    for name, (line, reason, old, new) in TEXTS.items() if table == "text" else ():
        assert old in text, name
        cases[name] = (line, reason, text.replace(old, new, 1))
    wrong = {}
    for name, (line, reason, rows) in cases.items():
        file.write_text(rows)
        ran = run(program, "apply", file, "--yes")
        if said(ran) != (2, b"", f"error: {file}: line {line}: {reason}\n".encode()):
            wrong[name] = ran.stderr or ran.stdout
    assert not wrong
    assert shape(tree) == before


JOURNAL: dict[str, tuple[str, str]] = {
    "line of no group": ('"line":2', '"line":99'),
    "line of the end": ('"line":2', '"line":3'),
    "line of the head": ('"line":2', '"line":1'),
    "line below zero": ('"line":2', '"line":-5'),
    "no such victim": ('"victim":0', '"victim":1'),
    "victim below zero": ('"victim":0', '"victim":-1'),
    "victim below zero by nothing": ('"victim":0', '"victim":-0'),
    "no such name": ('"name":0', '"name":7'),
    "half a name": ('"name":0', '"name":0.5'),
    "line twice": ('"line":2', '"line":2,"line":2'),
    "state twice": ('"state"', '"state":"done","state"'),
    "null reason": ('"state"', '"reason":null,"state"'),
    "null temporary name": ('"state"', '"keeper_ctime_ns":null,"state"'),
    "time beyond 64 bits": ('"state"', '"keeper_ctime_ns":9223372036854775808,"state"'),
    "time as text": ('"state"', '"victim_ctime_ns":"1","state"'),
    "state as an object": ('"state":"start"', '"state":{"start":null}'),
    "more": ('"state"', '"more":1,"state"'),
    "line beyond 64 bits": ('"line":2', '"line":18446744073709551618'),
}


def test_a_journal_is_read_as_its_schema_says(program: list[str], tmp_path: Path) -> None:
    """A line that is none, or about no name of the plan, stops everything."""
    tree, file = grow(tmp_path / "t", {"a": b"xx", "b": b"xx"}), tmp_path / "plan"
    plan(program, tree, "delete", file=file)
    assert run(program, "apply", file, "--yes").returncode == 0
    journal = tmp_path / "plan.journal"
    head, start, _ = journal.read_text().splitlines(keepends=True)
    cases = {name: start.replace(old, new, 1) for name, (old, new) in JOURNAL.items()}
    cases["values without keys"] = json.dumps([*lines(start.encode())[0].values()]) + "\n"
    cases["two objects"] = start.replace("}", "}{}")
    (tree / "b").hardlink_to(tree / "a")
    wrong = {}
    for name, text in cases.items():
        assert text != start, name
        journal.write_text(head + start + text)
        ran = run(program, "apply", file, "--yes")
        told = f"error: {journal}: line 3: not a line of a journal\n".encode()
        if said(ran) != (2, b"", told) or journal.read_text() != head + start + text:
            wrong[name] = ran.stderr or ran.stdout
    assert not wrong
    assert re.fullmatch(r'\{"journal":1,"plan":"[0-9a-f]{64}"\}\n', head)
