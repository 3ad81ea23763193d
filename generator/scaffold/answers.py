"""Turns a name and raw answers into `Answers`: frozen, complete and valid."""

import re
import subprocess
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from scaffold.catalog import Question, Template
from scaffold.errors import UsageError

NAME_PATTERN = "[a-z][a-z0-9]*(-[a-z0-9]+)*"
NAME_LENGTH = 40
"""Templates are held to stay formatted up to this many characters."""
ANSWER_LENGTH = 200
# Control characters, line ends and what YAML 1.1 cannot hold.
FORBIDDEN = "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"

NAME_STAND_IN = "my-project"

Ask = Callable[[Question, str | None], str]
"""Asks a person one question, showing the default, and returns the raw answer."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Everything that decides what a project of a template is: the same answers, the same bytes."""

    template: str
    language: str
    name: str
    """The name of distribution and crate: lower case, digits, single hyphens."""
    values: Mapping[str, str]
    """Question -> answer, in the order of the template."""

    def as_dict(self) -> dict[str, str]:
        """Return all answers under the names that the release tree uses."""
        return {
            "template": self.template,
            "language": self.language,
            "project_name": self.name,
            **self.values,
        }


@cache
def reserved_names() -> frozenset[str]:
    """Return the import names that a project may not have."""
    text = Path(__file__).with_name("reserved_names.txt").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(word for line in lines for word in line.split())


def normalise_name(text: str) -> str:
    """Return the project name for what a person typed: `My_Cool App` is `my-cool-app`.

    The result is a valid distribution and crate name, and a valid import name once its hyphens are
    underscores. Normalising twice changes nothing. Raises `UsageError` saying what is wrong.
    """
    stripped = text.strip()
    # Runs of separators count as one, as in the normal form of distribution names (PEP 503).
    name = re.sub("[-_. ]+", "-", stripped).lower() if stripped.isascii() else stripped
    if not stripped:
        problem = "must not be empty"
    elif not stripped.isascii() or re.search(r"[^A-Za-z0-9_. -]", stripped):
        problem = "may hold only the letters a to z, digits and hyphens"
    elif not re.match("[A-Za-z]", stripped):
        problem = "must start with a letter"
    elif name.endswith("-"):
        problem = "must end with a letter or a digit"
    elif len(name) > NAME_LENGTH:
        problem = f"has {len(name)} characters, at most {NAME_LENGTH} are allowed"
    elif name.replace("-", "_") in reserved_names():
        problem = "is a word of Python, Rust, their standard libraries or tools; choose another"
    else:
        return name
    raise UsageError("the project name", text, hint=f"{problem} (--name gives another)")


def check_not_a_dependency(name: str, manifests: Iterable[bytes]) -> None:
    """Raise `UsageError` where the project would be called like a package that it depends on.

    `manifests` are the rendered `pyproject.toml` or `Cargo.toml`.
    """
    for content in manifests:
        table = tomllib.loads(content.decode())
        project = table.get("project", {})
        groups = table.get("dependency-groups", {}).values()
        required = [*project.get("dependencies", []), *(each for group in groups for each in group)]
        used = [re.split(r"[^\w.-]", each)[0] for each in required if isinstance(each, str)]
        for part in ("dependencies", "dev-dependencies"):
            used += table.get(part, ())
        if name in {re.sub("[-_.]+", "-", each).lower() for each in used}:
            hint = "is the name of a package that this project depends on; choose another"
            raise UsageError("the project name", name, hint=hint)


def check_answer(question: Question, text: str) -> str:
    """Return the answer without blanks around it; raise `UsageError` for one not allowed."""
    answer = text.strip()
    what = f"the answer to {question.name}"
    if question.choices and answer not in question.choices:
        raise UsageError(what, answer, question.choices)
    if len(answer) > ANSWER_LENGTH:
        raise UsageError(what, answer, hint=f"has more than {ANSWER_LENGTH} characters")
    if re.search(FORBIDDEN, answer):
        raise UsageError(what, answer, hint="must be one line without control characters")
    if question.pattern is not None and not re.fullmatch(question.pattern, answer):
        raise UsageError(what, answer, hint=f"must match {question.pattern}")
    if not answer and question.pattern is None:
        raise UsageError(what, answer, hint="must not be empty")
    return answer


def default_answer(question: Question, name: str) -> str | None:
    """Return the default of a question for a project called `name`, None where there is none."""
    if question.git_config is not None:
        try:
            return check_answer(question, _git_config(question.git_config))
        except UsageError:
            pass  # nothing there, or nothing that we could use: the template's own default it is
    if question.default is None:
        return None
    return question.default.replace(NAME_STAND_IN, name)


def settle(
    template: Template, language: str, name: str, given: Mapping[str, str], ask: Ask | None = None
) -> Answers:
    """Settle every question: from `given`, else by asking, else by its default.

    Raises `UsageError` for an unknown question, an answer that is not allowed, and a question that
    has neither an answer nor a default.
    """
    name = normalise_name(name)
    for key in given:
        template.question(key)
    values: dict[str, str] = {}
    for question in template.questions:
        default = default_answer(question, name)
        if question.name in given:
            answer = given[question.name]
        elif ask is not None:
            answer = ask(question, default)
        elif default is not None:
            answer = default
        else:
            hint = f"it has no default; answer with --data {question.name}=…"
            raise UsageError("question", question.name, hint=hint)
        values[question.name] = check_answer(question, answer)
    return Answers(template.name, language, name, values)


def parse_data(pairs: Iterable[str]) -> dict[str, str]:
    """Return the answers in words of the form KEY=VALUE; raise `UsageError` for another form."""
    answers = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise UsageError("--data", pair, hint="must have the form KEY=VALUE")
        answers[key] = value
    return answers


def read_data_file(path: Path) -> dict[str, str]:
    """Return the answers in a YAML file, every value as the text that stands there.

    Copier's own keys, which start with an underscore, are left out, so that the answers file of
    another project will do. Raises `UsageError` for a file that cannot be read or used.
    """
    import yaml  # noqa: PLC0415  # most calls have no such file

    try:
        # The base loader leaves `no` and `1e3` the words that they are.
        table = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506
    except OSError as error:
        raise UsageError("--data-file", str(path), hint=(error.strerror or "").lower()) from error
    except (ValueError, OverflowError, yaml.YAMLError, RecursionError) as error:
        # PyYAML raises the first two for an escaped character beyond the end of Unicode.
        hint = f"is not YAML: {' '.join(str(error).split())}"
        raise UsageError("--data-file", str(path), hint=hint) from error
    if table in (None, ""):  # an empty file, or one that holds `---` alone
        return {}
    if not isinstance(table, dict) or not all(isinstance(v, str) for v in table.values()):
        raise UsageError("--data-file", str(path), hint="must hold lines of the form NAME: VALUE")
    return {key: value for key, value in table.items() if not key.startswith("_")}


def _git_config(key: str) -> str:
    try:
        found = subprocess.run(
            ["git", "config", "--get", key],
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",  # which no answer may hold
            check=False,
        )
    except OSError:
        return ""  # no git on this machine, so it has no configuration
    return found.stdout.strip()
