"""The laws that every rendered project keeps, whatever its template."""

import re
from collections.abc import Iterator, Sequence

from scaffold.answers import NAME_STAND_IN, Answers
from scaffold.catalog import Template
from scaffold.compose import Composed, File, Tree
from scaffold.placeholders import ANSWERS_FILE, stand_ins

_MARKERS = re.compile(r"\{[{%#]")
# Folders in which people and build machines keep their things, not those inside containers.
_ABSOLUTE = re.compile(r"(?<![\w./-])(/home/|/Users/|/root/|/tmp/|/private/var/|[A-Z]:\\\\?Users)")


def broken(template: Template, answers: Answers, composed: Composed, project: Tree) -> list[str]:
    """Return a sentence for each law that the rendered `project` breaks."""
    sources = [
        file
        for _, condition, file in composed.files
        if condition is None or answers.values[condition.question] in condition.choices
    ]
    return [
        *_file_list(template, answers, project),
        *_left_over(template, answers, project),
        *_run_bits(sources, project),
        *_markers(sources, project),
        *_content(project),
    ]


def _file_list(template: Template, answers: Answers, project: Tree) -> Iterator[str]:
    path = template.file_list(answers.language)
    if not path.exists():
        yield f"{path} does not exist; it lists the files of a project, one a line"
        return
    # The list is that of a project called by the stand-in name.
    text = path.read_text(encoding="utf-8").replace(NAME_STAND_IN, answers.name)
    package = answers.name.replace("-", "_")
    listed = set(text.replace(NAME_STAND_IN.replace("-", "_"), package).splitlines())
    for name in sorted(listed - set(project)):
        yield f"{path.name} lists {name}, which was not rendered"
    for name in sorted(set(project) - listed):
        yield f"{name} was rendered, but {path.name} does not list it"


def _left_over(template: Template, answers: Answers, project: Tree) -> Iterator[str]:
    given = "\n".join(answers.as_dict().values())
    for literal in stand_ins(template):
        # A default may be the stand-in itself, such as a region; then it is no left-over.
        if literal in given:
            continue
        for path, file in project.items():
            if literal in path or literal in (file.link or "") or literal.encode() in file.content:
                yield f"{path} still holds the stand-in {literal!r}"


def _run_bits(sources: Sequence[File], project: Tree) -> Iterator[str]:
    runnable = sum(file.executable for file in sources)
    for path, file in project.items():
        if file.content.startswith(b"#!") and not file.executable:
            yield f"{path} is a script without its run bit"
    rendered = sum(file.executable for file in project.values())
    if rendered != runnable:
        yield f"{rendered} files have the run bit, in the template {runnable} have it"


def _content(project: Tree) -> Iterator[str]:
    for path, file in project.items():
        text = file.content.decode(errors="replace")
        if found := _ABSOLUTE.search(text):
            yield f"{path} holds the absolute path {found.group()}"
        mentions = [line for line in text.splitlines() if "scaffold" in line.lower()]
        if path != ANSWERS_FILE and len(mentions) > (path == "README.md"):
            yield f"{path} mentions scaffold: {mentions[-1].strip()}"


def _markers(sources: Sequence[File], project: Tree) -> Iterator[str]:
    # The sources may hold some of their own, such as the expressions of GitHub's workflows.
    before = sum(len(_MARKERS.findall(_text(file.content))) for file in sources)
    after = sum(len(_MARKERS.findall(_text(file.content))) for file in project.values())
    if after > before:
        yield f"{after - before} template markers are left over"


def _text(content: bytes) -> str:
    return content.decode(errors="replace")
