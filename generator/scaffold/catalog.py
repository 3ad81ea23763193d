"""Finds the templates and reads what `template.toml` says of each."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scaffold.errors import TemplateError, UsageError

_HERE = Path(__file__).resolve().parent
# In the wheel the templates lie inside the package, in a checkout beside the generator.
ROOT = next(path for path in (_HERE / "templates", _HERE.parents[1] / "templates") if path.is_dir())

LANGUAGES = ("python", "rust")
SHARED = "_shared"
OWN_NAMES = ("template", "language", "project_name", "package_name", "project_title")
"""What every release tree knows a project by; no question may be called so."""


@dataclass(frozen=True, slots=True)
class Question:
    """A value that a user chooses, and the literal that stands for it in the template."""

    name: str
    help: str
    stand_in: str | None = None
    default: str | None = None
    git_config: str | None = None
    """A key of git's configuration that is the default where git has it."""
    choices: tuple[str, ...] = ()
    pattern: str | None = None
    """A regular expression that the whole answer must match."""
    layers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Choice -> the shared layers that it adds."""
    omit_if_empty: tuple[str, ...] = ()
    """Longer literals around the stand-in that are left out where the answer is empty."""
    renamed: tuple[str, ...] = ()
    """What the question was called in earlier releases, the last name first."""


@dataclass(frozen=True, slots=True)
class Template:
    """One template: its folder, its languages, and what `template.toml` says."""

    name: str
    folder: Path
    summary: str
    languages: tuple[str, ...]
    questions: tuple[Question, ...]
    layers: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()

    @property
    def shared(self) -> Path:
        """The folder of the shared layers."""
        return self.folder.parent / SHARED

    def question(self, name: str) -> Question:
        """Return the question called `name`; raise `UsageError` where there is none."""
        for question in self.questions:
            if question.name == name:
                return question
        raise UsageError("question", name, [each.name for each in self.questions])

    def file_list(self, language: str) -> Path:
        """Return the path of the list of files that a project in `language` has."""
        return self.folder / f"files-{language}.txt"


def names(root: Path = ROOT) -> list[str]:
    """Return the names of all templates, sorted."""
    return sorted(path.parent.name for path in root.glob("*/template.toml"))


def load_all(root: Path = ROOT) -> list[Template]:
    """Read every template, sorted by name; raise `TemplateError` for a malformed one."""
    return [load(name, root) for name in names(root)]


def load(name: str, root: Path = ROOT) -> Template:
    """Read one template; raise `UsageError` for an unknown name, `TemplateError` for a bad file."""
    known = names(root)
    if name not in known:
        raise UsageError("template", name, known)
    folder = root / name
    path = folder / "template.toml"
    table = _Table(path, "", _read_toml(path))
    languages = table.texts("languages", required=True)
    _check_languages(path, folder, languages)
    template = Template(
        name=name,
        folder=folder,
        summary=table.text("summary", required=True) or "",
        languages=languages,
        layers=table.texts("layers"),
        tools=table.texts("tools"),
        questions=_shared_questions(root) + _questions(table),
    )
    table.done()
    _check_layers(path, template.shared, "layers", template.layers)
    _check_questions(path, template.shared, template.questions)
    return template


def load_language(template: Template, language: str | None) -> str:
    """Return the language to use (Python first); raise `UsageError` for one it does not have."""
    if language is None:
        return template.languages[0]
    if language not in template.languages:
        raise UsageError("language", language, template.languages)
    return language


class _Table:
    """A TOML table whose every key must be asked for; what is left over is unknown."""

    def __init__(self, path: Path, name: str, values: object) -> None:
        if not isinstance(values, dict):
            raise TemplateError(path, f"{name.rstrip('.')} must be a table")
        self.path, self.name, self.values = path, name, dict(values)

    def take(self, key: str, kind: type, *, required: bool = False) -> Any:  # noqa: ANN401  # TOML
        if key not in self.values:
            if required:
                raise TemplateError(self.path, f"the key {self.name}{key} is missing")
            return None
        value = self.values.pop(key)
        if not isinstance(value, kind):
            raise TemplateError(self.path, f"{self.name}{key} must be a {kind.__name__}")
        return value

    def text(self, key: str, *, required: bool = False) -> str | None:
        value: str | None = self.take(key, str, required=required)
        return value

    def texts(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        values = self.take(key, list, required=required) or []
        if not all(isinstance(value, str) for value in values):
            raise TemplateError(self.path, f"{self.name}{key} must be a list of strings")
        return tuple(values)

    def tables(self, key: str) -> "dict[str, _Table]":
        found = self.take(key, dict) or {}
        return {
            name: _Table(self.path, f"{self.name}{key}.{name}.", value)
            for name, value in found.items()
        }

    def done(self) -> None:
        if self.values:
            key = next(iter(self.values))
            raise TemplateError(self.path, f"the key {self.name}{key} is not known")


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # a number may be too long, and arrays too deep
        raise TemplateError(path, f"is not valid TOML: {error}") from error


def _shared_questions(root: Path) -> tuple[Question, ...]:
    path = root / SHARED / "questions.toml"
    if not path.exists():
        return ()
    table = _Table(path, "", _read_toml(path))
    questions = _questions(table)
    table.done()
    _check_questions(path, path.parent, questions)
    return questions


def _questions(table: _Table) -> tuple[Question, ...]:
    return tuple(_question(name, each) for name, each in table.tables("questions").items())


def _question(name: str, table: _Table) -> Question:
    layers = _Table(table.path, f"{table.name}layers.", table.take("layers", dict) or {})
    question = Question(
        name=name,
        help=table.text("help", required=True) or "",
        stand_in=table.text("stand_in"),
        default=table.text("default"),
        git_config=table.text("git_config"),
        choices=table.texts("choices"),
        pattern=table.text("pattern"),
        layers={choice: layers.texts(choice) for choice in tuple(layers.values)},
        omit_if_empty=table.texts("omit_if_empty"),
        renamed=table.texts("renamed"),
    )
    table.done()
    return question


def _check_languages(path: Path, folder: Path, languages: tuple[str, ...]) -> None:
    for language in languages:
        if language not in LANGUAGES:
            raise TemplateError(path, f"the language {language!r} is none of {LANGUAGES}")
        if not (folder / language).is_dir():
            raise TemplateError(path, f"there is no folder {language}/ beside it")
    if not languages or len(set(languages)) < len(languages):
        raise TemplateError(path, "languages must name one at least, and each once")


def _check_layers(path: Path, shared: Path, key: str, layers: Iterable[str]) -> None:
    folders = {folder.name for folder in shared.glob("*/")}
    for layer in layers:
        if folders.isdisjoint((layer, *(f"{layer}-{language}" for language in LANGUAGES))):
            problem = f"{key} names the layer {layer!r}, which is no folder of {shared}"
            raise TemplateError(path, problem)


def _check_questions(path: Path, shared: Path, questions: tuple[Question, ...]) -> None:
    seen: set[str] = set()
    for question in questions:
        where = f"questions.{question.name}"
        if not re.fullmatch("[a-z][a-z0-9_]*", question.name):
            raise TemplateError(path, f"{where} must be lower case letters, digits and _")
        if question.name in OWN_NAMES:
            raise TemplateError(path, f"{where} is a name that every project has without asking")
        if question.name in seen:
            raise TemplateError(path, f"{where} is already one of the shared questions")
        seen.add(question.name)
        if set(question.renamed) & {each.name for each in questions}:
            raise TemplateError(path, f"{where}.renamed names a question that there still is")
        _check_question(path, where, question)
        for added in question.layers.values():
            _check_layers(path, shared, f"{where}.layers", added)


def _check_question(path: Path, where: str, question: Question) -> None:
    if not question.stand_in and not question.layers:
        raise TemplateError(path, f"{where} needs a stand_in or layers, or it changes nothing")
    if not all(question.stand_in and question.stand_in in each for each in question.omit_if_empty):
        raise TemplateError(
            path, f"{where}.omit_if_empty must hold the stand_in, and text around it"
        )
    if set(question.layers) - set(question.choices):
        raise TemplateError(path, f"{where}.layers names a choice that it does not have")
    if question.choices and question.default not in (*question.choices, None):
        raise TemplateError(path, f"{where}.default is none of its choices")
    if question.pattern is not None:
        try:
            re.compile(question.pattern)
        except (re.error, OverflowError) as error:
            raise TemplateError(path, f"{where}.pattern does not compile: {error}") from error
