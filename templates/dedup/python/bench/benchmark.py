"""Holds `scan` against its peers on one corpus: the same groups, then time and peak memory."""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import cold
import corpus

_PROGRAM = "my-project"
_POLL = 0.002  # seconds between two looks at the peak of memory

Groups = frozenset[frozenset[str]]


@dataclass(frozen=True, slots=True)
class Tool:
    """A program, the words that run it on a folder, and how to read its groups."""

    name: str
    words: Callable[[str, str], list[str]]
    """From the folder and a file for results."""
    groups: Callable[[str, str], Groups]
    """From standard output and the file for results."""


def _paragraphs(output: str, _: str) -> Groups:
    """Read names on lines, with an empty line after each group."""
    return _as_groups(part.splitlines() for part in output.split("\n\n"))


def _null(output: str, _: str) -> Groups:
    return _as_groups(part.split("\0") for part in output.split("\0\0"))


def _rdfind(_: str, results: str) -> Groups:
    """Read lines of eight fields, the second of which is the number of the group."""
    found = defaultdict(list)
    for line in Path(results).read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            fields = line.split(" ", 7)
            found[abs(int(fields[1]))].append(fields[7])
    return _as_groups(found.values())


def _rmlint(_: str, results: str) -> Groups:
    found = defaultdict(list)
    for entry in json.loads(Path(results).read_text(encoding="utf-8")):
        if entry.get("type") == "duplicate_file":
            found[entry["size"], entry["checksum"]].append(entry["path"])
    return _as_groups(found.values())


def _as_groups(groups: Iterable[Iterable[str]]) -> Groups:
    named = (frozenset(name for name in group if name) for group in groups)
    return frozenset(group for group in named if len(group) > 1)


def _ours(*options: str) -> Callable[[str, str], list[str]]:
    program = str(Path(sys.executable).with_name(_PROGRAM))
    return lambda folder, _: [program, "scan", folder, "--format=null", "--quiet", *options]


TOOLS = [
    Tool(_PROGRAM, _ours(), _null),
    Tool(f"{_PROGRAM} --verify bytes", _ours("--verify=bytes"), _null),
    Tool(f"{_PROGRAM} --jobs 1", _ours("--jobs=1"), _null),
    Tool("jdupes", lambda folder, _: ["jdupes", "-r", "-q", folder], _paragraphs),
    Tool("fdupes", lambda folder, _: ["fdupes", "-r", "-q", folder], _paragraphs),
    Tool("rdfind", lambda folder, file: ["rdfind", "-outputname", file, folder], _rdfind),
    Tool(
        "rmlint", lambda folder, file: ["rmlint", "-T", "df", "-o", f"json:{file}", folder], _rmlint
    ),
]
_MEASURE = "jdupes"  # the others are given as multiples of it


def main() -> None:
    """Write the corpus if need be, run every tool that is here, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=corpus.FILES)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the corpus is, or is written")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = words.folder or Path(scratch, "corpus")
        if not folder.exists():
            print(f"writing {words.files} files", file=sys.stderr)
            corpus.write(folder, words.files)
        run_all(str(folder.resolve()), words.rounds, str(Path(scratch, "results")))
        cold.measure(
            Path(scratch, "large"),
            lambda jobs: _ours("--jobs", str(jobs))(str(Path(scratch, "large")), ""),
            words.rounds,
        )


def run_all(folder: str, rounds: int, results: str) -> None:
    """Run the tools in turn, so that what else the machine does hits all of them alike."""
    tools = [tool for tool in TOOLS if shutil.which(tool.words(folder, results)[0])]
    agreed = _agreed(tools, folder, results)
    times: dict[str, list[float]] = {tool.name: [] for tool in tools}
    for _ in range(rounds):
        for tool in tools:
            begin = time.perf_counter()
            _run(tool, folder, results)
            times[tool.name].append(time.perf_counter() - begin)
    medians = {name: statistics.median(each) for name, each in times.items()}
    measure = medians.get(_MEASURE)
    print(f"{len(agreed)} groups, on which all agree; median of {rounds}, warm")
    print(f"{'tool':<28} {'time':>8} {'ratio':>6} {'peak':>9}")
    for tool in tools:
        median = medians[tool.name]
        ratio = f"{median / measure:.2f}" if measure else "-"
        peak = _peak(tool.words(folder, results))
        print(f"{tool.name:<28} {median:>6.2f} s {ratio:>6} {peak / 1024:>6.1f} MB")


def _agreed(tools: list[Tool], folder: str, results: str) -> Groups:
    """Return the groups; the first run also warms the cache of the system."""
    found = {tool.name: tool.groups(_run(tool, folder, results), results) for tool in tools}
    first, *others = found.items()
    for name, groups in others:
        if groups != first[1]:
            sys.exit(f"{name} and {first[0]} differ in {len(groups ^ first[1])} groups")
    return first[1]


def _run(tool: Tool, folder: str, results: str) -> str:
    ran = subprocess.run(tool.words(folder, results), capture_output=True, text=True, check=True)
    return ran.stdout


def _peak(words: list[str]) -> int:
    """Return the peak of memory in KiB, as the kernel counts it for the program alone."""
    # What wait4 tells would have the memory of this process in it, from before the exec.
    peak = 0
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            peak = max(peak, _high_water(process.pid))
            time.sleep(_POLL)
    return peak


def _high_water(process: int) -> int:
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    lines = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return next((int(line.split()[1]) for line in lines), 0)


if __name__ == "__main__":
    os.environ.pop("PYTHONDEVMODE", None)  # measures what people run
    main()
