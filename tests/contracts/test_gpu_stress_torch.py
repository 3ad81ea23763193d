"""The backend torch of `gpu-stress`, on the CPU: needs a folder with torch's wheel for it.

The registry's own torch is a build for CUDA of several gigabytes, so it is not fetched here.
"""

import itertools
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.gpu_runs import LITTLE, Of, Subject, one_error
from scaffold import catalog

WHEELS = os.environ.get("SCAFFOLD_WHEELS")
PRECISIONS = ["f64", "f32", "bf16", "f16"]
TORCH = ("cpu", *LITTLE, "--backend", "torch")


@pytest.fixture(scope="module", params=catalog.LANGUAGES)
def with_torch(
    request: pytest.FixtureRequest, of: Of, tmp_path_factory: pytest.TempPathFactory
) -> Subject:
    """Return the program of each language in turn, with torch."""
    found = sorted(Path(WHEELS).glob("torch-*+cpu-*.whl")) if WHEELS else []
    if not found:
        pytest.skip("SCAFFOLD_WHEELS names no folder with a wheel torch-…+cpu-….whl")
    wanted = f"torch=={found[-1].name.split('-')[1]}"
    if request.param == "rust":
        return _linked(of, tmp_path_factory.mktemp("torch"), wanted)
    program = of("python", "-t")
    python = Path(program.words[0]).with_name("python")
    install = ["uv", "pip", "install", "--quiet", "--python", str(python)]
    subprocess.run([*install, "--find-links", str(WHEELS), wanted], check=True)
    return program


def _linked(of: Of, folder: Path, wanted: str) -> Subject:
    """Build the program in Rust against the torch of an environment, as its README says."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    install = [str(folder / "bin/pip"), "install", "--quiet", "--find-links", str(WHEELS)]
    subprocess.run([*install, wanted], check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIBTORCH_USE_PYTORCH", "1")
        patch.setenv("PATH", str(folder / "bin"), prepend=os.pathsep)
        program = of("rust", "-t", _switch_on)
    (library,) = folder.glob("lib/python*/site-packages/torch/lib")
    return replace(program, env={**program.env, "LD_LIBRARY_PATH": str(library)})


def _switch_on(folder: Path) -> None:
    """Make the feature one that is on unless said."""
    manifest = folder / "Cargo.toml"
    text = manifest.read_text("utf-8")
    manifest.write_text(text.replace("[features]\n", '[features]\ndefault = ["torch"]\n'), "utf-8")


def test_matmul_through_torch_holds_in_each_precision(with_torch: Subject) -> None:
    """Verified and reported as the others are."""
    chosen = itertools.chain.from_iterable(("--precision", each) for each in PRECISIONS)
    ran = with_torch.report(*TORCH, *chosen, "--duration", "2s")
    assert (ran.status, ran.report["settings"]["backend"]) == (0, "torch"), ran.reasons
    kernels = ran.device["kernels"]
    assert [(each["kernel"], each["precision"]) for each in kernels] == [
        ("matmul", precision) for precision in PRECISIONS
    ]
    for each in kernels:
        assert each["operations"] % (2 * 256**3) == 0 < each["operations"]
        assert (each["errors"], each["reference"]["samples"]) == (0, 64)


def test_what_torch_lacks_is_one_line_and_3(with_torch: Subject) -> None:
    """The CPU has no tf32, and this build sees no card."""
    assert "tf32" in one_error(with_torch.run(*TORCH, "--precision", "tf32"), 3)
    assert "CUDA" in one_error(with_torch.run("gpu", "--backend", "torch"), 3)


def test_the_list_with_torch_has_each_device_once(with_torch: Subject) -> None:
    """Torch brings no device where there is no card."""
    ran = with_torch.run("list")
    assert ran.status == 0
    assert len([line for line in ran.stdout.splitlines() if " software " in line]) == 1
