"""Turns stand-ins into Jinja: the one table of stand-ins, and the escapes around them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from scaffold.answers import NAME_STAND_IN
from scaffold.catalog import Question, Template
from scaffold.compose import Composed, Condition, File, Tree
from scaffold.errors import TemplateError

SUFFIX = ".jinja"
ANSWERS_FILE = ".copier-answers.yml"

DERIVED = {
    "package_name": "{{ project_name | replace('-', '_') }}",
    "project_title": "{{ project_name | replace('-', ' ') | title }}",
}
"""Variables that follow from the answers: name -> Jinja."""

_NAMES = {
    NAME_STAND_IN: "project_name",
    "my_project": "package_name",
    "My Project": "project_title",
}

# In these files a user's text stands inside double quotes, where a backslash and a double quote
# are escaped alike; in prose it stands as it is.
_QUOTED = frozenset((".json", ".py", ".rs", ".toml", ".yaml", ".yml"))
_PROSE = frozenset((".md", ".txt"))
ESCAPE = r"""replace('\\', '\\\\') | replace('"', '\\"')"""


@dataclass(frozen=True, slots=True)
class _StandIn:
    """A literal of the raw project, and the Jinja that takes its place."""

    variable: str
    free: bool = False
    """Any text may be the answer, so where it stands decides how it is escaped."""
    optional: tuple[str, str] | None = None
    """The text before and after the stand-in, left out with it where the answer is empty."""


def stand_ins(template: Template) -> dict[str, str]:
    """Return the table of stand-ins: literal -> variable."""
    return {literal: each.variable for literal, each in _table(template.questions).items()}


def to_jinja(template: Template, composed: Composed) -> Tree:
    """Turn composed files into a Copier subdirectory, its answers file included.

    Raises `TemplateError` for a stand-in that occurs nowhere, one in a file that is not UTF-8, and
    one for free text where no escape is known.
    """
    table = _table(template.questions)
    seen: set[str] = set()
    tree: Tree = {}
    for path, condition, file in composed.files:
        if path.endswith(SUFFIX):
            raise TemplateError(path, f"may not end in {SUFFIX}: templates hold no Jinja")
        target = _place(path, path, table, seen)
        if condition is not None:
            folder, _, name = target.rpartition("/")
            target = f"{folder}/" * bool(folder) + _only_if(condition, name)
        content = _content(path, file, table, seen)
        link = None if file.link is None else _place(path, file.link, table, seen)
        jinja = File(content, file.executable, link)
        tree[target + SUFFIX * (jinja != file)] = jinja
    for question in template.questions:
        used = any(table[literal].variable == question.name for literal in seen)
        if question.stand_in and not used:
            problem = f"the stand-in {question.stand_in!r} of {question.name} occurs nowhere"
            raise TemplateError(template.folder / "template.toml", problem)
    tree["{{ _copier_conf.answers_file }}" + SUFFIX] = _answers_file(template)
    return tree


def _table(questions: tuple[Question, ...]) -> dict[str, _StandIn]:
    table = {literal: _StandIn(variable) for literal, variable in _NAMES.items()}
    for question in questions:
        if question.stand_in:
            free = not question.choices
            table[question.stand_in] = _StandIn(question.name, free)
            for around in question.omit_if_empty:
                before, _, after = around.partition(question.stand_in)
                table[around] = _StandIn(question.name, free, (before, after))
    return table


def _pattern(table: Mapping[str, _StandIn]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(table, key=len, reverse=True))))


def _place(path: str, text: str, table: Mapping[str, _StandIn], seen: set[str]) -> str:
    """Replace the stand-ins in a path or the target of a link, where no answer may add a slash."""
    for literal, stand_in in table.items():
        if stand_in.free and literal in text:
            problem = f"the stand-in {literal!r} stands for any text, which no path can hold"
            raise TemplateError(path, problem)
    return _text(PurePosixPath(path), text, table, seen)


def _content(path: str, file: File, table: Mapping[str, _StandIn], seen: set[str]) -> bytes:
    try:
        text = file.content.decode()
    except UnicodeDecodeError:
        found = [literal for literal in table if literal.encode() in file.content]
        if found:
            problem = f"holds the stand-in {found[0]!r} but is not UTF-8, so it cannot be replaced"
            raise TemplateError(path, problem) from None
        return file.content
    if not _pattern(table).search(text):
        return file.content
    return _text(PurePosixPath(path), text, table, seen).encode()


def _text(path: PurePosixPath, text: str, table: Mapping[str, _StandIn], seen: set[str]) -> str:
    """Replace the stand-ins in `text` and escape the rest, if there is any stand-in or brace."""
    pieces: list[str] = []
    end = 0
    for match in _pattern(table).finditer(text):
        literal = match.group()
        seen.add(literal)
        pieces.append(escape(text[end : match.start()]))
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        pieces.append(_expression(path, line, literal, table[literal]))
        end = match.end()
    return "".join(pieces) + escape(text[end:])


def escape(literal: str) -> str:
    """Escape what Jinja would act on: opening braces, and line ends that it would change."""
    # A carriage return becomes an expression, so a brace before one needs its escape as well.
    literal = re.sub(r"\{(?=[{%#\r]|\Z)", "{{ '{' }}", literal)
    return literal.replace("\r", r"{{ '\r' }}")


def _expression(path: PurePosixPath, line: str, literal: str, stand_in: _StandIn) -> str:
    variable = stand_in.variable
    if stand_in.free and path.suffix in _QUOTED:
        before = line + (stand_in.optional[0] if stand_in.optional else "")
        if re.sub(r"\\.", "", before).count('"') % 2 == 0:
            problem = f"the stand-in {literal!r} must stand inside double quotes"
            raise TemplateError(str(path), problem)
        variable = f"{variable} | {ESCAPE}"
    elif stand_in.free and path.suffix not in _PROSE and not path.name.isupper():  # as LICENSE is
        kind = path.suffix or path.name
        problem = f"the stand-in {literal!r} stands for any text, which {kind} cannot hold"
        raise TemplateError(str(path), problem)
    expression = f"{{{{ {variable} }}}}"
    if stand_in.optional is None:
        return expression
    before, after = map(escape, stand_in.optional)
    return f"{{% if {stand_in.variable} %}}{before}{expression}{after}{{% endif %}}"


def _only_if(condition: Condition, name: str) -> str:
    choices = ", ".join(f"'{choice}'" for choice in condition.choices)
    return f"{{% if {condition.question} in [{choices}] %}}{name}{{% endif %}}"


def _answers_file(template: Template) -> File:
    """Return the file that records the answers, every value quoted whatever YAML makes of it."""
    lines = [
        "# What this project was made with; `copier update` and `scaffold update` read it and",
        "# write it anew.",
        "{% for key in ['_commit', '_src_path'] if key in _copier_answers -%}",
        f'{{{{ key }}}}: "{{{{ _copier_answers[key] | {ESCAPE} }}}}"',
        "{% endfor -%}",
    ]
    names = ["template", "language", "project_name"]
    names += [question.name for question in template.questions]
    lines += [f'{name}: "{{{{ {name} | {ESCAPE} }}}}"' for name in names]
    return File(("\n".join(lines) + "\n").encode())
