"""The program under test: a copy of the sources beside toy templates, run as a user would."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers import TOY

_COMMON = ".copier-answers.yml .github/ci.yml AUTHORS.md LICENSE README.md"
_PYTHON = f"{_COMMON} pyproject.toml run.sh src/toy/__init__.py"
_RUST = f"{_COMMON} Cargo.toml src/main.rs"
TOYS = TOY | {
    "toy/files-python.txt": "\n".join(sorted(_PYTHON.split())) + "\n",
    "toy/files-rust.txt": "\n".join(sorted(_RUST.split())) + "\n",
    "asking/template.toml": (
        'summary = "Asks what it cannot know"\nlanguages = ["python"]\ntools = ["docker"]\n'
        '[questions.region]\nhelp = "Where does it run?"\nstand_in = "europe-west1"\n'
        'pattern = "[a-z]+-[a-z]+[0-9]"\n'
        '[questions.size]\nhelp = "How large?"\nstand_in = "medium-size"\n'
        'choices = ["small", "large"]\ndefault = "small"\n'
    ),
    "asking/python/place.txt": "europe-west1, medium-size\n",
    "asking/files-python.txt": "place.txt\n",
}
"""Two templates: TOY, and one that asks questions of its own, one of them without a default."""


@dataclass(frozen=True, slots=True)
class Program:
    """The command `scaffold` on a copy of the sources, with a home of its own and no identity."""

    root: Path
    """Where the copy lies: `generator/` and `templates/`."""
    home: Path

    @property
    def words(self) -> list[str]:
        """The words that start it."""
        return [sys.executable, "-m", "scaffold"]

    @property
    def environment(self) -> dict[str, str]:
        """The whole environment that it runs in."""
        kept = ("PATH", "SYSTEMROOT", "TEMP", "TMP")
        return {key: os.environ[key] for key in kept if key in os.environ} | {
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "GIT_CONFIG_GLOBAL": str(self.home / ".gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "PYTHONPATH": str(self.root / "generator"),
            "PYTHONSAFEPATH": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def run(
        self,
        *words: str,
        folder: Path,
        environment: Mapping[str, str | None] | None = None,
        before: tuple[str, ...] = (),
        **options: Any,  # noqa: ANN401  # whatever subprocess takes
    ) -> subprocess.CompletedProcess[str]:
        """Run it in `folder`, with changes to its environment and with words `before` its own."""
        changed = {**self.environment, **(environment or {})}
        options = {"stdin": subprocess.DEVNULL, "capture_output": True, **options}
        return subprocess.run(
            [*before, *self.words, *words],
            cwd=folder,
            env={key: value for key, value in changed.items() if value is not None},
            encoding="utf-8",
            check=False,
            timeout=120,
            **options,
        )
