"""What can go wrong, and the words for it."""

from enum import IntEnum


class ExitStatus(IntEnum):
    """What the program says to the one that called it; 128 + N after signal N."""

    HELD = 0
    FAULT = 1
    USAGE = 2
    LACKING = 3
    TOO_HOT = 4


class StressError(Exception):
    """What ends the program with one line: `error: …`."""

    status = ExitStatus.FAULT

    def __init__(self, sentence: str) -> None:
        super().__init__(one_line(sentence))


class UsageError(StressError):
    """A word of the command line, or a file, that means nothing here."""

    status = ExitStatus.USAGE


class LackingError(StressError):
    """No such device, driver or precision."""

    status = ExitStatus.LACKING


class DeviceError(Exception):
    """What a device or its driver answered instead of doing what it was asked."""


def one_line(text: str) -> str:
    r"""Return a text as a terminal can show it, on one line, whoever wrote it.

    >>> one_line("a\n b\x1b[2J")
    'a b�[2J'
    """
    words = " ".join(text.split())
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in words)
