"""Where the program begins, as a command and as `python -m my_project`."""

import sys

from .service import signals


def main() -> None:
    """Run the command line."""
    if sys.argv[1:2] == ["serve"]:
        # Before anything large is loaded: a container may be stopped while it starts.
        signals.install()
    from .service.cli import run  # noqa: PLC0415  # as said above

    run()


if __name__ == "__main__":
    main()
