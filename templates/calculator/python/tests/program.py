"""The program, run as a process of its own."""

import subprocess
import sys


def run_program(
    *words: str | bytes, stdin: bytes = b"", env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run the command line as a process of its own."""
    program = [sys.executable, "-m", "my_project"]
    return subprocess.run(
        [*program, *words],
        input=stdin,
        env=env,
        capture_output=True,
        check=False,
    )
