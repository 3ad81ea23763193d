"""A run goes on whatever its sensors do, and stops where it must."""

import time
from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest

from my_project import crew as crews
from my_project import options, selftests
from my_project.crew import Crew, Listeners, Load
from my_project.devices import describe_cpu
from my_project.finding import Found, find_cpu
from my_project.kernels.names import Kernel
from my_project.live import Fields, Screen
from my_project.mail import Mail
from my_project.precisions import Precision
from my_project.publishing import end_status
from my_project.runner import Run
from my_project.sensors.sensor import LostError, Readings, Sensor
from my_project.settings import Backend, Command, Settings
from my_project.verdict import Verdict
from my_project.workers import Worker

GONE = "it is gone"


class Shown(Screen):
    """Keeps what was shown."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.lines: list[str] = []

    def show(self, lines: list[Fields]) -> None:
        self.times.append(time.monotonic())
        self.lines += ["  ".join(fields) for fields in lines]


class Told(Sensor):
    """Answers with what it was given, or hangs."""

    def __init__(self, *answers: float | None) -> None:
        super().__init__()
        self._answers = iter(answers)
        self.over = Event()

    def read(self) -> Readings:
        heat = next(self._answers, -1.0)
        if heat is None:
            raise LostError(GONE)
        if heat < 0:
            self.over.wait(20)
        return Readings(temperature_c=heat)


def settings(duration: str, **more: Any) -> Settings:  # noqa: ANN401  # any option
    words: dict[str, Any] = {"kernel": ["fma"], "precision": None, "memory_fraction": "0.001"}
    words |= {"max_temperature": "80", "min_throughput": None, "backend": "native", "json": None}
    return options.settings(Command.CPU, duration=duration, quiet=True, **(words | more))


@pytest.fixture
def mail() -> Iterator[Mail]:
    with Mail() as opened:
        yield opened


def run_with(mail: Mail, sensor: Told, duration: str) -> tuple[Run, Shown]:
    found = find_cpu(Backend.NATIVE, mail, 1)
    found.device.sensor, found.budget = sensor, 1 << 20
    shown = Shown()
    run = Run(settings(duration), [found], mail, shown)
    run.begin_work()
    run.work()
    sensor.over.set()
    return run, shown


def test_lines_go_on_when_a_sensor_hangs(mail: Mail) -> None:
    run, shown = run_with(mail, Told(), "2.2s")
    assert run.verdict().exit_status == 0
    gaps = [after - before for before, after in zip(shown.times, shown.times[1:], strict=False)]
    assert len(gaps) >= 2
    assert max(gaps) < 1.5
    assert shown.lines[0].startswith("cpu  fma f32  warms up  0 errors")
    assert "GFLOP/s  avg " in shown.lines[-1]


@pytest.mark.parametrize(
    ("heat", "status", "reason"), [(80.0, 4, "temperature 80 C"), (None, 1, GONE)]
)
def test_the_first_reading_counts_before_any_batch(
    mail: Mail, heat: float | None, status: int, reason: str
) -> None:
    run, _ = run_with(mail, Told(heat), "20s")
    assert run.verdict().exit_status == status
    assert reason in run.verdict().reasons()[0]
    (post,) = run.posts
    assert [tally.batches for tally in post.crew.tallies] == [0]


class Silent(Worker):
    """Takes orders, and says nothing."""

    def __init__(self) -> None:
        self.killed = False

    def begin_run(self) -> None:
        pass

    def order(self, do: str, **values: object) -> None:
        pass

    def kill(self) -> None:
        self.killed = True


def crew_of(worker: Silent) -> Crew:
    load = Load([(Kernel.FMA, Precision.F32)], 1.0, [1], 1 << 20)
    found = Crew(describe_cpu([]), [worker], load, Listeners(lambda _: None, lambda _: None))
    found.begin_next()
    return found


def test_a_worker_that_says_nothing_for_long_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crews, "_PATIENCE", 0.1)
    worker = Silent()
    crew = crew_of(worker)
    crew.check_answers()
    assert not crew.finished
    time.sleep(0.15)
    crew.forgive()  # as after Ctrl-Z and `fg`
    crew.check_answers()
    assert not crew.finished
    time.sleep(0.15)
    crew.hear(worker, {"is": "allocated", "bytes": 1, "patterned": 0})
    crew.check_answers()
    assert not crew.finished
    time.sleep(0.15)
    crew.check_answers()
    assert (crew.finished, worker.killed) == (True, True)
    assert "no answer for 0.1 s" in str(crew.fault)


def test_before_the_first_batch_a_stop_waits_for_nobody() -> None:
    worker = Silent()
    crew = crew_of(worker)
    crew.stop()
    assert (crew.finished, worker.killed) == (True, True)


def test_a_self_test_without_an_answer_is_lost(mail: Mail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftests, "_PATIENCE", 0.05)
    count = {"flips": 0, "caught": 0, "rounds_without": 0, "false_alarms": 0}
    found = Found(describe_cpu([]), [Silent()], [1])
    (reason,) = selftests._flip(found, 10, mail, count)  # noqa: SLF001  # the rest needs a driver
    assert reason.endswith("lost: no answer for 0.05 s")


def test_a_report_that_was_not_written_counts_after_heat_and_interrupts() -> None:
    assert end_status(Verdict(), written=True) == 0
    assert end_status(Verdict(), written=False) == 1
    assert end_status(Verdict(faults=["slow"]), written=False) == 1
    assert end_status(Verdict(too_hot=["hot"]), written=False) == 4
