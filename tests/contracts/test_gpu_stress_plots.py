"""The tables and plots that `gpu-stress` makes of reports."""

import copy
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.gpu_process import CONTRACT, GOLDEN, SCHEMA, Report
from contracts.gpu_runs import Both, Subject, configuration
from helpers import LONG_TESTS

NUMBER = re.compile(r"[0-9]+\.[0-9]")


def plot(tested: Subject, *files: Path) -> bytes:
    """Return the plot of a report."""
    target = tested.folder / "plot.svg"
    ran = tested.run("report", *map(str, files), "--svg", str(target))
    assert (ran.status, ran.stderr) == (0, ""), ran.stderr
    return target.read_bytes()


def test_the_table_of_several_reports(tested: Subject, both: Both, tmp_path: Path) -> None:
    """A line a device and kernel, from reports of either language."""
    files = []
    for language, other in both.items():
        files.append(tmp_path / f"{language}.json")
        files[-1].write_text(json.dumps(configuration(other, "cpu").report), "utf-8")
    ran = tested.run("report", *map(str, files))
    assert (ran.status, ran.stderr) == (0, "")
    for language in both:
        lines = [line for line in ran.stdout.splitlines() if f"{language}.json" in line]
        assert len(lines) == 5
        assert all("held" in line for line in lines)
    alone = tested.run("report", str(files[0]), "--svg", "-")
    assert alone.stdout.encode() == plot(tested, files[0], files[1])


def test_the_plot_of_the_contract(tested: Subject) -> None:
    """To the byte."""
    drawn = plot(tested, CONTRACT / "plot-example.json")
    assert drawn == (CONTRACT / "plot-example.svg").read_bytes()


TEXTS = st.sampled_from(["a <b> & \"c\" 'd'", "é🙂", "x" * 200, "", "&amp;", "]]>"])
VALUES = st.none() | st.floats(0, 1e3) | st.sampled_from([0.0, 1e-9, 5.0, 99.95, 1e15, 0.05])
KERNELS = st.sampled_from([("fma", "f32"), ("fma", "f64"), ("matmul", "f16"), ("memory", None)])
SAMPLES = st.lists(st.tuples(KERNELS, st.floats(0, 1e14), VALUES, VALUES), max_size=8)


def drawn_report(name: str, devices: list[Any], step: float) -> Report:
    """Return the example's report with other devices and samples."""
    made = copy.deepcopy(GOLDEN)
    made["program"]["name"] = name
    pattern = made["devices"][0]
    sample = pattern["samples"][0]
    made["devices"] = []
    for index, samples in enumerate(devices):
        own = copy.deepcopy(pattern)
        own.update(name=name, index=None if index == 2 else index, samples=[])
        for at, ((kernel, precision), throughput, temperature, power) in enumerate(samples):
            more = {"kernel": kernel, "precision": precision, "throughput": throughput}
            more |= {"temperature_c": temperature, "power_w": power, "time_s": at * step}
            own["samples"].append({**sample, **more})
        made["devices"].append(own)
    SCHEMA.validate(made)
    return made


@given(
    name=TEXTS,
    devices=st.lists(SAMPLES, max_size=8),
    step=st.sampled_from([0.0, 0.999, 1.0, 3600.0, 1e-3]),
)
@settings(
    max_examples=200 if LONG_TESTS else 5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_the_same_report_gives_the_same_plot(
    both: Both, tmp_path: Path, name: str, devices: list[Any], step: float
) -> None:
    """In both languages, whatever is in it: well-formed, with one decimal, and no NaN."""
    file = tmp_path / "drawn.json"
    file.write_text(json.dumps(drawn_report(name, devices, step)), "utf-8")
    left, right = (plot(tested, file) for tested in both.values())
    assert left == right
    root = ET.fromstring(left.decode())  # noqa: S314  # what the program under test has drawn
    for element in root.iter():
        for key in ("x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "width", "height"):
            assert NUMBER.fullmatch(element.get(key, "0.0")), element.attrib
        for point in re.split("[ ,]", element.get("points", "0.0")):
            assert NUMBER.fullmatch(point), point
