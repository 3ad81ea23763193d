"""Renders a release tree with answers: what copier would write, byte for byte."""

from collections.abc import Mapping
from typing import Any

from jinja2 import StrictUndefined
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
    environment = SandboxedEnvironment(keep_trailing_newline=True, undefined=StrictUndefined)
    context = _context(environment, release, answers, source)
    project: Tree = {}
    for path, file in release.files.items():
        is_template = path.endswith(SUFFIX)
        parts = path.removesuffix(SUFFIX).split("/")
        rendered = [_text(environment, part, context) for part in parts]
        if not all(rendered):
            continue
        content, link = file.content, file.link
        if is_template:
            content = _text(environment, content.decode(), context).encode()
            link = link and _text(environment, link, context)
        project["/".join(rendered)] = File(content, file.executable, link)
    return dict(sorted(project.items()))


def _context(
    environment: SandboxedEnvironment, release: Release, answers: Answers, source: str
) -> dict[str, Any]:
    given = answers.as_dict()
    context: dict[str, Any] = {
        **given,
        "_copier_answers": {"_commit": f"v{release.version}", "_src_path": source, **given},
        "_copier_conf": {"answers_file": ANSWERS_FILE},
    }
    # Questions that are never asked hold the values that follow from the others.
    for name, question in release.config.items():
        if isinstance(question, Mapping) and question.get("when") is False:
            context[name] = _text(environment, question["default"], context)
    return context


def _text(environment: SandboxedEnvironment, template: str, context: Mapping[str, Any]) -> str:
    if "{" not in template:
        return template
    return environment.from_string(template).render(context)
