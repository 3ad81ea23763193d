"""How `scan` of `dedup` prints what it found."""

import json
import os
import re
from pathlib import Path

from contracts.dedup_runs import schema
from contracts.dedup_trees import run, said


def test_text_to_the_byte(program: list[str], tree: Path) -> None:
    """Groups, further names, escapes and the summary come out as the contract says."""
    ran = run(program, "scan", tree)
    text = (
        f'2 files of 4.9 KiB, 4.9 KiB to gain\n  {tree}/a\n    {tree}/\\xff\n  {tree}/b,"\\n\n\n'
        f"2 files of 1 byte, 1 byte to gain\n  {tree}/c\n  {tree}/d\n\n"
    )
    assert said(ran) == (0, f"{text}2 groups, 4 files, 4.9 KiB to gain\n".encode(), b"")
    ran = run(program, "scan", tree, tree / "miss\ting", "--verify", "bytes")
    assert ran.returncode == 1
    assert ran.stderr.decode() == f"warning: {tree}/miss\\ting: missing\n"
    assert said(run(program, "scan", tree, tree / "missing", "--quiet")) == (1, text.encode(), b"")


def test_json_csv_and_null_to_the_byte(program: list[str], tree: Path) -> None:
    """The JSON holds to its schema, in the order of its keys; CSV and NUL tell bytes as they are."""
    ran = run(program, "scan", tree, tree / "missing", "--format", "json")
    found = json.loads(ran.stdout)
    schema("scan", program).validate(found)
    assert ran.stdout.decode() == json.dumps(found, indent=2, ensure_ascii=False) + "\n"
    assert [*found] == ["version", "verify", "groups", "problems", "summary"]
    assert found["summary"] == {"scanned": 4, "groups": 2, "files": 4, "gain": 5001}
    assert found["problems"] == [{"name": {"path": f"{tree}/missing"}, "reason": "missing"}]
    name = os.fsencode(tree)
    assert run(program, "scan", tree, "--format", "csv").stdout == (
        b'group,size,path\n1,5000,%b/a\n1,5000,%b/\xff\n1,5000,"%b/b,""\n"\n2,1,%b/c\n2,1,%b/d\n'
        % ((name,) * 5)
    )
    assert run(program, "scan", tree, "--format", "null").stdout == (
        b'%b/a\0%b/\xff\0%b/b,"\n\0\0%b/c\0%b/d\0\0' % ((name,) * 5)
    )
    none = run(program, "scan", tree, "--glob", "none", "--format", "json", "--verify", "bytes")
    schema("scan", program).validate(json.loads(none.stdout))
    assert (
        run(program, "scan", tree, "--glob", "none").stdout
        == b"0 groups, 0 files, 0 bytes to gain\n"
    )


def test_hash_is_blake3_and_null_for_bytes(program: list[str], tree: Path) -> None:
    """A hash is 64 hexadecimal digits, and there is none where bytes were compared."""
    ran = run(program, "scan", tree, "--format", "json", "--max-size", "1")
    digest = json.loads(ran.stdout)["groups"][0]["hash"]
    assert re.fullmatch("[0-9a-f]{64}", digest)
    ran = run(program, "scan", tree, "--format", "json", "--verify", "bytes")
    assert [group["hash"] for group in json.loads(ran.stdout)["groups"]] == [None, None]


def test_sizes_for_people(program: list[str], tmp_path: Path) -> None:
    """Each size is told in the unit that keeps its number below 1024."""
    table = {2: "2 bytes", 1023: "1023 bytes", 1024: "1.0 KiB", 1075: "1.0 KiB", 1076: "1.1 KiB",
             1126: "1.1 KiB", 1048575: "1024.0 KiB", 1048576: "1.0 MiB", 5 << 20: "5.0 MiB"}  # fmt: skip
    for size in table:
        for copy in "ab":
            with (tmp_path / f"{size}{copy}").open("wb") as file:
                file.truncate(size)
    shown = re.findall(r"files of (.*?),", run(program, "scan", tmp_path).stdout.decode())
    assert shown == [table[size] for size in sorted(table, reverse=True)]
