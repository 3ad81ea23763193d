"""Where the program starts: from the first moment on, an interrupt is noted."""

from .signals import interrupts


def main() -> None:
    """Run the command line."""
    interrupts()  # before all else is loaded, which takes longer than a finger needs
    from .cli import run  # noqa: PLC0415  # as said

    run()
