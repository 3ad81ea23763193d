"""The build hook: puts the templates, their releases and the version into wheel and sdist."""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ReleaseBuildHook(BuildHookInterface[Any]):
    """Composes the templates once, when the wheel or the sdist is built.

    The sdist holds what needs git, the version and the history, so that a wheel built from it is
    the same as one built from the checkout.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files; an editable install (`version`) reads the templates where they lie."""
        self.folder = tempfile.TemporaryDirectory()
        if version == "editable":
            return
        root, made = Path(self.root), Path(self.folder.name)
        sys.path.insert(0, str(root / "generator"))
        from scaffold.release import build_tree, pack  # noqa: PLC0415  # only found now

        package = root / "generator/scaffold"
        include = build_data["force_include"]
        inside = "scaffold" if self.target_name == "wheel" else "generator/scaffold"
        if not (package / "version.txt").is_file():  # a checkout, no sdist
            self._ask_git(root, made)
            include |= {str(each): f"{inside}/{each.name}" for each in made.glob("*.*")}
        if self.target_name == "wheel":
            for path in self._templates(root / "templates"):
                include[str(path)] = f"scaffold/{path.relative_to(root).as_posix()}"
            archive = made / "release.zip"
            archive.write_bytes(pack(build_tree(root / "templates")))
            include[str(archive)] = f"{inside}/{archive.name}"

    def _ask_git(self, root: Path, made: Path) -> None:
        """Write down the version, and the history of all releases as a bundle of git's."""
        from scaffold import history  # noqa: PLC0415  # only found now
        from scaffold.version import of_checkout  # noqa: PLC0415

        (made / "version.txt").write_text(f"{of_checkout(root)}\n", encoding="utf-8")
        with tempfile.TemporaryDirectory() as name:
            repository = Path(name) / "releases"
            history.build(root, repository)
            history.bundle(repository, made / "releases.bundle")

    def _templates(self, folder: Path) -> list[Path]:
        from scaffold.compose import LEFTOVERS  # noqa: PLC0415  # only found now

        found = []
        for parent, directories, names in os.walk(folder):
            directories[:] = sorted(set(directories) - LEFTOVERS)
            found += [Path(parent) / name for name in sorted(set(names) - LEFTOVERS)]
        return found

    def finalize(self, _version: str, _build_data: dict[str, Any], _artifact_path: str) -> None:
        """Remove what was made."""
        self.folder.cleanup()
