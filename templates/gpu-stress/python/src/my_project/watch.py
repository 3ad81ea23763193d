"""Reads the sensors of one device once a second, and keeps the samples."""

import time
from collections.abc import Callable
from threading import Event, Thread
from typing import Any

from .crew import Crew
from .devices import Device
from .sensors.sensor import LostError, Readings

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
        self.samples: list[dict[str, Any]] = []
        self.throttled: set[str] = set()
        self.too_hot: str | None = None
        self._begin = time.monotonic()
        self._over = False
        self._changed = Event()

    def start(self, tell: Callable[[dict[str, Any]], None]) -> None:
        """Tell what is read, or that the device is lost, from a thread of its own."""
        Thread(target=self._read, args=(tell,), daemon=True).start()

    def count_from(self, begin: float) -> None:
        """Read at the full seconds from a moment of the monotonic clock on."""
        self._begin = begin
        self._changed.set()

    def stop(self) -> None:
        """Read no more."""
        self._over = True
        self._changed.set()

    def _read(self, tell: Callable[[dict[str, Any]], None]) -> None:
        while not self._over:
            try:
                tell({"is": "read", "readings": self.device.sensor.read()})
            except LostError as error:
                tell({"is": "lost", "text": str(error)})
                return
            while self._changed.wait(self._seconds_to_wait()) and not self._over:
                self._changed.clear()

    def _seconds_to_wait(self) -> float:
        """Return how long it is to the next full second; what a slow sensor missed is left out."""
        return _PERIOD - (time.monotonic() - self._begin) % _PERIOD

    def judge(self, readings: Readings) -> None:
        """Note whether the device is too hot."""
        self.readings = readings
        heat, limit = readings.temperature_c, self.max_temperature
        if heat is not None and limit is not None and heat >= limit:
            self.too_hot = f"{self.device.label}: temperature {heat:g} C, the limit is {limit:g} C"

    def add_sample(self, crew: Crew, seconds: float) -> None:
        """Make a sample of what was read last and of the kernel at work, or of the first one."""
        tally, rate = crew.tally, 0.0
        if tally is None:  # it warms up, and others do no more
            tally = crew.tallies[0]
        else:
            rate = tally.take_sample(is_over=tally is not crew.tallies[-1])
            self.throttled.update(each for each in self.readings.throttle or () if each in _FAULTS)
        self.samples.append(
            {
                "time_s": max(0.0, seconds),
                "kernel": tally.kernel,
                "precision": tally.precision,
                "throughput": rate,
                "errors": crew.errors,
                **self.readings.record(),
            }
        )

    def faults(self) -> list[str]:
        """Return how the hardware slowed the device down."""
        return [f"{self.device.label}: slowed down by {each}" for each in sorted(self.throttled)]

    def record(self) -> dict[str, Any]:
        """Return what a report says about the sensors."""
        return self.device.sensor.record(self.max_temperature)
