"""What `make demo` shows: the calculator stamped out in each language, checked, and at work."""

import subprocess
import sys
import threading
import time
from pathlib import Path

from scaffold import catalog, passes
from scaffold.commands import Workshop, environment
from scaffold.toolchain import missing, needed

_FOLDER = Path("demo")
_EXPRESSIONS = ("2 * (3 + 4) ** 2", "-7 // 2", "sqrt(2)")


def main() -> int:
    """Show both languages, or those whose tools are here; return an exit status."""
    _FOLDER.mkdir(exist_ok=True)
    template = catalog.load("calculator")
    shown = []
    for language in template.languages:
        absent = missing(needed(template, language))
        if absent:
            tools = ", ".join(f"{tool.name} ({tool.get})" for tool in absent)
            print(f"\n{language}: left out, for want of {tools}")
        elif not _show(language):
            return 1
        else:
            shown.append(_place(language))
    print("\nNext:")
    for place in shown:
        print(f"  cd {place} && make run ARGS='eval \"6 * 7\"'")
    print("  .venv/bin/scaffold new calculator ~/my-calculator   # one of your own")
    print("  .venv/bin/scaffold --help")
    return 0


def _place(language: str) -> Path:
    return _FOLDER / f"calculator-{language}"


def _show(language: str) -> bool:
    place = _place(language)
    new = ["new", "calculator", str(place), "--language", language, "--defaults"]
    if place.exists():
        print(f"\n$ scaffold {' '.join(new)}\n{place} is there from an earlier demo, and stays.")
    else:
        print(f"\n$ scaffold {' '.join(new)}", flush=True)
        subprocess.run([sys.executable, "-m", "scaffold", *new], check=True)
    target = {"CARGO_TARGET_DIR": str(passes.cache_folder() / "cargo-target")}
    log = (_FOLDER / f"{language}.log").absolute()
    workshop = Workshop(place.absolute(), log, target, threading.Event())
    for verb in ("setup", "check"):
        print(f"\n$ cd {place} && make {verb}", flush=True)
        begun = time.monotonic()
        if message := workshop.run("make", verb):
            print(f"{message}\n\nIt failed; the whole log: {log}")
            return False
        print(f"green after {time.monotonic() - begun:.0f} s")
    expressions = " ".join(f'"{each}"' for each in _EXPRESSIONS)
    print(f"\n$ make run ARGS='eval {expressions}'", flush=True)
    subprocess.run(
        ["make", "--silent", "run", f"ARGS=eval {expressions}"],
        cwd=place,
        env=environment(place.absolute(), target),
        check=True,
    )
    return True


if __name__ == "__main__":
    sys.exit(main())
