"""Says in one line what is wrong with a template that copier could not render."""

import re
import traceback
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from copier._main import Worker
from copier.errors import (
    ExtensionNotFoundError,
    ForbiddenPathError,
    InteractiveSessionError,
    InvalidConfigFileError,
    MultipleConfigFilesError,
    TaskError,
    UnsafeTemplateError,
    UnsupportedVersionError,
)
from jinja2 import TemplateError, TemplateSyntaxError
from plumbum import ProcessExecutionError
from yaml import YAMLError

from scaffold.foreign.order import Order

# Distributions that are not called as the modules they hold.
_DISTRIBUTIONS = {
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "git": "gitpython",
    "github": "pygithub",
    "slugify": "python-slugify",
    "yaml": "pyyaml",
}
_PROBES: dict[str, Any] = {"int": 1, "float": 1.0, "bool": True, "json": {}, "yaml": "example"}
_REQUIRED = re.compile(r'Question "(.+)" is required')
_INVALID = re.compile(r"""(?:question|choice for) ['"](\w+)['"](?:: )?(.*)""", re.DOTALL)


_Tell = Callable[[Any, Worker], tuple[str, str]]


class RefusedError(Exception):
    """What copier would take, or tell less well: a problem and the next step."""


def explain(error: Exception, worker: Worker, order: Order) -> tuple[str, str]:
    """Return the problem behind an error of copier's, and the next step."""
    for kind, tell in _KNOWN.items():
        if isinstance(error, kind):
            return tell(error, worker)
    return _in_template(error, worker, order)


def _refused(error: Exception, _: Worker) -> tuple[str, str]:
    return str(error.args[0]), str(error.args[1])


def _task(error: TaskError, _: Worker) -> tuple[str, str]:
    words = error.cmd if isinstance(error.cmd, str) else " ".join(error.cmd)
    return f"its task `{words}` failed with exit code {error.returncode}", "its output:"


def _too_new(error: Exception, _: Worker) -> tuple[str, str]:
    return str(error), "upgrade it: `pip install --upgrade copier`"


def _malformed(error: Exception, _: Worker) -> tuple[str, str]:
    cause = error.__cause__ or error
    place = getattr(cause, "problem_mark", None)
    where = f":{place.line + 1}" if place else ""
    name = Path(str(error)).name if error.__cause__ else "copier.yml"
    return f"its {name}{where} is malformed: {getattr(cause, 'problem', cause)}", "mend that file"


def _several(*_: object) -> tuple[str, str]:
    return "has more than one of copier.yml and copier.yaml", "remove all but one"


def _interactive(*_: object) -> tuple[str, str]:
    problem = "asks something on a terminal, most likely since two of its files become one"
    return problem, "give other answers with --data, or see the log"


def _forbidden(error: Exception, _: Worker) -> tuple[str, str]:
    step = "if you trust it, add --trust" if "--trust" in str(error) else "mend the template"
    path = str(error).partition("\n")[0]
    return f"reaches outside of its folder: {path}", step


def _missing(error: Exception, worker: Worker) -> tuple[str, str]:
    """Name every module of a template's Jinja extensions that is not installed."""
    cause = error if isinstance(error, ImportError) else error.__context__
    modules = dict.fromkeys(_absent(worker))
    if isinstance(cause, ImportError) and cause.name:
        modules[cause.name.partition(".")[0]] = None
    if not modules:
        return f"has a Jinja extension that does not load: {cause}", "mend it"
    return (
        f"wants Jinja extensions that are not installed: {', '.join(modules)}",
        f"add {_with(modules)}",
    )


def _absent(worker: Worker) -> Iterator[str]:
    for extension in worker.template.jinja_extensions:
        module = str(extension).partition(".")[0]
        # `some/file.py:Class` lies in the template itself; an extension loads it from there.
        if ".py:" not in str(extension) and find_spec(module) is None:
            yield module


def _with(modules: dict[str, None]) -> str:
    return " ".join(f"--with {_DISTRIBUTIONS.get(m, m.replace('_', '-'))}" for m in modules)


def _untrusted(_: Exception, worker: Worker) -> tuple[str, str]:
    """Name what a template would run, and all flags that it will need for that."""
    wants = [f"the Jinja extension {each}" for each in worker.template.jinja_extensions]
    for task in worker.template.tasks:
        words = task.cmd if isinstance(task.cmd, str) else " ".join(map(str, task.cmd))
        wants.append(f"the task `{one_line(words, 80)}`")
    absent = dict.fromkeys(_absent(worker))
    flags = " ".join(filter(None, ("--trust", _with(absent))))
    return f"wants to run code of its own: {', '.join(wants)}", f"if you trust it, add {flags}"


def _git_problem(error: ProcessExecutionError, _: Worker) -> tuple[str, str]:
    words = str(error.stderr).strip()
    if re.search(r"resolve host|unable to access|timed out|Connection refused", words):
        step = "check the address and the network"
    elif re.search(r"could not read|Authentication|Permission denied|Host key|prompts", words):
        step = "there is none such, or git needs a login for it: try `git ls-remote` with it"
    else:
        step = "check the address, and --ref if it is given"
    reason = re.findall(r"^(?:fatal|error): (.*)", words, re.MULTILINE)
    return f"git cannot get it: {reason[-1] if reason else words}", step


def _in_template(error: Exception, worker: Worker, order: Order) -> tuple[str, str]:
    """Name the question, or the file and line, in which an error came up."""
    if required := _REQUIRED.fullmatch(str(error)):
        names = [required[1], *_more_required(required[1], worker)]
        flags = " ".join(f"--data {name}=VALUE" for name in names)
        return f"asks without a default: {', '.join(names)}", f"add {flags}"
    question, file = _whereabouts(error, worker.template.local_abspath)
    invalid = _INVALID.search(str(error))
    if invalid or question:
        name = invalid[1] if invalid else question
        whose = "the answer given" if name in order.data else "the default"
        text = invalid[2] if invalid and invalid[2] else _plain(error)
        return f"{whose} to its question {name} does not do: {text}", f"add --data {name}=VALUE"
    kind = "" if isinstance(error, TemplateError) else f"{type(error).__name__}: "
    return f"does not render{file}: {kind}{error}", "mend the template, or see the log"


def _plain(error: Exception) -> str:
    """Leave out of a message what pydantic adds for programmers."""
    return re.sub(r" \[type=.*\n|For further information visit \S+", "", str(error))


def _more_required(first: str, worker: Worker) -> Iterator[str]:
    """Answer with something likely, write nothing, and yield what else has to be answered."""
    questions = worker.template.questions_data
    worker.pretend = worker.quiet = True
    name, known = first, {first, *worker.data}
    for _ in questions:
        # As defaults without a validator: what is likely need not be valid.
        questions[name] |= {"default": _probe(name, questions[name]), "validator": ""}
        try:
            worker.run_copy()
        except Exception as error:  # noqa: BLE001  # the probe does not do for what comes after
            required = _REQUIRED.fullmatch(str(error))
            if required is None or required[1] in known:
                break
            name = required[1]
            known.add(name)
            yield name
        else:
            return
    # What is asked whatever the other answers are.
    plain = (key for key, details in questions.items() if not {"default", "when"} & details.keys())
    yield from (key for key in plain if key not in known)


def _probe(name: str, details: dict[str, Any]) -> Any:  # noqa: ANN401  # an answer is of any type
    choices = details.get("choices")
    if isinstance(choices, dict):
        choices = list(choices.values())
    if isinstance(choices, list) and choices:
        first = choices[0][1] if isinstance(choices[0], list) else choices[0]
        value = first["value"] if isinstance(first, dict) else first
        return [value] if details.get("multiselect") else value
    if str(details.get("type", "str")) in _PROBES:
        return _PROBES[details["type"]]
    likely = {"url": "https://example.org/a/b", "mail": "a@example.org", "version": "3.12"}
    return next((value for part, value in likely.items() if part in name), "example")


def _whereabouts(error: BaseException, root: Path) -> tuple[str, str]:
    """Return the question that was being asked, and the file and line that was being rendered."""
    question = file = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        name = frame.f_code.co_filename
        if frame.f_code.co_name == "_ask":
            question = str(frame.f_locals.get("var_name", ""))
        if Path(name).is_relative_to(root):
            file = f" at {Path(name).relative_to(root)}:{line}"
    if isinstance(error, TemplateSyntaxError) and error.filename:
        file = f" at {Path(error.filename).relative_to(root)}:{error.lineno}"
    return question, file


def one_line(text: str, limit: int = 2000) -> str:
    """Return a text in one line that is no longer than a person reads."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[:limit] + "…"


_KNOWN: dict[type[Exception] | tuple[type[Exception], ...], _Tell] = {
    RefusedError: _refused,
    (ExtensionNotFoundError, ImportError): _missing,
    UnsafeTemplateError: _untrusted,
    TaskError: _task,
    UnsupportedVersionError: _too_new,
    (InvalidConfigFileError, YAMLError): _malformed,
    MultipleConfigFilesError: _several,
    (InteractiveSessionError, EOFError): _interactive,
    ForbiddenPathError: _forbidden,
    ProcessExecutionError: _git_problem,
}
