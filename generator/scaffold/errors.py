"""The errors a user can meet: each takes fields and writes its own sentence with the next step."""

from collections.abc import Iterable
from pathlib import Path


class ScaffoldError(Exception):
    """Something a user can put right; its text is one line, shown without a traceback."""

    exit_code = 1

    def __init__(self, sentence: str) -> None:
        """Take the whole text; what would break its line or act on a terminal is escaped."""
        super().__init__("".join(c if c.isprintable() else repr(c)[1:-1] for c in sentence))


class UsageError(ScaffoldError):
    """A word of the command line that is unknown or not allowed."""

    exit_code = 2

    def __init__(self, what: str, value: str, allowed: Iterable[str] = (), hint: str = "") -> None:
        """Say that `value` is no `what`; name what is `allowed` and the nearest of it."""
        from difflib import get_close_matches  # noqa: PLC0415  # only when there is an error

        options = list(allowed)
        nearest = get_close_matches(value.lower(), options, n=1)
        sentence = f"{what} {_shown(value)}"
        if options:
            sentence += f" is not known; allowed: {', '.join(options)}"
        if nearest:
            sentence += f"; did you mean {nearest[0]!r}?"
        if hint:
            sentence += f": {hint}"
        super().__init__(sentence)


class TemplateError(ScaffoldError):
    """A template's folder that breaks a rule."""

    def __init__(self, path: Path | str, problem: str) -> None:
        """Name the file at `path` and its `problem`."""
        super().__init__(f"{path}: {problem}")


class LayerConflictError(ScaffoldError):
    """Two layers that meet in one file, or in one key of a TOML file."""

    def __init__(self, first: Path, second: Path, key: str = "") -> None:
        """Name both files, and the dotted `key` where they are TOML."""
        where = f"both set the key {key}" if key else "are the same file of the project"
        super().__init__(f"{first} and {second} {where}; keep it in one layer")


class DestinationError(ScaffoldError):
    """A place where a project cannot be written."""

    def __init__(self, path: Path, problem: str, step: str) -> None:
        """Name the `path`, its `problem` and the next `step`."""
        super().__init__(f"{str(path)!r} {problem}; {step}")


class ToolError(ScaffoldError):
    """A program on this machine that is missing, or did not do its work."""

    def __init__(self, tool: str, problem: str, step: str) -> None:
        """Name the `tool`, its `problem` and the next `step`."""
        super().__init__(f"{tool} {problem}; {step}")


class SourceError(ScaffoldError):
    """Another people's Copier template that could not be rendered."""

    def __init__(self, source: str, problem: str, step: str) -> None:
        """Name the `source`, its `problem` and the next `step`."""
        super().__init__(f"{_shown(source)}: {problem}; {step}")


def _shown(value: str) -> str:
    """Quote a value, and shorten a long one."""
    limit = 60
    return repr(value if len(value) <= limit else value[:limit] + "…")
