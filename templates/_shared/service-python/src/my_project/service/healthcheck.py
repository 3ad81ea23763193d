"""Asks the running service whether it lives, for containers without curl."""

import http.client
import ipaddress
import signal
from http import HTTPStatus
from types import FrameType
from typing import Final, NoReturn

from .settings import Settings

SECONDS: Final = 3
"""How long an answer may take, all in all."""


class UnhealthyError(Exception):
    """The service does not answer as it should."""


def check_health(settings: Settings) -> None:
    """Raise `UnhealthyError` unless the service says that it lives."""
    address = ipaddress.ip_address(settings.host)
    host = settings.host
    if address.is_unspecified:
        host = "127.0.0.1" if address.version == 4 else "::1"  # noqa: PLR2004  # of the protocol
    shown = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/healthz"
    connection = http.client.HTTPConnection(host, settings.port)
    # A time limit of the socket would begin anew with each byte.
    signal.signal(signal.SIGALRM, _give_up)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        words = getattr(error, "strerror", None) or str(error) or type(error).__name__
        reason = " ".join(words.split())  # on one line, whatever came
        message = f"no answer from {shown}: {reason}"
        raise UnhealthyError(message) from error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        connection.close()
    if status != HTTPStatus.OK:
        message = f"{shown} answered {status}"
        raise UnhealthyError(message)


def _give_up(_number: int, _frame: FrameType | None) -> NoReturn:
    message = f"none within {SECONDS} seconds"
    raise TimeoutError(message)
