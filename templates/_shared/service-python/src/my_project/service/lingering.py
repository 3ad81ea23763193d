"""Closes a connection so that the client can read the answer before."""

import asyncio
from typing import Any, Final, Protocol

LINGER_SECONDS: Final = 2.0
"""How long a client may go on to send what nobody reads."""


class Talker(Protocol):
    """What a transport has to know of its protocol."""

    @property
    def has_more_to_come(self) -> bool:
        """Whether the client is in the middle of a request."""

    def turn_away(self) -> None:
        """Take no notice of what still comes."""


class Lingering(asyncio.Transport):
    """A transport that lets a client finish before it closes.

    Where data comes in after the socket is closed, the system resets the connection,
    and the client may lose an answer that it has not read yet: RFC 9112, section 9.6.
    """

    def __init__(self, transport: asyncio.Transport, protocol: Talker) -> None:
        super().__init__()
        self._transport = transport
        self._protocol = protocol
        self._closing = False

    def close(self) -> None:
        """Close; at the second call, or where nothing is to come, at once."""
        at_once = self._closing or self._transport.is_closing()
        self._closing = True
        if at_once or not self._protocol.has_more_to_come:
            self._transport.close()
            return
        self._protocol.turn_away()
        self._transport.write_eof()
        asyncio.get_running_loop().call_later(LINGER_SECONDS, self._transport.abort)

    def abort(self) -> None:
        """Close without a word."""
        self._transport.abort()

    def is_closing(self) -> bool:
        """Tell whether nothing more can be written."""
        return self._closing or self._transport.is_closing()

    def write(self, data: Any) -> None:  # noqa: ANN401  # any buffer
        """Write."""
        self._transport.write(data)

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401  # as asyncio has it
        """Tell of the socket."""
        return self._transport.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Read no further."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        if not self._transport.is_closing():
            self._transport.resume_reading()
