"""What could not be looked at."""

from .errors import Reason


class Problems:
    """Names with reasons, each pair once."""

    def __init__(self) -> None:
        self._found: set[tuple[bytes, Reason]] = set()

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, name: bytes, reason: Reason) -> None:
        """Note a problem; may be called from any thread, for adding to a set is one step."""
        self._found.add((name, reason))

    def in_order(self) -> list[tuple[bytes, Reason]]:
        """Return them in the order of names."""
        return sorted(self._found)
