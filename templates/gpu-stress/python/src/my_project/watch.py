"""Reads the sensors of one device once a second, and keeps the samples."""

import time
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

from .devices import Device
from .sensors.sensor import LostError, Readings
from .tally import Tally

_PERIOD = 1.0  # seconds
_MARGIN = 3.0  # degrees below the slowdown threshold
_FAULTS = ("hw_slowdown", "hw_thermal", "hw_power_brake")


class Watch:
    """The readings, and what they say against the device."""

    def __init__(self, device: Device, max_temperature: float | None) -> None:
        slowdown = device.sensor.slowdown_c
        if max_temperature is None and slowdown is not None:
            max_temperature = slowdown - _MARGIN
        self.device, self.max_temperature = device, max_temperature
        self.readings = Readings()
        self.rate: float | None = None
        self.samples: list[dict[str, Any]] = []
        self.throttled: set[str] = set()
        self.too_hot: str | None = None
        self._over = Event()

    def start(self, tell: Callable[[dict[str, Any]], None]) -> None:
        """Tell what is read, or that the device is lost, from a thread of its own."""
        Thread(target=self._read, args=(tell,), daemon=True).start()

    def stop(self) -> None:
        """Read no more."""
        self._over.set()

    def _read(self, tell: Callable[[dict[str, Any]], None]) -> None:
        due = time.monotonic()
        while not self._over.wait(max(0.0, due - time.monotonic())):
            due += _PERIOD
            try:
                tell({"is": "read", "readings": self.device.sensor.read()})
            except LostError as error:
                tell({"is": "lost", "text": str(error)})
                return

    def take(self, readings: Readings, tally: Tally | None, begin: float) -> None:
        """Judge readings, and make a sample of them and of the kernel at work, if there is one.

        `begin` is when the first batch of the run began, on the monotonic clock.
        """
        self.readings = readings
        heat, limit = readings.temperature_c, self.max_temperature
        if heat is not None and limit is not None and heat >= limit:
            self.too_hot = f"{self.device.label}: temperature {heat:g} C, the limit is {limit:g} C"
        if tally is None:
            return
        self.throttled.update(each for each in readings.throttle or () if each in _FAULTS)
        self.rate = tally.take_sample()
        self.samples.append(
            {
                "time_s": max(0.0, time.monotonic() - begin),
                "kernel": tally.kernel,
                "precision": tally.precision,
                "throughput": self.rate,
                "errors": tally.errors,
                **readings.record(),
            }
        )

    def faults(self) -> list[str]:
        """Return how the hardware slowed the device down."""
        return [f"{self.device.label}: slowed down by {each}" for each in sorted(self.throttled)]

    def record(self) -> dict[str, Any]:
        """Return what a report says about the sensors."""
        sensor = self.device.sensor
        return {
            "source": sensor.source,
            "reasons": sensor.reasons,
            "slowdown_c": sensor.slowdown_c,
            "max_temperature_c": self.max_temperature,
            "power_limit_w": sensor.power_limit_w,
        }
