"""Plans an update: from which release to which, with which answers, and what changed between."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.version import InvalidVersion, Version

from scaffold import recorded, releases
from scaffold.answers import Answers, Ask
from scaffold.compose import Tree
from scaffold.errors import DestinationError, SourceError, UsageError
from scaffold.placeholders import ANSWERS_FILE
from scaffold.recorded import Recorded
from scaffold.releases import History
from scaffold.render import render
from scaffold.update import questions

_MEND = "mend it, or take it from an earlier commit"


@dataclass(frozen=True, slots=True)
class Plan:
    """What an update of one project is about."""

    recorded: Recorded
    to: Version
    answers: Answers
    """The answers to the new release's questions."""
    base: Tree
    """The old release rendered with the old answers."""
    theirs: Tree
    """The new release rendered with the new answers."""
    news: list[str]
    """The changelog's sentences on the templates between the two releases."""
    new_answers: dict[str, str]
    """Questions that the project had no answer to, answered by default or now."""
    note: str
    """What a user should know of where the releases come from; empty as a rule."""


def prepare(project: Path, to: str | None, given: Mapping[str, str], ask: Ask | None) -> Plan:
    """Read what the project records, find both releases and render them.

    Raises a `ScaffoldError` for whatever does not do, and touches nothing.
    """
    made = recorded.read(project)
    wanted = _version(to)
    history, note = find_history(made, wanted)
    target = wanted or history.newest()
    if target not in history.tags():
        raise UsageError("--to", str(target), [str(each) for each in history.tags()])
    if wanted is None and target < made.version:
        target = made.version  # it was made by a newer scaffold
    target = next(each for each in history.tags() if each == target)  # 0.3 is called 0.3.0
    base = own_release(project, made, history)
    release = history.release(target, made.answers.template, made.answers.language)
    answers = questions.settle(release, made.answers, given, ask)
    fresh = {k: v for k, v in answers.values.items() if k not in made.answers.values}
    theirs = render(release, answers, made.source)
    news = _news(history, made, target)
    return Plan(made, target, answers, base, theirs, news, fresh, note)


def own_release(project: Path, made: Recorded, history: History) -> Tree:
    """Return the project as its own release made it; raise where its answers do not suffice."""
    answers, path = made.answers, project / ANSWERS_FILE
    try:
        release = history.release(made.version, answers.template, answers.language)
    except SourceError as error:
        what = f"the template {answers.template!r} in {answers.language!r}"
        problem = f"names {what}, which version {made.version} does not have"
        raise DestinationError(path, problem, _MEND) from error
    absent = set(questions.names(release, answers)) - set(answers.as_dict())
    if absent:
        raise DestinationError(path, f"lacks {', '.join(sorted(absent))}", _MEND)
    tree = render(release, answers, made.source)
    for file in tree:
        if ".." in file.split("/") or file.startswith("/"):
            raise DestinationError(path, f"leads out of the project, to {file}", _MEND)
    return tree


def find_history(made: Recorded, wanted: Version | None = None) -> tuple[History, str]:
    """Return releases that hold the project's own and the wanted one, and a note on where from.

    What this package embeds needs no network. Another address than its own is asked first, since a
    fork may have other releases under the same versions.
    """
    own = releases.own()
    needed = [each for each in (made.version, wanted) if each is not None]
    embedded = all(each in own.tags() for each in needed)
    public = releases.is_public(made.source)
    if public and embedded:
        return own, ""
    try:
        history = releases.fetch(made.source)
    except SourceError as error:
        if embedded:
            return own, f"{error}; the releases of this installation were taken instead"
        absent = ", ".join(str(each) for each in needed if each not in own.tags())
        problem = f"version {absent} is not among its releases (newest {own.newest()}), and {error}"
        raise SourceError(own.source, problem, "or install a newer scaffold") from error
    if made.version not in history.tags():
        problem = f"has no version {made.version}, which the project records"
        raise SourceError(history.source, problem, "mend `_commit` in its answers file")
    return history, ""


def _version(text: str | None) -> Version | None:
    if text is None:
        return None
    try:
        return Version(text)
    except InvalidVersion as error:
        raise UsageError("--to", text, hint="is no version, such as 1.2.0") from error


def _news(history: History, made: Recorded, target: Version) -> list[str]:
    """Return the entries under Templates of the versions after the old up to the new."""
    found: list[str] = []
    for heading, text in _sections(history.changelog(target), "## "):
        named = re.match(r"\[?v?(\d[\w.]*)", heading)
        if named is None or made.version < Version(named[1]) <= target:
            for title, entries in _sections(text, "### "):
                if title == "Templates":
                    found += re.findall(r"^[-*] (.*)$", entries, re.MULTILINE)
    return [each for each in found if _concerns(each, made.answers.template)]


def _sections(text: str, mark: str) -> Sequence[tuple[str, str]]:
    """Return the headings of one level, and what stands below each."""
    parts = re.split(f"^{mark}(.*)$", text, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def _concerns(entry: str, template: str) -> bool:
    """Return whether an entry is about this template; a name in backticks says which."""
    named = re.match(r"`([a-z][a-z0-9-]*)`", entry)
    return named is None or named[1] == template
