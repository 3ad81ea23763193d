"""Follows a plan step by step, with a journal."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from .actions import FailedError, act
from .errors import ExitStatus, Reason, system_reason
from .files import ctime_of
from .journal import Journal, Line, State
from .looking import KnownTimes, LeftAloneError, Sight, look
from .names import shown
from .plan import Action, Plan, PlannedFile
from .recovery import put_right, replay, take_times, was_done
from .steps import Key, Step, steps_of
from .units import counted, format_size
from .writing import temporary_name


@dataclass(slots=True)
class Tally:
    """How the steps came out."""

    states: dict[State, int] = field(default_factory=lambda: dict.fromkeys(State, 0))
    freed: int = 0

    @property
    def status(self) -> ExitStatus:
        """What the program ends with."""
        if self.states[State.LEFT_ALONE]:
            return ExitStatus.LEFT_ALONE
        return ExitStatus.PARTLY if self.states[State.FAILED] else ExitStatus.DONE

    def summary(self) -> bytes:
        """Return the last line of the output."""
        counts = ", ".join(
            f"{self.states[state]} {state}"
            for state in (State.DONE, State.LEFT_ALONE, State.FAILED)
        )
        return f"{counts}, {format_size(self.freed)} freed\n".encode()


def preview(plan: Plan) -> Iterator[bytes]:
    """Yield the lines that say what would be done."""
    for step in steps_of(plan):
        yield f"{plan.action} {shown(step.name)}\n  keep {shown(step.keep.path)}\n".encode()


def preview_summary(plan: Plan) -> bytes:
    """Return the last line of the preview."""
    actions = counted(sum(1 for _ in steps_of(plan)), "action")
    return f"{actions}, {format_size(plan.gain)} to gain; --yes does it\n".encode()


class Run:
    """One run over a plan: what it knows of earlier ones, and how its steps came out."""

    def __init__(self, plan: Plan, journal: Journal, say: Callable[[str], None]) -> None:
        self.tally = Tally()
        self._journal = journal
        self._say = say
        self._times = KnownTimes()
        self._last: dict[Key, Line] = {}
        self._troubles: dict[Key, FailedError] = {}
        self._freed: list[int] = []
        self._recover({step.key: step for step in steps_of(plan)})

    def take(self, step: Step) -> None:
        """Do one step and write down how it came out; raise `DedupError` if that fails."""
        last = self._last.get(step.key)
        if last is not None and last.state is State.DONE:
            self._count(step, State.DONE, step.group.size)
            return
        trouble = self._troubles.get(step.key)
        if trouble is not None:
            self._end_badly(step, trouble)
        elif last is not None and last.state is State.START and was_done(step):
            self._end(step, State.DONE, freed=step.group.size)
        else:
            self._attempt(step)

    def _begin(self, key: Key) -> None:
        """Write down that something is about to be put right: a kill may come before its end."""
        if self._last[key].state is not State.START:
            self._last[key] = Line(key, State.START)
            self._journal.record(self._last[key])

    def _attempt(self, step: Step) -> None:
        moves = step.action not in {Action.TRASH, Action.REFLINK}
        temporary = temporary_name() if moves else None
        self._journal.record(Line(step.key, State.START, temporary=temporary))
        try:
            with look(step, self._times) as sight:
                strange = None
                try:
                    freed = act(sight, temporary or b"")
                except LeftAloneError as error:
                    strange = error.file
                    raise
                finally:
                    self._note_times(sight, strange)
        except (LeftAloneError, FailedError, OSError) as error:
            self._end_badly(step, error)
        else:
            self._end(step, State.DONE, freed=freed)

    def _note_times(self, sight: Sight, strange: PlannedFile | None) -> None:
        """Take the ctimes that the action led to, but not that of a file that others changed."""
        step = sight.step
        touched = [(step.victim, sight.victim)]
        # Only a hard link to the keeper changes the keeper's time.
        if step.action is Action.HARDLINK:
            touched.append((step.keep, sight.keep))
        for file, descriptor in touched:
            if file is not strange:
                with suppress(OSError):
                    self._times.note(file, ctime_of(os.fstat(descriptor)))

    def _end_badly(self, step: Step, error: LeftAloneError | FailedError | OSError) -> None:
        """Write down what stopped a step, and say it with the notes that it has."""
        if isinstance(error, LeftAloneError):
            state, reason = State.LEFT_ALONE, error.reason
        elif isinstance(error, FailedError):
            state, reason = State.FAILED, error.reason
        else:
            state, reason = State.FAILED, system_reason(error)
        self._end(step, state, reason)
        for line in (f"{state}: {shown(step.name)}: {reason}", *getattr(error, "__notes__", ())):
            self._say(line)

    def _end(
        self, step: Step, state: State, reason: Reason | None = None, *, freed: int = 0
    ) -> None:
        expected = self._times.expected
        self._journal.record(
            Line(
                step.key,
                state,
                reason,
                keeper_ctime=expected(step.keep),
                victim_ctime=expected(step.victim),
            )
        )
        self._count(step, state, freed)

    def _count(self, step: Step, state: State, freed: int) -> None:
        """Count a name; bytes are free only when all names of the victim are done."""
        self.tally.states[state] += 1
        if step.key.name == 0:
            self._freed = []
        if state is State.DONE:
            self._freed.append(freed)
        if step.is_last and len(self._freed) == len(step.victim.names):
            self.tally.freed += self._freed[-1]

    def _recover(self, steps: dict[Key, Step]) -> None:
        """Read what an earlier run did, and put right what it left."""
        left: dict[Key, list[bytes]] = {}
        for line in self._journal.lines:
            step = steps[line.key]
            self._last[line.key] = line
            replay(line, step, self._times)
            if line.temporary is not None:
                left.setdefault(line.key, []).append(line.temporary)
            if line.state is State.DONE:
                left.pop(line.key, None)
        unsure = {key for key, line in self._last.items() if line.state is State.START}
        for key, temporaries in left.items():
            found, trouble = put_right(steps[key], temporaries, partial(self._begin, key))
            if found:
                unsure.add(key)
            if trouble is not None:
                self._troubles[key] = trouble
        for key in unsure:
            take_times(steps[key], self._times)
