"""The Docker engine of this machine, through a client that builds with BuildKit."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

_LIMIT = 900
"""Seconds that any command may take; the longest is a build that starts from nothing."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A client, by its path."""

    client: Path

    @classmethod
    def find(cls) -> Self:
        """Return the first client on the path that builds; raise `LookupError` where none does."""
        for folder in os.get_exec_path():
            client = shutil.which("docker", path=folder)
            # Clients that lack their plug-in for BuildKit refuse at once, even to help.
            if client and (engine := cls(Path(client))).succeeds("build", "--help"):
                if engine.succeeds("version"):
                    return engine
                raise LookupError("no Docker engine answers on this machine")
        raise LookupError("no Docker client that builds with BuildKit is on this machine")

    @property
    def environment(self) -> dict[str, str]:
        """The environment for the client, and for a make that calls it."""
        # A make above this one hands its flags down.
        kept = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
        return {**kept, "DOCKER_BUILDKIT": "1", "BUILDKIT_PROGRESS": "plain"}

    def run(self, *words: str, stdin: IO[bytes] | None = None) -> str:
        """Run a command and return its standard output.

        Raises `RuntimeError` with what the client said.
        """
        done = self._run(words, stdin)
        if done.returncode != 0:
            raise RuntimeError(f"docker {' '.join(words)}: {done.stderr[-4000:]}")
        return done.stdout

    def succeeds(self, *words: str) -> bool:
        """Run a command and return whether it succeeded."""
        return self._run(words, None).returncode == 0

    def _run(
        self, words: tuple[str, ...], stdin: IO[bytes] | None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.client, *words],
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env=self.environment,
            check=False,
            timeout=_LIMIT,
        )
