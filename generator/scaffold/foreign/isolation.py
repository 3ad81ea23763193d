"""Keeps the commands of a stranger's project away from what belongs to the user."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from scaffold.commands import environment

_GIT = {
    "user.name": "Ada Author",
    "user.email": "ada@example.org",
    "commit.gpgSign": "false",
    "tag.gpgSign": "false",
    "init.defaultBranch": "main",
}


def quiet_variables(folder: Path) -> dict[str, str]:
    """Return what keeps git from asking, and a target called `install` from the whole machine.

    `folder` takes what is installed. Who commits is the same on every machine.
    """
    variables = {
        "GIT_TERMINAL_PROMPT": "0",
        "GCM_INTERACTIVE": "never",
        "SSH_ASKPASS_REQUIRE": "never",
        "GIT_CONFIG_COUNT": str(len(_GIT)),
        "CARGO_INSTALL_ROOT": str(folder / "installed"),
        "UV_TOOL_DIR": str(folder / "installed" / "tools"),
        "UV_TOOL_BIN_DIR": str(folder / "installed" / "bin"),
    }
    for number, (key, value) in enumerate(_GIT.items()):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def own_variables(folder: Path, project: Path, *, python: bool) -> dict[str, str]:
    """Return `quiet_variables` and a path on which a project finds its own environments first.

    Its `pip install` must not reach the environment that scaffold runs in, and the tools in there
    must not stand in for those a project forgot to ask for.
    """
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    for name in ("uv", "uvx"):
        found = find_tool(name)
        if found and not (tools / Path(found).name).exists():
            (tools / Path(found).name).symlink_to(found)
    inherited = environment(project, {})["PATH"].split(os.pathsep)
    if sys.prefix != sys.base_prefix:
        inherited = [each for each in inherited if each != _scripts()]
    made = environment_folder(folder)
    path = os.pathsep.join((*inherited[:1], str(made / "bin"), *inherited[1:], str(tools)))
    return quiet_variables(folder) | {"PATH": path} | ({"VIRTUAL_ENV": str(made)} if python else {})


def environment_folder(folder: Path) -> Path:
    """Return where the Python environment of a project without one of its own lies."""
    return folder / "environment"


def find_tool(name: str) -> str | None:
    """Find a program on the path, or beside the Python that runs this."""
    return shutil.which(name) or shutil.which(name, path=_scripts())


def find_python(project: Path) -> str:
    """Return a Python that a project allows, as far as uv finds one, or the one that runs this."""
    if (uv := find_tool("uv")) is None:
        return sys.executable
    words = [uv, "python", "find", "--system", "--no-python-downloads"]
    variables = environment(project, {})
    done = subprocess.run(
        words, cwd=project, env=variables, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or sys.executable


def _scripts() -> str:
    return str(Path(sys.executable).parent)
