"""Renders a release tree with answers: what copier would write, byte for byte."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import StrictUndefined, Template
from jinja2.sandbox import SandboxedEnvironment

from scaffold.answers import Answers
from scaffold.compose import File, Tree
from scaffold.placeholders import ANSWERS_FILE, SUFFIX
from scaffold.release import ADDRESS, Release


def render(release: Release, answers: Answers, source: str = ADDRESS) -> Tree:
    """Return the files of the project; `source` is recorded as the address that updates come from.

    Follows Copier: a part of a path that renders to nothing leaves the file out, and only files
    with the suffix of templates are rendered.
    """
    context = _context(release, answers, source)
    project: Tree = {}
    for path, file in release.files.items():
        is_template = path.endswith(SUFFIX)
        parts = path.removesuffix(SUFFIX).split("/")
        rendered = [_text(part, context) for part in parts]
        if not all(rendered):
            continue
        content, link = file.content, file.link
        if is_template:
            content = _text(content.decode(), context).encode()
            link = link and _text(link, context)
        project["/".join(rendered)] = File(content, file.executable, link)
    return dict(sorted(project.items()))


def evaluate(expression: str, values: Mapping[str, str]) -> str:
    """Return what an expression of `copier.yml`, such as a default, gives for these answers."""
    return _text(expression, values)


def _context(release: Release, answers: Answers, source: str) -> dict[str, Any]:
    given = answers.as_dict()
    context: dict[str, Any] = {
        **given,
        "_copier_answers": {"_commit": f"v{release.version}", "_src_path": source, **given},
        "_copier_conf": {"answers_file": ANSWERS_FILE},
    }
    # Questions that are never asked hold the values that follow from the others.
    for name, question in release.config.items():
        if isinstance(question, Mapping) and question.get("when") is False:
            context[name] = _text(question["default"], context)
    return context


def _text(template: str, context: Mapping[str, Any]) -> str:
    if "{" not in template:
        return template
    return _compiled(template).render(context)


@cache
def _compiled(template: str) -> Template:
    """Return a template ready to render; projects of one release share them all."""
    return _environment().from_string(template)


@cache
def _environment() -> SandboxedEnvironment:
    environment = SandboxedEnvironment(keep_trailing_newline=True, undefined=StrictUndefined)
    environment.filters["regex_search"] = _regex_search
    return environment


def _regex_search(value: str, pattern: str) -> str | None:
    """Do what Copier's filter of this name does: return the part that matches, or None."""
    found = re.search(pattern, value)
    return found.group() if found else None
