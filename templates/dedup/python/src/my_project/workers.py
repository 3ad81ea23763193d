"""Does one thing to many, on several threads, for reading and hashing let other threads run."""

import os
import resource
import threading
from collections.abc import Callable, Sequence
from time import monotonic

MOST_JOBS = 1024
_KEPT_FREE = 24  # descriptors for the standard streams, the interpreter, a folder, a plan
_PER_WORKER = 2  # descriptors that a worker has open at a time
_TURN = 0.1  # seconds between two looks at how far the workers are
_PATIENCE = 1.0  # seconds for all workers to notice that it is over


def processors() -> int:
    """Return on how many processors this process may run."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def affordable(jobs: int) -> int:
    """Return how many threads can read at once, given the limit of open files."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return jobs
    return max(1, min(jobs, (limit - _KEPT_FREE) // _PER_WORKER))


class Crew:
    """Threads that take one item after the other from a list."""

    def __init__(
        self,
        work: Callable[[int], None],
        items: Sequence[int],
        stopped: threading.Event,
        watch: Callable[[int], None],
    ) -> None:
        self._work = work
        self._items = items
        self._stopped = stopped
        self._watch = watch
        self._next = 0
        self._lock = threading.Lock()
        self._failure: BaseException | None = None

    def run(self, jobs: int) -> None:
        """Do the work for each item.

        What it raises is raised here, after all threads have ended. `watch` gets the
        count of items begun, in the calling thread, several times a second.
        """
        count = min(jobs, len(self._items))
        threads = [threading.Thread(target=self._toil, daemon=True) for _ in range(count)]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                while thread.is_alive():
                    thread.join(_TURN)
                    self._watch(self._next)
        except BaseException:
            self._stopped.set()
            until = monotonic() + _PATIENCE
            for thread in threads:
                if thread.ident is not None:
                    thread.join(max(0, until - monotonic()))
            raise
        if self._failure is not None:
            raise self._failure

    def _toil(self) -> None:
        try:
            while not self._stopped.is_set():
                with self._lock:
                    at = self._next
                    self._next += 1
                if at >= len(self._items):
                    return
                self._work(self._items[at])
        except BaseException as failure:  # noqa: BLE001  # whatever it is, `run` raises it
            self._failure = failure
            self._stopped.set()
