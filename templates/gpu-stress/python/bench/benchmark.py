"""Holds the program against bare loops in one run: `fma` of a GPU, and `matmul` of the CPU."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from my_project.adapters import find_adapters
from my_project.kernels.gpu import Gpu
from my_project.kernels.gpu_buffers import Buffers, FaultRecord
from my_project.precisions import Precision

_PROGRAM = str(Path(sys.executable).with_name("my-project"))
_INVOCATIONS, _STEPS, _SIDE = 1 << 13, 2400, 2048
_OPERATIONS = 64  # of a step and invocation


def main() -> None:
    """Measure in turn, so that what else the machine does hits all alike, and print the best."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    words = parser.parse_args()
    lasting = ["--quiet", "--memory-fraction", "0.01", "--duration"]
    common = [*lasting, f"{words.seconds}s"]
    gpu = ["gpu", "--allow-software", "--device", "0", "--kernel", "fma", *common]
    pairs = {
        "gpu fma f32": (bare_fma, lambda _: run(gpu)),
        "cpu matmul f32": (bare_matmul, lambda _: run(["cpu", "--kernel", "matmul", *common])),
    }
    print(f"{'':<16} {'bare':>16} {'program':>16} {'ratio':>6}   best of {words.rounds}")
    for name, (bare, program) in pairs.items():
        rates = [(bare(words.seconds), program(words.seconds)) for _ in range(words.rounds)]
        best_bare, best = (max(each) for each in zip(*rates, strict=True))
        shown = f"{best_bare / 1e9:>8.2f} GFLOP/s {best / 1e9:>8.2f} GFLOP/s"
        print(f"{name:<16} {shown} {best / best_bare:>6.2f}")
    print_start_and_memory(gpu)
    print_busy_cores([*lasting, "60s"])


def bare_fma(seconds: float) -> float:
    """Return the rate of a loop that does nothing but dispatch the shader."""
    gpu = Gpu(find_adapters()[0][0])
    buffers = Buffers(gpu.device)
    results = buffers.storage(_INVOCATIONS * 128)
    pipeline = gpu.pipeline("fma", "main", Precision.F32)
    bound = [buffers.uniform(_STEPS, 1), results]
    step = gpu.step(pipeline, bound, (_INVOCATIONS // 64,))
    record = FaultRecord(buffers)

    def dispatch() -> None:
        gpu.submit([step], read=record)
        record.wait()

    rate = _OPERATIONS * _INVOCATIONS * _STEPS / _seconds_each(dispatch, seconds)
    buffers.close()
    return rate


def bare_matmul(seconds: float) -> float:
    """Return the rate of NumPy's product, with all threads of its BLAS."""
    rng = np.random.default_rng(1)
    left, right = (rng.random((_SIDE, _SIDE), np.float32) for _ in range(2))
    out = left @ right
    return 2 * _SIDE**3 / _seconds_each(lambda: np.matmul(left, right, out=out), seconds)


def run(words: list[str]) -> float:
    """Return the rate of the program, as it counts it itself."""
    return float(report_of(words)["devices"][0]["kernels"][0]["throughput"]["median"])


def report_of(words: list[str]) -> dict[str, Any]:
    """Run the program, and return its report."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "report.json")
        subprocess.run([_PROGRAM, *words, "--json", path], check=True, stdout=subprocess.DEVNULL)
        return dict(json.loads(path.read_bytes()))


def print_start_and_memory(words: list[str]) -> None:
    """Print when the first batch began, and the peak of memory beside what was allocated."""
    begin, peak = time.monotonic(), 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "report.json")
        command = [_PROGRAM, *words, "--json", str(path)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            while process.poll() is None:
                peak = max(peak, _memory(process.pid))
                time.sleep(0.05)
        took = time.monotonic() - begin
        report = json.loads(path.read_bytes())
    allocated = sum(device["allocated_bytes"] for device in report["devices"])
    print(f"beside the run itself {took - report['duration_s']:.2f} s from start to end")
    print(f"host memory {peak / 1e6:.0f} MB, of which {allocated / 1e6:.0f} MB were allocated")


def print_busy_cores(common: list[str]) -> None:
    """Print how busy each kernel of the CPU keeps all cores, amid its run."""
    for kernel in ("fma", "matmul", "memory"):
        words = [_PROGRAM, "cpu", "--kernel", kernel, *common]
        with subprocess.Popen(words, stdout=subprocess.DEVNULL) as process:
            time.sleep(2)
            busy = psutil.cpu_percent(interval=2)
            process.terminate()
        print(f"cpu {kernel:<12} {busy:>5.1f} % of all cores busy")


def _memory(pid: int) -> int:
    """Return the bytes that a process and those it started have for themselves."""
    try:
        parent = psutil.Process(pid)
        return sum(each.memory_full_info().uss for each in [parent, *parent.children()])
    except psutil.Error:
        return 0


def _seconds_each(action: Callable[[], object], seconds: float) -> float:
    action()
    begin, count = time.perf_counter(), 0
    while time.perf_counter() - begin < seconds:
        action()
        count += 1
    return (time.perf_counter() - begin) / count


if __name__ == "__main__":
    os.environ.pop("PYTHONDEVMODE", None)  # measures what people run
    main()
