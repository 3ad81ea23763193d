"""Reads what a project was made with from its answers file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from packaging.version import InvalidVersion, Version

from scaffold.answers import FORBIDDEN, Answers
from scaffold.errors import DestinationError
from scaffold.placeholders import ANSWERS_FILE

_KEYS = ("_commit", "_src_path", "template", "language", "project_name")
_MEND = "mend it, or take it from an earlier commit"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a project was made with."""

    source: str
    """The address that its releases come from."""
    version: Version
    answers: Answers


def read(project: Path) -> Recorded:
    """Read the answers file of a project; raise `DestinationError` for one that will not do."""
    path = project / ANSWERS_FILE
    values = _load(path)
    absent = [key for key in _KEYS if not values.get(key)]
    if "template" in absent or "language" in absent:
        step = "`copier update` carries on what other templates made"
        raise DestinationError(path, "was not made from a template of scaffold", step)
    if absent:
        raise DestinationError(path, f"lacks {', '.join(absent)}", _MEND)
    for key, value in values.items():
        if re.search(FORBIDDEN, value):  # no release ever wrote that
            raise DestinationError(path, f"holds more than one plain line in {key}", _MEND)
    try:
        version = Version(values["_commit"])
    except InvalidVersion as error:
        problem = f"records {values['_commit']!r}, which is no version of a release"
        raise DestinationError(path, problem, _MEND) from error
    given = {key: value for key, value in values.items() if key not in _KEYS}
    answers = Answers(values["template"], values["language"], values["project_name"], given)
    return Recorded(values["_src_path"], version, answers)


def is_project(folder: Path) -> bool:
    """Return whether a folder is a project made by scaffold, however well its answers read."""
    try:
        text = (folder / ANSWERS_FILE).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return all(re.search(f"^{key}:", text, re.MULTILINE) for key in ("template", "language"))


def _load(path: Path) -> Mapping[str, str]:
    try:
        # The base loader leaves `no` and `1e3` the words that they are.
        loaded: Any = yaml.load(path.read_text(encoding="utf-8"), Loader=_loader())  # noqa: S506
    except FileNotFoundError as error:
        step = "run this in a project that scaffold made, or name one"
        raise DestinationError(path, "does not exist", step) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DestinationError(path, f"cannot be read: {reason}", _MEND) from error
    except (ValueError, OverflowError, yaml.YAMLError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise DestinationError(path, f"is not YAML: {reason}", _MEND) from error
    if not isinstance(loaded, dict) or not all(isinstance(each, str) for each in loaded.values()):
        raise DestinationError(path, "must hold lines of the form NAME: VALUE", _MEND)
    return loaded


def _loader() -> Any:  # noqa: ANN401  # the C loader is not known to the type stubs
    return getattr(yaml, "CBaseLoader", yaml.BaseLoader)
