"""Builds and reads the release tree: one ordinary Copier template that holds every template."""

import io
import stat
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scaffold.answers import (
    ANSWER_LENGTH,
    FORBIDDEN,
    NAME_LENGTH,
    NAME_PATTERN,
    NAME_STAND_IN,
    reserved_names,
)
from scaffold.catalog import ROOT, Question, Template, load_all
from scaffold.compose import File, Tree, compose
from scaffold.placeholders import ANSWERS_FILE, DERIVED, SUFFIX, escape, to_jinja
from scaffold.version import version

CHANGELOG = "CHANGELOG.md"
ADDRESS = "https://github.com/scaffold-new/templates"
"""Where releases are published; projects record it as the source of their updates."""

CONFIG = "copier.yml"
_BESIDE = (CHANGELOG, "LICENSE")
"""What else of the repository a release holds, for those who look at it."""
_ARCHIVE = Path(__file__).with_name("release.zip")
"""The release tree that a wheel holds; a checkout composes what it needs instead."""


@dataclass(frozen=True, slots=True)
class Release:
    """One version of the release tree, as far as one template in one language needs it."""

    version: str
    config: Mapping[str, Any]
    """What `copier.yml` says."""
    files: Tree
    """The files of the subdirectory, paths relative to it, still holding Jinja."""


def open_release(template: Template, language: str) -> Release:
    """Return what is needed to render `template` in `language`.

    From the wheel's archive where there is one and the template is one of its own.
    """
    if template.folder.parent != ROOT or not _ARCHIVE.is_file():
        files = to_jinja(template, compose(template, language))
        return Release(version(), _config([template]), files)
    prefix = f"{subdirectory(template.name, language)}/"
    with zipfile.ZipFile(_ARCHIVE) as archive:
        config = load_config(archive.read(CONFIG))
        files = {
            info.filename.removeprefix(prefix): _from_zip(info, archive.read(info))
            for info in archive.infolist()
            if info.filename.startswith(prefix)
        }
    return Release(version(), config, files)


def build_tree(root: Path = ROOT) -> Tree:
    """Compose every template in every language into the release tree."""
    templates = load_all(root)
    config = yaml.safe_dump(_config(templates), sort_keys=False, allow_unicode=True, width=100)
    tree = {CONFIG: File(config.encode())}
    for name in _BESIDE:
        if (root.parent / name).is_file():
            tree[name] = File((root.parent / name).read_bytes())
    for template in templates:
        for language in template.languages:
            files = to_jinja(template, compose(template, language))
            folder = subdirectory(template.name, language)
            tree |= {f"{folder}/{path}": file for path, file in files.items()}
    return tree


def pack(tree: Tree) -> bytes:
    """Return the tree as a zip archive, the same bytes for the same tree."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path, file in sorted(tree.items()):
            info = zipfile.ZipInfo(path)  # dated 1980-01-01
            info.create_system = 3  # Unix, whatever the machine, since the modes are
            kind = stat.S_IFLNK if file.link is not None else stat.S_IFREG
            info.external_attr = (kind | (0o755 if file.executable else 0o644)) << 16
            archive.writestr(info, file.content if file.link is None else file.link.encode())
    return buffer.getvalue()


def unpack(archive: bytes) -> Tree:
    """Return the tree that `pack` packed."""
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        return {info.filename: _from_zip(info, packed.read(info)) for info in packed.infolist()}


def _from_zip(info: zipfile.ZipInfo, content: bytes) -> File:
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        return File(link=content.decode())
    return File(content, bool(mode & stat.S_IXUSR))


def load_config(text: bytes) -> Any:  # noqa: ANN401  # whatever stands there
    """Return what a `copier.yml` says."""
    # In C it is ten times as quick, where it is there; the type stubs do not know it.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(text, Loader=loader)  # noqa: S506  # both are safe


def subdirectory(template: str, language: str) -> str:
    """Return where a release tree holds one template in one language."""
    return f"templates/{template}/{language}"


def _config(templates: Sequence[Template]) -> dict[str, Any]:
    """Return the content of `copier.yml`: settings, questions, and hidden derived values."""
    languages = {template.name: list(template.languages) for template in templates}
    config: dict[str, Any] = {
        "_min_copier_version": "9.4.0",
        "_subdirectory": subdirectory("{{ template }}", "{{ language }}"),
        "_templates_suffix": SUFFIX,
        "_answers_file": ANSWERS_FILE,
        "_preserve_symlinks": True,
        "_exclude": [],
        "_envops": {"keep_trailing_newline": True, "undefined": "jinja2.StrictUndefined"},
        "template": {
            "type": "str",
            "help": "Which template?",
            "choices": {escape(f"{each.name}: {each.summary}"): each.name for each in templates},
        },
        "language": {
            "type": "str",
            "help": "In which language?",
            "choices": sorted({name for names in languages.values() for name in names}),
            "default": f"{{{{ {languages}[template][0] }}}}",
            "validator": f"{{% if language not in {languages}[template] %}}"
            "{{ template }} has no {{ language }} version{% endif %}",
        },
        "project_name": {
            "type": "str",
            "help": "The project's name: lower case letters, digits and single hyphens",
            "default": "{{ template }}",
            "validator": _name_validator(),
        },
    }
    for name in dict.fromkeys(each.name for template in templates for each in template.questions):
        config[name] = _copier_question(name, templates)
    for name, jinja in DERIVED.items():
        config[name] = {"type": "str", "default": jinja, "when": False}
    return config


def _name_validator() -> str:
    words = sorted(reserved_names())
    return (
        f"{{% if not (project_name | regex_search('^{NAME_PATTERN}\\\\Z')) %}}"
        "lower case letters, digits and single hyphens only, a letter first"
        f"{{% elif project_name | length > {NAME_LENGTH} %}}at most {NAME_LENGTH} characters"
        f"{{% elif project_name | replace('-', '_') in {words} %}}"
        "a word of Python, Rust, their standard libraries or tools{% endif %}"
    )


def _copier_question(name: str, templates: Sequence[Template]) -> dict[str, Any]:
    """Return one question for copier; where templates differ in it, it depends on the template."""
    asked = {
        template.name: question
        for template in templates
        for question in template.questions
        if question.name == name
    }
    entry: dict[str, Any] = {
        "type": "str",
        "help": _by_template({key: escape(each.help) for key, each in asked.items()}),
    }
    if all(each.choices for each in asked.values()):
        entry["choices"] = list(dict.fromkeys(c for each in asked.values() for c in each.choices))
    defaults = [each for each in asked.values() if each.default is not None or each.renamed]
    if defaults:
        # Copier wants an allowed default even where the question is not asked. An answer that a
        # template demands is empty by default, which its rule refuses.
        entry["default"] = _by_template(
            {each.name: _default(asked.get(each.name, defaults[0])) for each in templates}
        )
    entry["validator"] = _by_template({key: _validator(each) for key, each in asked.items()})
    if len(asked) < len(templates):
        entry["when"] = f"{{{{ template in {list(asked)} }}}}"
    return entry


def _default(question: Question) -> str:
    """Return the Jinja of a default; a question that was renamed has its old answer for one."""
    pieces = (question.default or "").split(NAME_STAND_IN)
    default = "{{ project_name }}".join(map(escape, pieces))
    for old in reversed(question.renamed):
        default = f"{{% if {old} is defined %}}{{{{ {old} }}}}{{% else %}}{default}{{% endif %}}"
    return default


def _by_template(texts: Mapping[str, str]) -> str:
    if len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    cases = (f"{{% if template == '{key}' %}}{text}{{% endif %}}" for key, text in texts.items())
    return "".join(cases)


def _validator(question: Question) -> str:
    """Return the Jinja that is empty for an allowed answer, by the rules of `check_answer`."""
    name = question.name
    if question.choices:
        return f"{{% if {name} not in {list(question.choices)} %}}not allowed{{% endif %}}"
    pattern = r"\S" if question.pattern is None else f"^(?:{question.pattern})\\Z"
    control = FORBIDDEN.encode("unicode-escape").decode()
    return (
        f"{{% if {name} | length > {ANSWER_LENGTH} %}}at most {ANSWER_LENGTH} characters"
        f"{{% elif {name} | regex_search({control!r}) %}}one line without control characters"
        f"{{% elif ({name} | regex_search({pattern!r})) is none %}}"
        f"must match {escape(repr(pattern))}{{% endif %}}"
    )
