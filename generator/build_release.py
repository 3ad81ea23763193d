"""The build hook that puts the templates into the wheel: raw, and composed as `release.zip`."""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ReleaseBuildHook(BuildHookInterface[Any]):
    """Composes the templates once, when the wheel is built."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files; an editable install (`version`) reads the templates where they lie."""
        self.folder = tempfile.TemporaryDirectory()
        if version == "editable":
            return
        sys.path.insert(0, str(Path(self.root) / "generator"))
        from scaffold.compose import LEFTOVERS  # noqa: PLC0415  # only found now
        from scaffold.release import build_tree, pack  # noqa: PLC0415

        include = build_data["force_include"]
        templates = Path(self.root) / "templates"
        for folder, directories, names in os.walk(templates):
            directories[:] = sorted(set(directories) - LEFTOVERS)
            for name in sorted(set(names) - LEFTOVERS):
                path = Path(folder) / name
                include[str(path)] = f"scaffold/templates/{path.relative_to(templates).as_posix()}"
        archive = Path(self.folder.name) / "release.zip"
        archive.write_bytes(pack(build_tree(templates)))
        include[str(archive)] = "scaffold/release.zip"

    def finalize(self, _version: str, _build_data: dict[str, Any], _artifact_path: str) -> None:
        """Remove the archive again."""
        self.folder.cleanup()
