"""The backend torch, where it is installed."""

import json
from importlib import import_module
from pathlib import Path
from threading import Event

import jsonschema
import pytest

from my_project.precisions import Precision
from my_project.selftest import Count, count_flips

from .program import CONTRACT, SHORT, run_for_report

pytest.importorskip("torch", reason="torch is an extra: `uv sync --extra torch` gets it")


@pytest.mark.parametrize("precision", [Precision.F64, Precision.F32, Precision.BF16, Precision.F16])
def test_matmul_is_right_and_every_flip_is_caught(precision: Precision) -> None:
    matmul = import_module("my_project.kernels.torch_matmul")
    workload = matmul.TorchMatmul("cpu", precision, 4 << 20, 5)
    judgement = workload.check_reference()
    assert judgement.wrong == 0
    assert judgement.largest_error is not None
    assert judgement.samples == 256 * 256
    workload.prepare(2)
    workload.submit()
    outcome = workload.collect()
    assert outcome.operations > 0 == outcome.faults.count
    assert count_flips(workload, 5, Event()) == Count(5, 5, 5, 0)
    workload.close()


def test_a_run_through_torch_holds(tmp_path: Path) -> None:
    words = ["cpu", *SHORT, "--backend", "torch", "--precision", "bf16", "--precision", "f32"]
    report = run_for_report(tmp_path / "report.json", *words)
    jsonschema.validate(report, json.loads((CONTRACT / "report.schema.json").read_bytes()))
    assert report["verdict"]["status"] == "held"
    kernels = [(each["kernel"], each["precision"]) for each in report["devices"][0]["kernels"]]
    assert kernels == [("matmul", "bf16"), ("matmul", "f32")]
