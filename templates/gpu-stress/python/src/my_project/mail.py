"""The one queue that workers, sensors and signals write to, and the main thread reads from."""

from queue import Empty, SimpleQueue
from typing import Any

from .signals import interrupts
from .workers import Message, Worker

Letter = tuple[Any, Message]


class Mail:
    """Letters with their senders; an interrupt comes as one, too."""

    def __init__(self) -> None:
        self._letters: SimpleQueue[Letter] = SimpleQueue()
        self.interrupts = interrupts()
        self.interrupts.tell(lambda: self._letters.put((None, {"is": "interrupt"})))

    def hire(self) -> Worker:
        """Start a worker that answers into this queue."""
        return Worker(self._letters)

    def put(self, sender: object, message: Message) -> None:
        """Send a letter; may be called from any thread."""
        self._letters.put((sender, message))

    def receive(self, seconds: float) -> Letter | None:
        """Wait for a letter, for so long at most."""
        try:
            return self._letters.get(timeout=max(0.0, seconds))
        except Empty:
            return None
