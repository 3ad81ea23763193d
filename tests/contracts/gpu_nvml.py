"""Compiles a stand-in for NVIDIA's management library, and writes what it shall say."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

UUID = "GPU-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
OTHER_UUID = "GPU-f01e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
SOUND = {
    "init": "0", "count": "1", "driver": "550.54.14", "handle": "0", "name": "NVIDIA Fake 1",
    "uuid": UUID, "pci": "0:65:0", "temperature": "41", "slowdown": "90", "power": "251500",
    "limit": "300000", "clock": "1830", "memory_clock": "7001", "utilisation": "97",
    "memory_total": str(24 << 30), "memory_used": str(3 << 30), "ecc": "0", "throttle": "0x5",
}  # fmt: skip


def nvml(folder: Path, library: Path, changes: Mapping[str, str] | None = None) -> dict[str, str]:
    """Write what the fake library shall say, and return the variables that make it be loaded.

    A value `-` takes a key away. Each call is written to the file `log` beside the script.
    """
    script = {**SOUND, "log": str(folder / "log"), **(changes or {})}
    text = "".join(f"{key} {value}\n" for key, value in script.items() if value != "-")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "script").write_text(text, "utf-8")
    return {"FAKE_NVML": str(folder / "script"), "LD_LIBRARY_PATH": str(library)}


def calls(folder: Path) -> list[str]:
    """Return the keys that the fake library was asked for."""
    log = folder / "log"
    return log.read_text("ascii").split() if log.exists() else []


def compile_nvml(folder: Path, cc: str, *words: str) -> Path:
    """Compile the fake library into a folder, and return the folder."""
    folder.mkdir(parents=True)
    source = Path(__file__).with_name("gpu_nvml.c")
    target = folder / "libnvidia-ml.so.1"
    options = ["-shared", "-fPIC", "-O1", "-pthread", "-fvisibility=hidden", *words]
    subprocess.run([cc, *options, "-o", target, source], check=True)
    return folder
