"""Lays out what people read: texts and tables, which `cli` prints."""

import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scaffold.answers import Answers
from scaffold.catalog import Template
from scaffold.toolchain import Found, Tool

if TYPE_CHECKING:
    from rich.table import Table

    from scaffold import check
    from scaffold.update import Outcome, Result
    from scaffold.update.status import Status

_NAMES = {"python": "Python", "rust": "Rust"}


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as lines whose cells stand below one another, two blanks apart."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    lines = ("  ".join(f"{c:{w}}" for c, w in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def languages(names: Iterable[str]) -> str:
    """Return names of languages as people write them."""
    return ", ".join(_NAMES[name] for name in names)


def catalogue(templates: Sequence[Template]) -> str:
    """Return the list of templates."""
    return columns([[each.name, languages(each.languages), each.summary] for each in templates])


def template(document: Mapping[str, object], missing: Sequence[Tool]) -> str:
    """Return what `show` prints, from the document of `report.template`."""
    questions, tools, files = document["questions"], document["tools"], document["files"]
    assert isinstance(questions, list)  # noqa: S101  # the document is ours
    assert isinstance(tools, list)  # noqa: S101
    assert isinstance(files, list)  # noqa: S101
    rows = []
    for each in questions:
        choices = f" ({', '.join(each['choices'])})" if each["choices"] else ""
        default = "no default" if each["default"] is None else f"[{each['default']}]"
        rows.append([f"  {each['name']}", f"{each['help']}{choices} {default}"])
    absent = {tool.name for tool in missing}
    named = [tool["name"] + " (missing here)" * (tool["name"] in absent) for tool in tools]
    return "\n".join(
        [
            f"{document['name']}: {document['summary']}",
            f"\nLanguages: {languages(document['languages'])}",  # type: ignore[arg-type]
            f"Tools: {', '.join(named)}",
            "\nQuestions, with their defaults (--data NAME=VALUE answers one):",
            columns(rows),
            f"\nFiles in {languages([str(document['language'])])}:",
            *(f"  {path}" for path in files),
        ]
    )


def names(answers: Answers) -> str:
    """Return the line that tells the names before anything is written."""
    imported = answers.name.replace("-", "_")
    what = "distribution" if answers.language == "python" else "crate"
    return f"Name: {answers.name} ({what} {answers.name}, import {imported})"


def closing(
    answers: Answers, destination: Path, missing: Sequence[Tool], *, git: bool, nested: bool
) -> str:
    """Return the closing screen of `new`, ten lines at most."""
    language = languages([answers.language])
    repository = "a new git repository, nothing committed yet" if git else "no git repository"
    if nested:
        repository = "part of the git repository around it"
    lines = [
        f"Made {answers.name} from {answers.template} in {language}: {repository}.",
        "",
        "Next:",
        f"  cd {_quoted(destination)}",
        "  make setup   # installs what the project needs",
        "  make check   # its own lint and tests",
    ]
    if missing:
        lines += ["", "Missing on this machine:"]
        lines += ["  " + "; ".join(f"{tool.name} ({tool.get})" for tool in missing)]
    return "\n".join(lines)


def _quoted(path: Path) -> str:
    """Return a path as one line of a shell's word, whatever it holds."""
    text = f"./{path}" if str(path).startswith("-") else str(path)
    if text.isprintable():
        return shlex.quote(text)
    plain = (c if c.isprintable() and c not in "'\\" else _escaped(c) for c in text)
    return f"$'{''.join(plain)}'"


def _escaped(character: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(character))


def doctor(found: Sequence[Found], serves: Mapping[str, Sequence[str]]) -> str:
    """Return the table of tools."""
    rows = [["TOOL", "VERSION", "NEEDED", "", "TEMPLATES"]]
    for each in found:
        state = "ok" if each.good else "missing" if each.version is None else "too old"
        if not each.good and each.tool.optional:
            state += ", optional"
        needed = ".".join(map(str, each.tool.minimum)) + "+"
        cells = ", ".join(serves[each.tool.name])
        rows.append([each.tool.name, each.version or "-", needed, state, cells])
    wanted = [each.tool for each in found if not each.good]
    steps = [f"  {tool.name}: {tool.get}" for tool in wanted]
    return columns(rows) + ("\n\nTo get the rest:\n" + "\n".join(steps) if steps else "")


def plan(outcome: "Outcome") -> str:
    """Return what an update says before it touches anything."""
    about, to = outcome.plan, outcome.plan.to
    answers, old = about.recorded.answers, about.recorded.version
    what = f"{answers.template} in {languages([answers.language])}"
    versions = f"version {old}" if old == to else f"version {old} to {to}"
    lines = [f"{answers.name}: {what}, {versions}."]
    lines += [f"Note: {about.note}."] if about.note else []
    lines += ["", "What is new:", *(f"  {each}" for each in about.news)] if about.news else []
    if outcome.changed:
        both = f", {len(outcome.both)} of them changed here too" if outcome.both else ""
        lines += ["", f"The template changes {_count(outcome.changed, 'file')}{both}:"]
        lines += [f"  {'*' if path in outcome.both else ' '} {path}" for path in outcome.changed]
    if outcome.deleted:
        lines += ["", "Deleted here, and it stays so (--restore PATH brings one back):"]
        lines += [f"    {path}" for path in outcome.deleted]
    if about.new_answers:
        given = (f"{name}={value}" for name, value in about.new_answers.items())
        lines += ["", f"New answers: {', '.join(given)} (--data NAME=VALUE gives another)"]
    if outcome.conflicts and outcome.diff:  # a dry run ends here
        lines += ["", f"It will be in conflict in {_count(outcome.conflicts, 'file')}."]
    return "\n".join(lines)


def healed(project: Path, kept: Sequence[str]) -> str:
    """Return what is said where an update that was killed half way was undone."""
    lines = [f"An update of {str(project)!r} was killed half way, and was undone now."]
    lines += [f"  changed since, so left as it is: {path}" for path in kept]
    return "\n".join(lines)


def updated(outcome: "Outcome") -> str:
    """Return what an update says at its end."""
    if outcome.status == "current":
        return "Nothing to do: the project has this version and these answers."
    if outcome.status == "updated":
        return "\nUpdated; `git diff --staged` shows it.\n" + commit(outcome.title)
    lines = ["", "In conflict:", *(f"    {path}" for path in outcome.conflicts), ""]
    lines += [
        "Settle them with `git mergetool` or an editor, then run `scaffold update --continue`;",
        "`scaffold update --abort` brings back the state before.",
    ]
    return "\n".join(lines)


def commit(title: str) -> str:
    """Return the command that commits an update."""
    return f"Next:\n  git commit -m {shlex.quote(title)}"


def updates(results: "Sequence[Result]") -> str:
    """Return the table of what became of several projects."""
    rows = [["PROJECT", "TEMPLATE", "FROM", "TO", "RESULT"]]
    for each in results:
        row = [str(each.project), "-", "-", "-", f"failed: {each.error}"]
        if each.outcome is not None:
            about, status = each.outcome.plan, each.outcome.status
            if each.outcome.conflicts:
                status += f": {', '.join(each.outcome.conflicts)}"
            made = about.recorded
            row = [row[0], made.answers.template, str(made.version), str(about.to), status]
        rows.append(row)
    return columns(rows)


def statuses(found: "Sequence[Status]", *, detailed: bool) -> str:
    """Return how projects stand; with the names of files if `detailed`."""
    rows = [["PROJECT", "TEMPLATE", "VERSION", "NEWEST", "CHANGED", "DELETED"]]
    lines: list[str] = []
    for each in found:
        made, counts = each.recorded, (len(each.changed), len(each.deleted))
        what = f"{made.answers.template}-{made.answers.language}"
        rows.append(
            [str(each.project), what, str(made.version), str(each.newest), *map(str, counts)]
        )
        lines += [f"Note: {each.note}."] if each.note else []
        if detailed:
            lines += [f"  changed  {path}" for path in each.changed]
            lines += [f"  deleted  {path}" for path in each.deleted]
    behind = sum(not each.current for each in found)
    if behind:
        lines += [
            "",
            f"`scaffold update` has a newer version for {_count(range(behind), 'project')}.",
        ]
    return "\n".join([columns(rows), *lines])


def _count(things: "Sequence[object]", noun: str) -> str:
    return f"{len(things)} {noun}{'s' * (len(things) != 1)}"


def board(rows: Mapping[str, tuple[str, float, float]], now: float) -> "Table":
    """Return the live table: cell -> stage or final state, and when the cell began and ended.

    Times are of the monotonic clock, in seconds; 0 is not yet.
    """
    from rich.table import Table  # noqa: PLC0415  # only a terminal needs it

    table = Table(box=None, pad_edge=False)
    for title in ("cell", "stage", "time"):
        table.add_column(title)
    colours = {"passed": "green", "cached": "green", "failed": "red"}
    for cell, (stage, begun, ended) in rows.items():
        seconds = f"{(ended or now) - begun:.0f} s" if begun else ""
        colour = colours.get(stage) if ended else None
        table.add_row(cell, f"[{colour}]{stage}[/]" if colour else stage, seconds)
    return table


def summary(results: "Sequence[check.Result]", notes: Sequence[str] = ()) -> str:
    """Return the end of a check: the table, then each failure with the place of its whole log."""
    rows = [
        [each.cell, each.status, f"{sum(one.seconds for one in each.outcomes):.1f} s"]
        for each in results
    ]
    parts = [columns(rows)] if rows else []
    parts += ["\n".join(notes)] if notes else []
    for result in results:
        for one in result.outcomes:
            if not one.passed:
                parts.append(f"{result.cell} failed in {one.stage}:\n\n{_indent(one.message)}")
                parts += [f"The whole log: {result.log}"] if result.log else []
    return "\n\n".join(parts)


def _indent(message: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in message.splitlines())
