"""The programs of `dedup` say and do the same."""

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from contracts.dedup_runs import examples, schema
from contracts.dedup_trees import DRAWN, Drawn, clear, lines, run, said, shape, unprivileged


@given(
    drawn=DRAWN,
    words=st.lists(
        st.sampled_from(["--hidden", "--follow-symlinks", "--one-file-system", "--verify=bytes", "--min-size=0",
                         "--exclude=[a-c]", "--glob=*", "--glob=?", "--min-size=4097", "--jobs=1", "--jobs=3",
                         "--min-age=1d", "--exclude=*/b/*"]),
        max_size=4,
        unique=True,
    ),
    action=st.sampled_from(["hardlink", "symlink", "delete", "reflink"]),
    keep=st.sampled_from(["first-path", "oldest", "newest", "shortest"]),
)  # fmt: skip
@examples(5, 300)
def test_both_say_and_do_the_same_on_any_tree(  # noqa: PLR0913, PLR0917  # what is drawn
    programs: dict[str, list[str]],
    tmp_path: Path,
    drawn: Drawn,
    words: list[str],
    action: str,
    keep: str,
) -> None:
    """All output and the trees are equal, though each applies the plan that the other wrote."""
    before = unprivileged()
    tree, file = tmp_path / "tree", tmp_path / "plan"
    shapes, done = [], []
    order = [*programs]
    for turn, language in enumerate(order):
        clear(tree)
        drawn.make(tree)
        for form in ("text", "json") if turn else ("csv", "null"):
            outputs = [
                said(run(each, "scan", tree, *words, "--format", form, before=before))
                for each in programs.values()
            ]
            assert outputs[0] == outputs[1]
            if form != "json":
                continue
            schema("scan", programs[language]).validate(json.loads(outputs[0][1]))
        planning: list[str | Path] = ["plan", tree, *words, "--action", action, "--keep", keep]
        plans = {name: said(run(each, *planning, before=before)) for name, each in programs.items()}
        assert plans[order[0]] == plans[order[1]]
        file.write_bytes(plans[order[1 - turn]][1])
        Path(f"{file}.journal").unlink(missing_ok=True)
        previews = {said(run(each, "apply", file)) for each in programs.values()}
        assert len(previews) == 1
        done.append(said(run(programs[language], "apply", file, "--yes", before=before)))
        shapes.append(shape(tree))
        for line in lines(Path(f"{file}.journal").read_bytes()):
            schema("journal", programs[language]).validate(line)
        again = said(run(programs[order[1 - turn]], "apply", file, "--yes", before=before))
        assert again[1].split(b" done")[0] == done[-1][1].split(b" done")[0]
    clear(tree)
    assert done[0] == done[1]
    assert shapes[0] == shapes[1]
