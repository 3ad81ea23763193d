"""Runs a load on all devices at once, until it is over or something stops it."""

import time
from dataclasses import dataclass
from functools import partial

from .crew import Crew, Listeners, Load
from .finding import Found
from .live import Screen
from .mail import Mail
from .settings import Settings
from .tally import Tally
from .units import format_throughput, format_throughputs
from .verdict import Verdict
from .watch import Watch
from .workers import Message

_PROMPT = 0.25  # seconds until all must have stopped; a batch of 100 ms has ended by then
_TICK = 1.0  # seconds
_STOPPED = 5.0  # seconds without a turn of this program: it was stopped, and the workers with it


@dataclass(frozen=True, slots=True)
class Post:
    """A device at work, and who watches it."""

    crew: Crew
    watch: Watch


class Run:
    """All posts of a run."""

    def __init__(self, settings: Settings, found: list[Found], mail: Mail, screen: Screen) -> None:
        self._settings, self._mail, self._screen = settings, mail, screen
        self._deadline: float | None = None
        self._tick = self._turn = time.monotonic()
        self._samples_begun = False
        listeners = Listeners(screen.say, self._stage_over)
        stages = settings.stages()
        seconds = settings.duration / len(stages)
        self.posts: list[Post] = []
        for each in found:
            load = Load(stages, seconds, each.threads, each.budget)
            crew = Crew(each.device, each.workers, load, listeners)
            self.posts.append(Post(crew, Watch(each.device, settings.max_temperature)))
        self._owners = {worker: post for post in self.posts for worker in post.crew.workers}

    def begin_work(self) -> None:
        """Have all devices make ready for their first kernel, and their sensors read."""
        for post in self.posts:
            post.crew.begin_next()
            post.watch.start(partial(self._mail.put, post))

    def work(self) -> None:
        """Run until all devices are done, stopped or lost."""
        while not all(post.crew.finished for post in self.posts):
            self._take_letter()
            if self._deadline is not None and time.monotonic() >= self._deadline:
                self._end()
        for post in self.posts:
            post.watch.stop()

    @property
    def begin(self) -> float:
        """When the first batch began, on the monotonic clock; now, if there was none."""
        begins = [tally.begin for post in self.posts for tally in post.crew.tallies if tally.begin]
        return min(begins, default=time.monotonic())

    @property
    def seconds(self) -> float:
        """From the first batch to the last."""
        ends = [tally.end for post in self.posts for tally in post.crew.tallies if tally.begin]
        return max(ends) - self.begin if ends else 0.0

    def verdict(self) -> Verdict:
        """Return what is to be said of all devices."""
        found = Verdict(interrupt=self._mail.interrupts.number)
        for post in self.posts:
            found.faults += self._faults(post.crew) + post.watch.faults()
            if post.watch.too_hot is not None:
                found.too_hot.append(post.watch.too_hot)
        return found

    def _take_letter(self) -> None:
        self._show()
        until = self._tick if self._deadline is None else min(self._tick, self._deadline)
        letter = self._mail.receive(until - time.monotonic())
        if letter is None:
            return
        sender, message = letter
        if sender is None:
            self._stop()
        elif isinstance(sender, Post):
            self._take_readings(sender, message)
        elif sender in self._owners:
            crew = self._owners[sender].crew
            crew.hear(sender, message)
            if not self._samples_begun and crew.tally is not None:
                self._begin_samples()

    def _show(self) -> None:
        """Once a second, show how all do, whether or not their sensors answer."""
        last, self._turn = self._turn, time.monotonic()
        if self._turn - last > _STOPPED:
            for post in self.posts:
                post.crew.forgive()
        if self._turn >= self._tick:
            self._tick = self._turn + _TICK
            for post in self.posts:
                post.crew.check_answers()
            self._screen.show([line(each) for each in self.posts])

    def _begin_samples(self) -> None:
        self._samples_begun = True
        for post in self.posts:
            post.watch.count_from(self.begin)

    def _take_readings(self, post: Post, message: Message) -> None:
        if post.crew.finished:
            return
        if message["is"] == "lost":
            post.crew.lose(str(message["text"]))
            return
        post.watch.judge(message["readings"])
        if self._samples_begun:
            post.watch.add_sample(post.crew, time.monotonic() - self.begin)
        if post.watch.too_hot is not None:
            self._stop()

    def _stop(self) -> None:
        if self._deadline is not None:
            return
        self._deadline = time.monotonic() + _PROMPT
        for post in self.posts:
            post.crew.stop()

    def _end(self) -> None:
        for post in self.posts:
            if not post.crew.finished:
                post.crew.end()

    def _stage_over(self, crew: Crew) -> None:
        post = next(each for each in self.posts if each.crew is crew)
        self._screen.stage_over(line(post))

    def _faults(self, crew: Crew) -> list[str]:
        """Return what speaks against a device, but for its sensors."""
        least, label = self._settings.min_throughput, crew.device.label
        found = [] if crew.fault is None else [crew.fault]
        for tally in crew.tallies:
            if tally.errors:
                found.append(f"{label}: {tally.name}: {tally.errors} wrong results")
            middle = tally.throughput()["median"]
            if least is not None and middle is not None and middle < least:
                was, asked = (
                    format_throughput(each, tally.kernel.unit) for each in (middle, least)
                )
                found.append(f"{label}: {tally.name}: median {was}, and {asked} was asked for")
        return found


def _rates(tally: Tally) -> list[str]:
    """Return the throughput of the last second and on average, as far as they are known."""
    average, unit = tally.average, tally.kernel.unit
    if average is None:
        return ["warms up"]
    if tally.now is None:
        return [f"avg {format_throughput(average, unit)}"]
    (now, mean), shown = format_throughputs([tally.now, average], unit)
    return [f"{now} {shown}", f"avg {mean}"]


def line(post: Post) -> list[str]:
    """Return the fields of a live line, those that matter most first."""
    crew, watch = post.crew, post.watch
    tally = crew.tallies[-1]
    readings, sensor = watch.readings, crew.device.sensor
    fields = [crew.device.short_label, tally.name, *_rates(tally), f"{tally.errors} errors"]
    if readings.temperature_c is not None:
        fields.append(f"{readings.temperature_c:.0f} °C")
    if readings.power_w is not None:
        limit = "" if sensor.power_limit_w is None else f"/{sensor.power_limit_w:.0f}"
        fields.append(f"{readings.power_w:.0f}{limit} W")
    if readings.clock_mhz is not None:
        fields.append(f"{readings.clock_mhz:.0f} MHz")
    if readings.utilisation_percent is not None:
        fields.append(f"{readings.utilisation_percent:.0f} %")
    fields += [each for each in readings.throttle or () if each != "gpu_idle"]
    return [*fields, f"{crew.seconds_left:.0f} s left"]
