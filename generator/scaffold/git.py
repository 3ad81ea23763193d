"""Runs git, out of the way of what a hook of git sets in the environment."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from scaffold.errors import DestinationError, ToolError

# Settings of the user; all else that git reads from the environment belongs to one repository.
_SETTINGS = (
    *("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_ASKPASS"),
    *("GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH"),
)

# Before git's words in a repository of our own: whatever the user's settings, no hook has business
# in it, and that it is bare is no reason for suspicion.
OWN = ("-c", "safe.bareRepository=all", "-c", f"core.hooksPath={os.devnull}")


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment without another repository's, in English, and `more`.

    `GIT_CONFIG_COUNT` and its like stay: they are the user's settings, given for one command.
    """
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("GIT_")
        or key in _SETTINGS
        or key.startswith(("GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"))
    }
    # Git never takes a lock only to make the next call quicker, and never asks for a password.
    quiet = {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    return kept | quiet | dict(more or {})


def run(
    folder: Path, *words: str, given: bytes = b"", more: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run git in `folder` with `given` on its standard input, whatever its exit status will be.

    Raises `FileNotFoundError` where there is no git.
    """
    return subprocess.run(
        ["git", *words],
        cwd=folder,
        env=environment(more),
        input=given,
        capture_output=True,
        check=False,
    )


def attempt(
    folder: Path, *words: str, given: bytes = b"", more: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Do as `run` does; raise `ToolError` for no git, and `DestinationError` for no `folder`."""
    try:
        return run(folder, *words, given=given, more=more)
    except (FileNotFoundError, NotADirectoryError) as error:
        if not folder.is_dir():
            raise DestinationError(folder, "is not a folder", "check the path") from error
        raise ToolError("git", "is not here", "install it") from error


def read(
    folder: Path, *words: str, given: bytes = b"", more: Mapping[str, str] | None = None
) -> bytes:
    """Run a git that must succeed and return its output; raise `ToolError` where it does not."""
    done = attempt(folder, *words, given=given, more=more)
    if done.returncode:
        command = next(word for word in words if word != "-c" and "=" not in word)
        raise ToolError(f"git {command}", f"failed: {reason(done)}", "see to that and try again")
    return done.stdout


def reason(done: subprocess.CompletedProcess[bytes]) -> str:
    """Return what git gave as its reason, as one line."""
    return " ".join(done.stderr.decode(errors="replace").split()) or f"status {done.returncode}"


def text(output: bytes) -> str:
    """Return one line of output as text; bytes of a path that are no UTF-8 come through."""
    return os.fsdecode(output).removesuffix("\n")


def quoted(path: str) -> bytes:
    """Return a path as the streams of git-fast-import(1) take it."""
    escaped = path.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return b'"' + os.fsencode(escaped) + b'"'


def parse_tree(listed: bytes) -> dict[str, tuple[str, str]]:
    """Parse the output of `git ls-tree -r -z`: path -> mode and object."""
    found = {}
    for entry in listed.split(b"\0"):
        if entry:
            meta, _, path = entry.partition(b"\t")
            mode, _, identity = meta.decode().split(" ")
            found[os.fsdecode(path)] = (mode, identity)
    return found


def parse_batch(output: bytes) -> list[bytes]:
    """Return the contents in what `git cat-file --batch` printed, in order."""
    contents = []
    start = 0
    while start < len(output):
        end = output.index(b"\n", start)
        size = int(output[start:end].rsplit(b" ", 1)[1])
        contents.append(output[end + 1 : end + 1 + size])
        start = end + 1 + size + 1
    return contents
