"""Makes stand-ins for the base images of the templates, where those cannot be pulled.

`PYTHONPATH=tests python -m images.stand_ins IMAGE…` does so by hand.
"""

import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import IO

from images.engine import Engine

_DOCKERFILE = Path(__file__).with_name("Dockerfile")
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_DEBIAN = "stand-in/debian:bookworm"
# Beyond what is essential: what the real images have too, and what an interpreter loads.
_PACKAGES = (
    "ca-certificates,libffi8,libgomp1,libreadline8,libsqlite3-0,libssl3,media-types,netbase,tzdata"
)
_TARGETS = {
    "python": re.compile(r"python:(\d+\.\d+)-slim-bookworm"),
    "rust": re.compile(r"rust:([\d.]+)-slim-bookworm"),
    "distroless": re.compile(r"gcr\.io/distroless/cc-debian12:nonroot()"),
}
# What no build reads, and the slim images are without.
_UNUSED_OF_DEBIAN = (
    "var/cache/apt var/lib/apt/lists usr/share/doc usr/share/info usr/share/locale usr/share/man"
)
_UNUSED = re.compile(
    r".*/(__pycache__|test|tests|idlelib|tkinter|turtledemo|config-3[^/]*|share|libexec)"
    r"|.*/site-packages/.*|.*/bin/(pip|idle|pydoc)[^/]*|.*/libpython3\.\d+\.so\.1\.0"
)


def ensure(engine: Engine, image: str) -> None:
    """See to it that there is an image called `image`: it is pulled, or a stand-in made.

    Raises `LookupError` where neither can be done.
    """
    if engine.succeeds("image", "inspect", image) or engine.succeeds("pull", "--quiet", image):
        return
    for target, pattern in _TARGETS.items():
        if match := pattern.fullmatch(image):
            with tempfile.TemporaryFile() as archive:
                _write_context(archive, target, match[1])
                if not engine.succeeds("image", "inspect", _DEBIAN):
                    _import_debian(engine)
                words = ("build", "--quiet", "--target", target, "--tag", image, "-")
                engine.run(*words, stdin=archive)
            return
    raise LookupError(f"{image} cannot be pulled, and nothing can stand in for it")


def _import_debian(engine: Engine) -> None:
    """Make the image that all others build on, from Debian's packages, in half a minute."""
    if shutil.which("debootstrap") is None:
        subprocess.run(["apt-get", "update", "--quiet"], check=True, stdout=sys.stderr)
        words = ["apt-get", "install", "--yes", "--quiet", "debootstrap"]
        subprocess.run(words, check=True, stdout=sys.stderr)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as archive:
        words = ["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", "bookworm", folder]
        subprocess.run(words, check=True, stdout=sys.stderr)
        for unused in _UNUSED_OF_DEBIAN.split():
            shutil.rmtree(Path(folder, unused))
            Path(folder, unused).mkdir()
        words = ["tar", "--create", "--directory", folder, "."]
        subprocess.run(words, check=True, stdout=archive)
        archive.seek(0)
        engine.run("import", "-", _DEBIAN, stdin=archive)


def _write_context(archive: IO[bytes], target: str, version: str) -> None:
    """Write what a stand-in is built from: the Dockerfile and this machine's toolchain."""
    # Docker takes no archive whose first bytes are those of the newer format.
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.GNU_FORMAT) as tar:
        tar.add(_DOCKERFILE, "Dockerfile")
        tar.add(_CERTIFICATES.resolve(), "ca-certificates.crt")
        settings = tarfile.TarInfo("uv.toml")
        text = b"system-certs = true\n"
        settings.size = len(text)
        tar.addfile(settings, io.BytesIO(text))
        if target == "python":
            folder = _interpreter(version)
            tar.add(folder, "python", filter=_used)
            _add_stripped(tar, folder, f"lib/libpython{version}.so.1.0")
        if target == "rust":
            tar.add(_toolchain(version), "rust", filter=_used)
    archive.seek(0)


def _add_stripped(tar: tarfile.TarFile, folder: Path, name: str) -> None:
    """Add a library, if it is there, without its debugging symbols, which are most of it."""
    if (folder / name).exists():
        with tempfile.NamedTemporaryFile() as stripped:
            subprocess.run(["strip", "-o", stripped.name, folder / name], check=True)
            Path(stripped.name).chmod(0o755)
            tar.add(stripped.name, f"python/{name}")


def _used(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if _UNUSED.fullmatch(info.name) else info


def _interpreter(version: str) -> Path:
    """Return the folder of an interpreter that has a folder to itself, as Debian's has not."""
    places = [Path(folder) for folder in os.get_exec_path()]
    places += sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin"), reverse=True)
    for place in places:
        if (place / f"python{version}").exists():
            prefix = _output(place / f"python{version}", "-c", "import sys; print(sys.base_prefix)")
            if prefix not in {"", "/usr"}:
                return Path(prefix)
    raise LookupError(f"python:{version} cannot be pulled, and this machine has no such Python")


def _toolchain(version: str) -> Path:
    """Return the folder of this machine's Rust toolchain, if that is of the version."""
    here = re.search(r"release: (.*)", _output("rustc", "-vV"))
    if here is None or not f"{here[1]}.".startswith(f"{version}."):
        raise LookupError(f"rust:{version} cannot be pulled, and this machine has no such rustc")
    return Path(_output("rustc", "--print", "sysroot"))


def _output(*words: str | Path) -> str:
    """Return what a program prints, which is nothing where it fails."""
    done = subprocess.run(words, stdout=subprocess.PIPE, encoding="utf-8", check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


if __name__ == "__main__":
    for name in sys.argv[1:]:
        ensure(Engine.find(), name)
