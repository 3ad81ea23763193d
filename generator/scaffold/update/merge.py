"""Works out an update as a merge of three trees, with renames on either side."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from scaffold import git
from scaffold.compose import Tree
from scaffold.errors import ToolError
from scaffold.update.place import Entry
from scaffold.update.workshop import Entries, Workshop

_BASE, _YOURS = 1, 2  # git's numbers of the stages; 3 is the new release
# Whatever the user's settings: edits follow a file that moved, but a file that neither side moved
# follows no folder. Git would ask about it, and 2.47 loses what so comes back to its own place.
_RENAMES = ("-c", "merge.renames=true", "-c", "merge.directoryRenames=false")


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge came to."""

    entries: dict[str, Entry]
    """The project as it will be; a file in conflict holds its markers."""
    conflicts: dict[str, dict[int, Entry]]
    """Path -> stage (1 the old release, 2 the project, 3 the new release) -> what is there."""
    release: dict[str, Entry]
    """The new release's files, with the line ends of the project."""
    deleted: list[str]
    """What the project deleted and the new release still has."""
    changed: list[str]
    """What differs between the two releases."""
    both: list[str]
    """What the project and the new release both changed."""


def merge(shop: Workshop, base: Tree, theirs: Tree, ours: Entries) -> Merged:
    """Merge what changed from `base` to `theirs` into `ours`."""
    yours, release = shop.labels
    old, new = shop.store(base), shop.store(theirs)
    shop.commit(old, ours, new)
    moved, relocated = shop.moves(yours), shop.moves(release)
    before, after = dict(old), dict(new)
    edited = {path: entry for path, entry in ours.items() if entry != old.get(path)}
    crlf = _with_crlf(shop, base, edited, moved)
    if crlf:
        before |= shop.store(_to_crlf(base, crlf))
        after |= shop.store(_to_crlf(theirs, {relocated.get(path, path) for path in crlf}))
        shop.commit(before, ours, after)
    shop.take_attributes({*base, *theirs, *ours})
    entries, conflicts = _merge_trees(shop)
    _keep_deleted(entries, conflicts, ours, f"~{release}")
    origins = {path: path for path in old} | {to: path for path, to in relocated.items()}
    gone = set(new) - set(entries) - set(conflicts)
    deleted = sorted(p for p in gone if p in origins and origins[p] not in {*ours, *moved})
    changed = sorted(path for path in {*old, *new} if old.get(path) != new.get(path))
    both = [path for path in changed if ours.get(path) not in {before.get(path), after.get(path)}]
    return Merged(entries, conflicts, after, deleted, changed, both)


def _merge_trees(shop: Workshop) -> tuple[dict[str, Entry], dict[str, dict[int, Entry]]]:
    words = ("merge-tree", "--write-tree", "-z", "--no-messages")
    done = git.run(shop.folder, *git.OWN, *_RENAMES, *words, *shop.labels)
    if done.returncode not in {0, 1}:
        raise ToolError("git merge-tree", f"failed: {git.reason(done)}", "nothing was changed")
    tree, *stages = done.stdout.rstrip(b"\0").split(b"\0")
    entries = git.parse_tree(shop.git("ls-tree", "-r", "-z", tree.decode()))
    return entries, _conflicts(stages)


def _conflicts(stages: Sequence[bytes]) -> dict[str, dict[int, Entry]]:
    found: dict[str, dict[int, Entry]] = {}
    for each in stages:
        meta, _, path = each.partition(b"\t")
        mode, identity, stage = meta.decode().split(" ")
        found.setdefault(os.fsdecode(path), {})[int(stage)] = (mode, identity)
    return found


def _keep_deleted(
    entries: dict[str, Entry], conflicts: dict[str, dict[int, Entry]], ours: Entries, mark: str
) -> None:
    """Settle what was deleted here, and changed or moved by the release: it stays deleted.

    Where the project has something of another kind, such as a link, git puts the release's file
    beside it, with the `mark` at its name; that stays a conflict.
    """
    for path, stages in list(conflicts.items()):
        origin = path.partition(mark)[0]
        if _BASE in stages and _YOURS not in stages and origin not in ours:
            del conflicts[path]
            entries.pop(path, None)


def _with_crlf(shop: Workshop, base: Tree, edited: Entries, moved: Mapping[str, str]) -> set[str]:
    """Return the files of the base that the project gave CRLF throughout.

    The merge takes both releases' files with CRLF then; every line would be in conflict otherwise.
    """
    sources = {path: path for path in base} | {to: path for path, to in moved.items()}
    paths = [path for path, (mode, _) in edited.items() if path in sources and mode[:3] == "100"]
    contents = shop.read_objects([edited[path][1] for path in paths]) if paths else []
    return {
        sources[path]
        for path, content in zip(paths, contents, strict=True)
        if b"\n" in content
        and content.count(b"\n") == content.count(b"\r\n")
        and b"\r\n" not in base[sources[path]].content
    }


def _to_crlf(tree: Tree, paths: set[str]) -> Tree:
    return {
        path: replace(file, content=file.content.replace(b"\n", b"\r\n"))
        for path, file in tree.items()
        if path in paths and file.link is None and b"\r\n" not in file.content
    }
