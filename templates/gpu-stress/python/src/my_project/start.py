"""Where the program starts: from the first moment on, an interrupt is noted."""

from .signals import interrupts
from .streams import prepare_streams


def main() -> None:
    """Run the command line."""
    prepare_streams()  # before a file or pipe takes the place of one that is closed
    interrupts()  # before all else is loaded, which takes longer than a finger needs
    from .cli import run  # noqa: PLC0415  # as said

    run()
