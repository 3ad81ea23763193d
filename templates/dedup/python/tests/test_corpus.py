"""The corpus of the benchmark is the one that the contract describes."""

import re
import subprocess
import sys
from pathlib import Path

from blake3 import blake3

from .trees import CONTRACT

BENCH = Path(__file__).parents[1] / "bench"


def test_the_corpus_has_the_checksum_of_its_description(tmp_path: Path) -> None:
    """Computed from the files on the disk, in the order of their numbers."""
    words: list[str | Path] = [sys.executable, BENCH / "corpus.py", tmp_path, "--files", "100"]
    subprocess.run(words, check=True)
    hasher = blake3()
    for path in sorted(tmp_path.rglob("*.dat"), key=lambda path: int(path.stem)):
        data = path.read_bytes()
        hasher.update(f"{path.relative_to(tmp_path).as_posix()}\0{len(data)}\0".encode() + data)
    described = re.findall(r"`([0-9a-f]{64})`", (CONTRACT / "corpus.md").read_text("utf-8"))
    assert described == [hasher.hexdigest()]
