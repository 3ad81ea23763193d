"""Makes `python -m my_project` work."""

from .cli import main

main()
