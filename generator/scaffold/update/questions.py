"""Settles a new release's questions from what a project was made with; no migration is code."""

from collections.abc import Iterator, Mapping
from typing import Any

from scaffold.answers import Answers, Ask
from scaffold.catalog import Question
from scaffold.errors import UsageError
from scaffold.release import Release
from scaffold.render import evaluate

_FIXED = ("template", "language")
_Entry = Mapping[str, Any]
"""A question of `copier.yml`."""


def names(release: Release, answers: Answers) -> list[str]:
    """Return the questions that a release asks of this template."""
    return [name for name, _ in _asked(release, answers.as_dict())]


def settle(
    release: Release, answers: Answers, given: Mapping[str, str], ask: Ask | None
) -> Answers:
    """Return the answers for `release`: given now, else recorded, else by default, else asked.

    Copier comes to the same answers from the same file, since a question that was renamed has its
    old answer for a default. Raises `UsageError` for an unknown question, and for one that has to
    be answered and cannot be asked.
    """
    recorded = answers.as_dict()
    asked = dict(_asked(release, recorded))
    for name in given:
        if name in _FIXED:
            raise UsageError("question", name, hint="cannot change; make a new project instead")
        if name not in asked:
            raise UsageError("question", name, list(asked))
    values = dict(recorded)  # old names stay known to defaults
    for name, entry in asked.items():
        if name in given:
            values[name] = _checked(name, entry, values, given[name].strip())
        elif name in recorded and not _problem(name, entry, values, recorded[name]):
            continue
        else:
            values[name] = _default(name, entry, values, ask)
    rest = {name: values[name] for name in asked if name != "project_name"}
    return Answers(answers.template, answers.language, values["project_name"], rest)


def _checked(name: str, entry: _Entry, values: Mapping[str, str], answer: str) -> str:
    if problem := _problem(name, entry, values, answer):
        raise UsageError(f"the answer to {name}", answer, hint=problem.replace("no longer", "not"))
    return answer


def _default(name: str, entry: _Entry, values: Mapping[str, str], ask: Ask | None) -> str:
    """Return the default of a new question; ask where it has none, or the old answer is refused."""
    default = evaluate(entry["default"], values) if "default" in entry else None
    if name not in values and default is not None:
        problem = _problem(name, entry, values, default)
        if not problem:
            return default
    elif name in values:
        problem = _problem(name, entry, values, values[name])
    else:
        problem = "has no default"
    answer = values.get(name)
    while True:
        if ask is None:
            what = f"the answer to {name}" if name in values else "question"
            hint = f"{problem}; answer with --data {name}=…"
            raise UsageError(what, values.get(name, name), hint=hint)
        told = f"{answer!r} {problem}. " if answer is not None else ""
        text = told + evaluate(entry["help"], values)
        # The release's own validator decides, so any line will do for the one who asks.
        answer = ask(Question(name, text, choices=_choices(entry), pattern=".*"), default)
        problem = _problem(name, entry, values, answer)
        if not problem:
            return answer


def _asked(release: Release, recorded: Mapping[str, str]) -> Iterator[tuple[str, _Entry]]:
    for name, entry in release.config.items():
        if name.startswith("_") or name in _FIXED or entry.get("when") is False:
            continue
        if evaluate(str(entry.get("when", True)), recorded) == "True":
            yield name, entry


def _choices(entry: _Entry) -> tuple[str, ...]:
    return tuple(entry.get("choices", ()))


def _problem(name: str, entry: _Entry, values: Mapping[str, str], answer: str) -> str | None:
    """Return why an answer is not allowed, by the same validator that Copier runs."""
    choices = _choices(entry)
    if choices and answer not in choices:
        return f"is no longer allowed; allowed: {', '.join(choices)}"
    if "validator" not in entry:
        return None
    return evaluate(entry["validator"], {**values, name: answer}) or None
