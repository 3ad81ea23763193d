"""The one queue that workers, sensors and signals write to, and the main thread reads from."""

from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Self, TypeVar

from .signals import interrupts
from .workers import Message, Worker

Letter = tuple[Any, Message]
Answer = TypeVar("Answer")


class InterruptedSearchError(Exception):
    """An interrupt came while devices were looked for."""


class Mail:
    """Letters with their senders; an interrupt comes as one, too.

    As a context it ends all workers that were hired, however it is left.
    """

    def __init__(self) -> None:
        self._hired: list[Worker] = []
        self._letters: SimpleQueue[Letter] = SimpleQueue()
        self.interrupts = interrupts()
        self.interrupts.tell(lambda: self._letters.put((None, {"is": "interrupt"})))

    def hire(self) -> Worker:
        """Start a worker that answers into this queue."""
        worker = Worker(self._letters)
        self._hired.append(worker)
        return worker

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._hired:
            worker.kill()

    def put(self, sender: object, message: Message) -> None:
        """Send a letter; may be called from any thread."""
        self._letters.put((sender, message))

    def receive(self, seconds: float) -> Letter | None:
        """Wait for a letter, for so long at most."""
        try:
            return self._letters.get(timeout=max(0.0, seconds))
        except Empty:
            return None

    def wait_for(self, ask: Callable[[], Answer]) -> Answer:
        """Return the answer of a driver that may hang; raise `InterruptedSearchError`, or as it."""
        answer: Future[Answer] = Future()
        Thread(target=self._ask, args=(ask, answer), daemon=True).start()
        others: list[Letter] = []
        while not answer.done():
            sender, message = self._letters.get()
            if sender is None:
                raise InterruptedSearchError
            if sender is not answer:
                others.append((sender, message))
        for letter in others:
            self._letters.put(letter)
        return answer.result()

    def _ask(self, ask: Callable[[], Answer], answer: Future[Answer]) -> None:
        try:
            answer.set_result(ask())
        except Exception as error:  # noqa: BLE001  # raised again where the answer is waited for
            answer.set_exception(error)
        self.put(answer, {"is": "answer"})
