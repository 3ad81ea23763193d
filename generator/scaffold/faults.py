"""Plants faults into a rendered project, each of which the project's own check must find."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Fault:
    """A file that is wrong in one way only, and the verb of the Makefile that must say so."""

    kind: str
    stage: str
    path: str
    text: str


_PYTHON = (
    Fault(
        "formatting",
        "format-check",
        "tests/test_0_planted.py",
        '"""A planted fault."""\n\nPLANTED = {  "quoted" :   1 }\n',
    ),
    Fault("lint", "style", "tests/test_0_planted.py", '"""A planted fault."""\n\nimport json\n'),
    Fault(
        "type",
        "types",
        "tests/test_0_planted.py",
        '"""A planted fault."""\n\nPLANTED: int = "text"\n',
    ),
    Fault(
        "failing test",
        "test",
        "tests/test_0_planted.py",
        '"""A planted fault."""\n\n\ndef test_planted() -> None:\n'
        '    """A test that fails."""\n    assert len("planted") == 0\n',
    ),
)

_RUST = (
    Fault(
        "formatting",
        "format-check",
        "tests/a_planted.rs",
        "//! A planted fault.\n\n#[test]\nfn planted( ) { }\n",
    ),
    Fault(
        "type",
        "types",
        "tests/a_planted.rs",
        '//! A planted fault.\n\n#[test]\nfn planted() {\n    let _: u32 = "text";\n}\n',
    ),
    Fault(
        "lint",
        "style",
        "tests/a_planted.rs",
        "//! A planted fault.\n\n#[test]\nfn planted() {\n"
        '    let text = String::from("x");\n    assert!(text.len() == 0 || text.len() > 0);\n}\n',
    ),
    Fault(
        "failing test",
        "test",
        "tests/a_planted.rs",
        "//! A planted fault.\n\n#[test]\nfn planted() {\n"
        '    assert_eq!("planted".len(), 0, "a test that fails");\n}\n',
    ),
)

BY_LANGUAGE = {"python": _PYTHON, "rust": _RUST}


def plant(fault: Fault, project: Path) -> Path:
    """Write the fault into `project` and return the file, which the caller removes again."""
    path = project / fault.path
    path.parent.mkdir(exist_ok=True)
    path.write_text(fault.text, encoding="utf-8")
    return path
