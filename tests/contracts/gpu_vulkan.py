"""Finds Mesa's Vulkan driver for the CPU, or unpacks it into the cache, for the suite of GPUs.

A stand-in before it, `gpu_icd.c`, is told to fail, to hang, or to be another device.
"""

import ctypes
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from scaffold.passes import cache_folder

_PACKAGES = ("mesa-vulkan-drivers", "libvulkan1")
_ICD = "share/vulkan/icd.d"
_FOLDERS = (Path("/etc/vulkan/icd.d"), Path("/usr/local") / _ICD, Path("/usr") / _ICD)


def software_driver() -> dict[str, str] | str:
    """Return the variables that lead to `llvmpipe` alone, or why there is no such driver.

    Where the machine lacks it, and is Debian or one of its kin, the packages are unpacked below
    the cache; nothing is installed, so no rights are needed.
    """
    found = _described(_FOLDERS)
    if found and _has_loader():
        return _variables(found)
    root = cache_folder() / "vulkan-driver"
    if not root.is_dir():
        reason = _unpack(root)
        if reason:
            return f"{' and '.join(_PACKAGES)} are not on this machine: {reason}"
    unpacked = _described([root / "usr" / _ICD])
    if unpacked is None:
        return f"no driver for the CPU lies in {root}"
    folders = sorted({path.parent for path in root.rglob("lib/*-linux-gnu*/*.so.*")})
    return {**_variables(unpacked), "LD_LIBRARY_PATH": os.pathsep.join(map(str, folders))}


class Vulkan:
    """A driver that is `llvmpipe` but for what its script says; see `gpu_icd.c`."""

    def __init__(self, folder: Path, library: Path, driver: Mapping[str, str]) -> None:
        folder.mkdir()
        description = folder / "icd.json"
        icd = {"library_path": str(library), "api_version": "1.1.0"}
        content = {"file_format_version": "1.0.0", "ICD": icd}
        description.write_text(json.dumps(content), "utf-8")
        real = json.loads(Path(driver["VK_DRIVER_FILES"]).read_text("utf-8"))
        self.script = folder / "script"
        self.env = {
            **_variables(description),
            "FAKE_VULKAN": str(self.script),
            "FAKE_VULKAN_DRIVER": real["ICD"]["library_path"],
        }
        self.say()

    def say(self, *lines: str) -> None:
        """Let it do so from now on."""
        new = self.script.with_name("new")  # moved there, for it may be read at this moment
        new.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        new.replace(self.script)


def compile_icd(folder: Path, cc: str) -> Path:
    """Compile the stand-in into a folder, and return the library."""
    target = folder / "icd.so"
    options = ["-shared", "-fPIC", "-O1", "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror"]
    source = Path(__file__).with_name("gpu_icd.c")
    subprocess.run([cc, *options, "-o", target, source, "-ldl"], check=True)
    return target


def _described(folders: Iterable[Path]) -> Path | None:
    """Return the file that describes the driver."""
    return next((path for folder in folders for path in sorted(folder.glob("lvp_icd*.json"))), None)


def _has_loader() -> bool:
    try:
        ctypes.CDLL("libvulkan.so.1")
    except OSError:
        return False
    return True


def _variables(description: Path) -> dict[str, str]:
    # Loaders before 1.3.207 know the second name alone.
    return dict.fromkeys(("VK_DRIVER_FILES", "VK_ICD_FILENAMES"), str(description))


def _unpack(root: Path) -> str | None:
    """Download the packages and what they need, and unpack them; return what went wrong."""
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        return "there is no apt-get that could bring them"
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root.parent) as name:
        folder = Path(name)
        for part in ("state/lists/partial", "cache/archives/partial", "root"):
            (folder / part).mkdir(parents=True)
        try:
            _download(folder)
            for package in sorted(folder.glob("cache/archives/*.deb")):
                words = ["dpkg", "-x", str(package), str(folder / "root")]
                subprocess.run(words, check=True, capture_output=True, timeout=120)
        except subprocess.CalledProcessError as error:
            return f"{error.cmd[0]}: {error.stderr.decode().strip()}"
        except (subprocess.SubprocessError, OSError) as error:
            return str(error)
        for path in folder.glob(f"root/usr/{_ICD}/*.json"):
            _lead_to(path, folder / "root", root)
        with suppress(OSError):  # another run may have been first
            (folder / "root").replace(root)
    return None


def _download(folder: Path) -> None:
    # Lists, archives and locks of our own, so that neither rights nor an update are asked for.
    options = {
        "Dir::State": folder / "state",
        "Dir::State::status": "/var/lib/dpkg/status",
        "Dir::Cache": folder / "cache",
        "APT::Sandbox::User": "",
        "Debug::NoLocking": "1",
        "Acquire::Retries": "1",
        "Acquire::http::Timeout": "20",
    }
    words = ["apt-get", "-qq", *(f"-o{key}={value}" for key, value in options.items())]
    download = ["install", "--download-only", "--yes", "--no-install-recommends", *_PACKAGES]
    for more in (["update"], download):
        subprocess.run([*words, *more], check=True, capture_output=True, timeout=300)


def _lead_to(description: Path, unpacked: Path, root: Path) -> None:
    """Let the description of a driver name its library where it will lie."""
    content = json.loads(description.read_text("utf-8"))
    library = Path(content["ICD"]["library_path"]).name
    (place,) = unpacked.rglob(library)
    content["ICD"]["library_path"] = str(root / place.relative_to(unpacked))
    description.write_text(json.dumps(content), encoding="utf-8")
