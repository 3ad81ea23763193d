"""Draws a report as SVG, to the byte as `contract/plot.md` says."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

_COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf")
_FILLS = ("#f2f2f2", "#e4e4e4")
_WIDTH, _LEFT, _ACROSS, _HEIGHT = 960.0, 80.0, 850.0, 150.0
_PITCH = 190.0  # from the top of a panel to that of the next
_LEGEND = 18.0  # a line of it
_PARTS = 5  # of an axis
_LEAST_BAND = 70.0  # wide enough for a name
_TERA = 1e12
_STEPS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)  # times a power of ten, where a scale may end
_TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)  # seconds
_MOST_TICKS = 8
_MINUTE, _HOUR = 60, 3600  # seconds

Sample = dict[str, Any]
Value = Callable[[Sample], float | None]


@dataclass(frozen=True, slots=True)
class _Panel:
    title: str
    value: Value
    end: float
    """Of its scale."""
    is_of_kernels: bool
    """Whether a line ends with its kernel."""


def draw(report: dict[str, Any]) -> str:
    """Return the plot of a report."""
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: dict[str, Any]) -> Iterator[str]:
    devices = report["devices"]
    panels = list(_panels([sample for device in devices for sample in device["samples"]]))
    height = 60 + _LEGEND * len(devices) + _PITCH * len(panels)
    times = [sample["time_s"] for device in devices for sample in device["samples"]]
    end = max(times, default=0) or 1
    size = f'width="{_n(_WIDTH)}" height="{_n(height)}"'
    box = f'viewBox="0 0 {_n(_WIDTH)} {_n(height)}" font-family="sans-serif" font-size="12"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box}>'
    yield f'<rect {size} fill="#ffffff"/>'
    title = f"{report['program']['name']} {report['command']}, {report['started']}"
    title = _escape(f"{title}: {report['verdict']['status']}")
    yield f'<text x="80.0" y="24.0" font-size="16">{title}</text>'
    yield from _legend(devices)
    for number, panel in enumerate(panels):
        top = 52 + _LEGEND * len(devices) + _PITCH * number
        yield from _bands(devices[0]["samples"], top, end, named=number == 0)
        yield from _axis(panel, top)
        for device, colour in zip(devices, _colours(devices), strict=True):
            yield from _curve(device["samples"], panel, top, end, colour)
    yield from _times(end, height - 12)
    yield "</svg>"


def _panels(samples: list[Sample]) -> Iterator[_Panel]:
    """Return the panels that have a value."""
    rates = [sample["throughput"] for sample in samples if sample["kernel"] != "memory"]
    tera = max(rates, default=0) >= _TERA
    scale, unit = (_TERA, "TFLOP/s") if tera else (1e9, "GFLOP/s")
    offered: list[tuple[str, Value]] = [
        (f"throughput, {unit}", lambda each: _rate(each, scale, of_memory=False)),
        ("throughput, GB/s", lambda each: _rate(each, 1e9, of_memory=True)),
        ("temperature, °C", lambda each: each["temperature_c"]),
        ("power, W", lambda each: each["power_w"]),
    ]
    for title, value in offered:
        values = [found for sample in samples if (found := value(sample)) is not None]
        if values:
            yield _Panel(title, value, _scale_end(max(values)), title.startswith("throughput"))


def _rate(sample: Sample, scale: float, *, of_memory: bool) -> float | None:
    is_memory = sample["kernel"] == "memory"
    return sample["throughput"] / scale if is_memory == of_memory else None


def _scale_end(largest: float) -> float:
    """Return the first of 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15 ... that is not less.

    >>> _scale_end(17.3)
    20.0
    """
    unit = 1.0
    while True:
        for factor in _STEPS:
            if factor * unit >= largest:
                return factor * unit
        unit *= 10.0


def _legend(devices: list[dict[str, Any]]) -> Iterator[str]:
    for number, (device, colour) in enumerate(zip(devices, _colours(devices), strict=True)):
        index = "" if device["index"] is None else f"{device['index']}: "
        label = _escape(index + device["name"])
        y = _LEGEND * number
        yield f'<rect x="80.0" y="{_n(35 + y)}" width="10.0" height="10.0" fill="{colour}"/>'
        yield f'<text x="96.0" y="{_n(44 + y)}">{label}</text>'


def _colours(devices: list[dict[str, Any]]) -> list[str]:
    return [_COLOURS[number % len(_COLOURS)] for number in range(len(devices))]


def _bands(samples: list[Sample], top: float, end: float, *, named: bool) -> Iterator[str]:
    """Draw a background for each kernel; the names stand in the first panel alone."""
    begin = _x(0, end)
    stages = groupby(samples, lambda each: (each["kernel"], each["precision"]))
    for number, ((kernel, precision), group) in enumerate(stages):
        *_, last = group
        until = _x(last["time_s"], end)
        place = f'x="{_n(begin)}" y="{_n(top)}" width="{_n(until - begin)}"'
        yield f'<rect {place} height="150.0" fill="{_FILLS[number % 2]}"/>'
        if named and until - begin >= _LEAST_BAND:
            name = kernel if precision is None else f"{kernel} {precision}"
            place = f'x="{_n(begin + 4)}" y="{_n(top + 144)}"'
            yield f'<text {place} fill="#666666">{name}</text>'
        begin = until


def _axis(panel: _Panel, top: float) -> Iterator[str]:
    yield f'<text x="80.0" y="{_n(top - 6)}" fill="#333333">{panel.title}</text>'
    for part in range(_PARTS + 1):
        y = top + _HEIGHT - _HEIGHT * part / _PARTS
        yield f'<line x1="80.0" y1="{_n(y)}" x2="930.0" y2="{_n(y)}" stroke="#cccccc"/>'
        label = _n(panel.end * part / _PARTS)
        yield f'<text x="74.0" y="{_n(y + 4)}" text-anchor="end">{label}</text>'


def _times(end: float, y: float) -> Iterator[str]:
    step = float(next((each for each in _TICKS if each >= end / _MOST_TICKS), _TICKS[-1]))
    while step < end / _MOST_TICKS:
        step *= 2
    size, unit = (_MINUTE, "min") if step < _HOUR else (_HOUR, "h")
    size, unit = (1, "s") if step < _MINUTE else (size, unit)
    number = 0
    while number * step <= end:
        x, label = _x(number * step, end), f"{int(number * step / size)} {unit}"
        yield f'<text x="{_n(x)}" y="{_n(y)}" text-anchor="middle">{label}</text>'
        number += 1


def _curve(
    samples: list[Sample], panel: _Panel, top: float, end: float, colour: str
) -> Iterator[str]:
    def line_of(sample: Sample) -> tuple[object, ...] | None:
        if panel.value(sample) is None:
            return None
        return (sample["kernel"], sample["precision"]) if panel.is_of_kernels else ()

    for line, group in groupby(samples, line_of):
        if line is None:
            continue
        points = [
            (_n(_x(each["time_s"], end)), _n(_y(panel.value(each) or 0, panel.end, top)))
            for each in group
        ]
        if len(points) == 1:
            ((x, y),) = points
            yield f'<circle cx="{x}" cy="{y}" r="2.0" fill="{colour}"/>'
        else:
            drawn = " ".join(f"{x},{y}" for x, y in points)
            yield (f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="1.5"/>')


def _x(time: float, end: float) -> float:
    return _LEFT + _ACROSS * time / end


def _y(value: float, end: float, top: float) -> float:
    return top + _HEIGHT - _HEIGHT * value / end


def _n(value: float) -> str:
    """Return a number with one decimal, the same in every language.

    >>> _n(2.25)
    '2.3'
    """
    tenths = math.floor(10 * value + 0.5)
    return f"{tenths // 10}.{tenths % 10}"


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
