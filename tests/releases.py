"""A checkout with releases: toy templates that change from tag to tag, and their projects."""

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from helpers import build_tree
from programs import TOYS, Program

QUESTION = """
[questions.{name}]
help = "Which colour?"
stand_in = "{stand_in}"
default = "{default}"
{more}
"""
_TOY = TOYS["toy/template.toml"]

# What changes from one release of the toy to the next; None removes a file.
HISTORY: Mapping[str, Mapping[str, str | None]] = {
    "0.1.0": {},
    # A file added, one removed, one moved with an edit, a question added, a dependency bumped.
    "0.2.0": {
        "toy/template.toml": _TOY
        + QUESTION.format(name="color", stand_in="mauve-stand-in", default="red", more=""),
        "toy/any/docs/colour.md": "My Project is mauve-stand-in.\n",
        "toy/python/run.sh": None,
        "toy/python/bin/start.sh": "#!/bin/sh\necho my-project\nexit 0\n",
        "_shared/any/NOTES.md": "One\nTwo\nThree\nFour\nFive\nSix\n",
        "toy/python/pyproject.toml": TOYS["toy/python/pyproject.toml"]
        + 'dependencies = ["a>=2"]\n',
    },
    # The question renamed, layers rearranged: the notes move from the shared one to the template.
    "0.3.0": {
        "toy/template.toml": _TOY
        + QUESTION.format(
            name="colour", stand_in="mauve-stand-in", default="red", more='renamed = ["color"]'
        ),
        "_shared/any/NOTES.md": None,
        "toy/any/NOTES.md": "One\nTwo\nThree, in release 3\nFour\nFive\nSix\n",
        "_shared/any/AUTHORS.md": None,
        "_shared/any/docs/AUTHORS.md": "Ada Author <ada@example.com>\n",
    },
    # The question removed, with the file that used it.
    "0.4.0": {
        "toy/template.toml": _TOY,
        "toy/any/docs/colour.md": None,
        "toy/any/README.md": "# My Project\n\nBy Ada Author, and now in release 4.\n",
    },
}


@dataclass(frozen=True, slots=True)
class Checkout:
    """A repository of the generator's sources and of templates, with tags."""

    program: Program

    @property
    def root(self) -> Path:
        """Where it lies."""
        return self.program.root

    def git(self, *words: str, folder: Path | None = None) -> str:
        """Run git in the checkout, or in `folder`, as somebody."""
        identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        done = subprocess.run(
            ["git", *identity, *words],
            cwd=folder or self.root,
            env=self.program.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def release(self, version: str, changes: Mapping[str, str | None], news: str = "") -> None:
        """Change files below `templates/`, write the news into the changelog, commit and tag."""
        for path, content in changes.items():
            if content is None:
                (self.root / "templates" / path).unlink()
            else:
                build_tree({path: content}, self.root / "templates")
        changelog = self.root / "CHANGELOG.md"
        before = changelog.read_text(encoding="utf-8") if changelog.exists() else ""
        entry = f"## [{version}]\n\n### Templates\n\n- {news or f'News of {version}.'}\n\n"
        changelog.write_text(entry + before, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", version)
        self.git("tag", f"v{version}")

    def make(self, project: Path, *words: str, version: str | None = None) -> Path:
        """Make a project of the toy, by the release `version` or the newest, and commit it."""
        if version is not None:
            self.git("checkout", "--quiet", f"v{version}")
        done = self.program.run("new", "toy", str(project), "--defaults", *words, folder=self.root)
        assert done.returncode == 0, done.stderr
        if version is not None:
            self.git("checkout", "--quiet", "main")
        self.commit(project)
        return project

    def commit(self, project: Path, message: str = "as made") -> None:
        """Commit everything in the project."""
        self.git("add", "--all", ".", folder=project)
        self.git("commit", "--quiet", "--message", message, folder=project)


def make_checkout(sources: Path, root: Path, home: Path) -> Checkout:
    """Copy the package and the toys into a new repository at `root`, without a tag yet."""
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(sources, root / "generator/scaffold", ignore=unwanted)
    script = sources.parent / "compose_release.py"
    shutil.copy(script, root / "generator/compose_release.py")
    build_tree(TOYS, root / "templates")
    checkout = Checkout(Program(root, home))
    checkout.git("init", "--quiet", "--initial-branch=main")
    return checkout
