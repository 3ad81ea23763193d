"""Runs the command line: `python -m scaffold` is `scaffold`."""

from scaffold.cli import main

if __name__ == "__main__":
    main()
