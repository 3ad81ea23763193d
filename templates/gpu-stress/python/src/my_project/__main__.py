"""Makes `python -m my_project` work."""

from .start import main

main()
