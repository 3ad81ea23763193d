"""The words and the exit statuses of every service."""

import json

from contracts.services import SERVICES, Cell, Service, Settings, run, run_each

TEMPLATES = SERVICES

WORDS = ("serve", "healthcheck", "openapi")


def test_help_and_version_are_no_errors(cell: Cell, words: list[str]) -> None:
    """They go to standard output, whatever the settings, and so does the help of no words."""
    options = [[], ["--help"], ["--version"], *([word, "--help"] for word in WORDS)]
    every = run_each([[*words, *each] for each in options], [{"PORT": "x"}] * len(options))
    assert [(ran.returncode, ran.stderr) for ran in every] == [(0, b"")] * len(options)
    none, general, version, *special = (ran.stdout.decode() for ran in every)
    assert all(word in text for word in WORDS for text in (none, general))
    assert all("Usage:" in text for text in (none, general, *special))
    assert version == f"{cell.name} 0.1.0\n"


def test_wrong_usage_exits_with_2(words: list[str]) -> None:
    """Nothing is started, and standard error says what is wrong."""
    options = [
        ["server"],
        ["serve", "now"],
        ["serve", "--port", "1"],
        ["--port"],
        ["openapi", "x"],
        ["healthcheck", "x"],
    ]
    for ran in run_each([[*words, *each] for each in options], [{"PORT": "x"}] * len(options)):
        assert (ran.returncode, ran.stdout) == (2, b"")
        assert ran.stderr.strip()
        assert not any(word in ran.stderr for word in (b"Traceback", b"panicked", b"PORT"))


def test_a_bad_setting_is_told_and_ends_the_program(words: list[str]) -> None:
    """Of `serve` and of `healthcheck`, with status 2; the rest is in the suite of the settings."""
    asking = [[*words, "serve"], [*words, "healthcheck"]]
    for ran in run_each(asking, [{"PORT": "http", "HOST": ""}] * 2):
        line = 'error: PORT is "http"; allowed is a whole number from 1 to 65535\n'
        assert (ran.returncode, ran.stdout, ran.stderr.decode()) == (2, b"", line)


def test_openapi_prints_the_file_and_serves_the_document(cell: Cell, service: Service) -> None:
    """To the byte as printed, with sorted keys and two spaces; as a document when served."""
    ran = run([*service.words, "openapi"], {"PORT": "x"})
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert ran.stdout.decode() == cell.document()
    document = json.loads(ran.stdout)
    text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False)
    assert text + "\n" == cell.document()
    assert service.ask("GET", "/openapi.json").json() == document


def test_healthcheck_asks_the_running_service(words: list[str], service: Service) -> None:
    """It exits with 0, silently, under its address or the unspecified one."""
    hosts = ("127.0.0.1", "0.0.0.0", "")  # noqa: S104  # it only asks there
    cases: list[Settings] = [{"HOST": host, "PORT": service.port} for host in hosts]
    for ran in run_each([[*words, "healthcheck"]] * len(cases), cases):
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")
