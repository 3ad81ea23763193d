"""The program, run as a process of its own."""

import socket
from importlib import metadata
from pathlib import Path

import pytest

from .running import PROJECT, SERVE, free_port, run, service, start


@pytest.mark.parametrize("words", [[], ["--help"], ["serve", "--help"]])
def test_help_is_no_error(words: list[str]) -> None:
    ran = run(*words)
    assert "Usage:" in ran.stdout
    assert (ran.returncode, ran.stderr) == (0, "")


def test_version_is_that_of_the_installed_package() -> None:
    name, version = run("--version").stdout.split()
    assert version == metadata.version(name)


@pytest.mark.parametrize("words", [["sreve"], ["--prot"], ["serve", "now"]])
def test_wrong_usage_exits_with_2(words: list[str]) -> None:
    ran = run(*words)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "Usage:" in ran.stderr


def test_openapi_prints_the_contract() -> None:
    contract = Path(PROJECT, "contract", "openapi.json").read_text(encoding="utf-8")
    ran = run("openapi", PORT="of no interest")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == contract


def test_the_service_says_where_it_listens_and_why_it_ends() -> None:
    with service(*SERVE) as running:
        assert run("healthcheck", HOST="127.0.0.1", PORT=str(running.port)).returncode == 0
        assert run("healthcheck", HOST="0.0.0.0", PORT=str(running.port)).returncode == 0  # noqa: S104  # to ask
        running.send_signal()
        assert running.wait() == 0
        messages = [line["message"] for line in running.lines()]
    assert messages[0] == f"listening on http://127.0.0.1:{running.port}"
    assert messages[-1] == "draining: SIGTERM"


def test_an_address_in_use_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        ran = run("serve", HOST="127.0.0.1", PORT=address.partition(":")[2])
    message = f"error: cannot listen on {address}: Address already in use\n"
    assert (ran.returncode, ran.stderr) == (1, message)


def test_nobody_listening_is_unhealthy() -> None:
    port = free_port()
    ran = run("healthcheck", HOST="::", PORT=str(port))
    address = f"http://[::1]:{port}/healthz"
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith(f"error: no answer from {address}: ")
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", "answered 500"),
        (b"something else\r\n\r\n", "no answer from"),
        (b"", "none within 3 seconds"),
    ],
)
def test_another_answer_is_unhealthy(answer: bytes, reason: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.settimeout(10)
        port = other.getsockname()[1]
        with start("healthcheck", HOST="127.0.0.1", PORT=str(port)) as asking:
            connection, _ = other.accept()
            with connection:
                connection.sendall(answer)
                _, stderr = asking.communicate(timeout=10)
    assert asking.returncode == 1
    assert reason in stderr
    assert stderr.count("\n") == 1
