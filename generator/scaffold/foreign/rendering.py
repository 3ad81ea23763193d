"""Renders other people's Copier templates with copier, in a process of its own.

`python -m scaffold.foreign.rendering ORDER VERDICT` reads an `Order` and writes a `Verdict`.
A process of its own, since copier, a template's tasks and its Jinja extensions print, prompt,
change folders and import what they like; whoever starts it keeps all that from the user.
"""

import json
import re
import subprocess
import sys
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import asdict
from difflib import get_close_matches
from pathlib import Path

from copier import __version__ as copier_version

# Copier's run_copy() makes one of these; what a template asks and runs can be read only from it.
from copier._main import Worker
from copier._settings import SettingsModel
from copier.errors import CopierWarning, TaskError

from scaffold.foreign.explain import RefusedError, explain, one_line
from scaffold.foreign.order import Order, Verdict


def main(order_file: Path, verdict_file: Path) -> None:
    """Carry out an order and write the verdict, whatever becomes of it."""
    order = Order(**json.loads(order_file.read_text(encoding="utf-8")))
    verdict = _carry_out(order)
    verdict_file.write_text(json.dumps(asdict(verdict)), encoding="utf-8")
    if verdict.problem:
        raise SystemExit(1)


def _carry_out(order: Order) -> Verdict:
    if order.site:
        # At the end, so that nothing which copier itself runs on is shadowed.
        sys.path.append(order.site)
    notes: list[str] = []
    worker = Worker(
        src_path=order.source,
        dst_path=Path(order.place),
        vcs_ref=order.ref,
        data=dict(order.data),
        defaults=True,
        unsafe=order.trust,
        # A check gives the same answer on every machine, whatever its user has set for copier.
        settings=SettingsModel(),
    )
    problem = step = ""
    more_in_log = False
    with warnings.catch_warnings(record=True) as caught, worker:
        warnings.simplefilter("always")
        try:
            notes += _look(worker, order)
            worker.run_copy()
        except Exception as error:  # noqa: BLE001  # whatever a stranger's template does is told
            more_in_log = isinstance(error, TaskError)
            if not more_in_log:
                traceback.print_exc()
            problem, step = explain(error, worker, order)
    notes += [
        one_line(str(each.message)) for each in caught if issubclass(each.category, CopierWarning)
    ]
    return Verdict(one_line(problem), step, notes, more_in_log)


def _look(worker: Worker, order: Order) -> Iterator[str]:
    """Yield what is to be known of a template before it is rendered; raise where it is none."""
    try:
        root = worker.template.local_abspath
    except ValueError as error:
        raise RefusedError("is a file, and no git bundle", "give a folder or an address") from error
    if not any(re.fullmatch(r"copier\.ya?ml", path.name, re.IGNORECASE) for path in root.iterdir()):
        if (root / "cookiecutter.json").is_file():
            problem = "is a Cookiecutter template, for it has a cookiecutter.json and no copier.yml"
            raise RefusedError(problem, "give a Copier template")
        raise RefusedError(
            "is not a Copier template, for it has no copier.yml", "give the folder that holds one"
        )
    yield f"rendered with copier {copier_version} from {_version(worker, order)}"
    try:
        questions = worker.template.questions_data
    except (AttributeError, TypeError) as error:
        raise RefusedError("has a copier.yml that is no table of questions", "mend it") from error
    for key in order.data:
        if key not in questions:
            near = get_close_matches(key, questions, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            yield f"--data {key} answers no question of this template{hint}"


def _version(worker: Worker, order: Order) -> str:
    """Say which state of the template is used, and what a template's author may miss in it."""
    if worker.template.vcs != "git":
        return "the folder as it is, without git"
    tag = _git(worker.template.local_abspath, "describe", "--tags", "--exact-match")
    commit = _git(worker.template.local_abspath, "rev-parse", "--short", "HEAD")
    if order.ref or not tag:
        return f"{order.ref or 'HEAD, for it has no tag that is a version'} (commit {commit})"
    newer = _git(Path(order.source), "rev-list", "--count", f"{tag}..HEAD")
    changed = _git(Path(order.source), "status", "--porcelain")
    left = [f"{newer} newer commits"] if newer not in {"", "0"} else []
    left += ["what is not committed"] if changed else []
    hint = f"; left out: {' and '.join(left)}, which --ref HEAD would use" if left else ""
    return f"its newest tag, {tag}{hint}"


def _git(folder: Path, *words: str) -> str:
    if not folder.is_dir():
        return ""
    done = subprocess.run(
        ["git", "-C", str(folder), *words], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
