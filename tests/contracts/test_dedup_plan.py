"""What `plan` of `dedup` chooses and writes."""

import json
import os
from pathlib import Path

from contracts.dedup_runs import files, plan
from contracts.dedup_trees import grow, lines, run, said, unprivileged


def test_keepers_victims_and_the_untouchable(program: list[str], tmp_path: Path) -> None:
    """Each way to keep chooses as it says, and what is protected or a reference is no victim."""
    tree, file = tmp_path / "t", tmp_path / "plan"
    grow(tree, {"aaa": b"x", "b": b"x", "cc": b"x", "ref/d": b"x", "ref/e": b"x"})
    os.utime(tree / "cc", (1, 1))
    os.utime(tree / "b", (2_000_000_000, 2_000_000_000))
    for keep, first in (
        ("first-path", "aaa"),
        ("oldest", "cc"),
        ("newest", "b"),
        ("shortest", "b"),
    ):
        found = files(plan(program, tree, "trash", "--keep", keep, file=file))
        assert found == [[first, *(name for name in ("aaa", "b", "cc", "d", "e") if name != first)]]
    assert files(
        plan(program, tree, "delete", "--protect", "cc", "--protect", "ref/*", file=file)
    ) == [["aaa", "b"]]
    (tmp_path / "alias").symlink_to("t/ref")
    for reference in (tree / "ref", tmp_path / "alias"):
        made = plan(program, tree, "delete", "--reference", reference, file=file)
        assert files(made) == [["d", "aaa", "b", "cc"]]
        assert made[0]["roots"] == [{"path": str(tree)}, {"path": str(reference)}]
    assert plan(program, tree / "ref", "delete", "--reference", tree, file=file)[1:-1] == []
    (tree / "z").hardlink_to(tree / "ref/e")
    assert files(plan(program, tree, "delete", "--reference", tree / "ref", file=file)) == [
        ["d", "aaa", "b", "cc"]
    ]
    ran = run(program, "plan", tree, "--action", "delete", "-o", file)
    assert ran.stdout == b"4 victims in 1 group, 4 bytes to gain\n"


def test_both_write_the_same_plan_to_a_file_and_to_standard_output(
    programs: dict[str, list[str]], tree: Path, tmp_path: Path
) -> None:
    """The plans are equal to the byte, without blanks between tokens."""
    outputs = set()
    for program in programs.values():
        ran = run(program, "plan", tree, "--action", "hardlink", "-o", "-")
        plan(program, tree, "hardlink", file=tmp_path / "plan")
        outputs |= {ran.stdout, (tmp_path / "plan").read_bytes()}
    (output,) = outputs
    compact = [
        json.dumps(line, separators=(",", ":"), ensure_ascii=False) for line in lines(output)
    ]
    assert output.decode() == "".join(f"{line}\n" for line in compact)


def test_a_glob_that_protects_a_folder_protects_all_in_it(
    program: list[str], tmp_path: Path
) -> None:
    """It may lie above the root, and be told by its last part, by more of its name or as a whole."""
    tree, file = tmp_path / "t", tmp_path / "plan"
    grow(tree, {"a": b"x", "in/ner/b": b"x", "in/ner/deep/c": b"x", "z": b"x"})
    for glob in ("ner", "in/ner", f"{tree}/in", "n[e]r", "in/*"):
        assert files(plan(program, tree, "delete", "--protect", glob, file=file)) == [["a", "z"]]
    for glob in (str(tree), tmp_path.name, "/*", "t"):
        assert files(plan(program, tree, "delete", "--protect", glob, file=file)) == []
    assert len(files(plan(program, tree, "delete", "--protect", "b/*", file=file))[0]) == 4


def test_a_reference_that_cannot_be_looked_at_is_an_error(
    program: list[str], tmp_path: Path
) -> None:
    """It is told before anything is scanned, for what it protects would become a victim."""
    before = unprivileged()
    tree = grow(tmp_path / "t", {"a": b"x", "b": b"x"})
    grow(tmp_path / "shut", {"a": b"x"}).chmod(0)
    (tmp_path / "dangling").symlink_to("nowhere")
    file = tmp_path / "plan"
    words: list[str | Path] = [
        "plan",
        tree,
        tmp_path / "no",
        "--action",
        "delete",
        "-o",
        file,
        "--reference",
    ]
    try:
        for name, reason in (("missing", "missing"), ("dangling", "missing"), ("t/a/x", "missing"),
                             ("shut", "permission denied"), ("x" * 300, "name too long")):  # fmt: skip
            error = (2, b"", f"error: {tmp_path}/{name}: {reason}\n".encode())
            ran = run(program, *words, tmp_path / name, before=before)
            assert said(ran) == error, name
            ran = run(program, "scan", tree, "--reference", name, cwd=tmp_path, before=before)
            assert said(ran) == error, name
    finally:
        (tmp_path / "shut").chmod(0o755)
    assert not file.exists()
    ran = run(program, *words, tree, "--reference", tmp_path / "gone")
    assert said(ran) == (2, b"", f"error: {tmp_path}/gone: missing\n".encode())
