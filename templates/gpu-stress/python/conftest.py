"""Which modules have no examples to be looked for: those that need an extra that is not here."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("torch") else ["src/*/kernels/torch_*.py"]
