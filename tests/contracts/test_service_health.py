"""How `healthcheck` bears what does not answer as a service does.

The layer is the same in every template, so one stands for all.
"""

import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from contracts.services import Service, environment, free_port, run

TEMPLATES = ("microservice",)


@contextmanager
def stranger(answer: bytes, pause: float = 0) -> Iterator[int]:
    """Listen on a port and give everybody this answer, byte for byte with a pause if any."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        stopped = threading.Event()

        def give() -> None:
            while True:
                try:
                    caller, _ = listening.accept()
                except OSError:
                    return
                with caller:
                    caller.recv(4096)
                    for byte in answer:
                        if stopped.wait(pause):
                            return
                        try:
                            caller.sendall(bytes([byte]))
                        except OSError:
                            break

        thread = threading.Thread(target=give)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            stopped.set()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_healthcheck_fails_where_nothing_good_answers(words: list[str]) -> None:
    """Nobody, a 503, a redirect and nonsense are status 1 with one line."""
    ran = run([*words, "healthcheck"], {"HOST": "127.0.0.1", "PORT": free_port()})
    assert (ran.returncode, ran.stdout, ran.stderr.count(b"\n")) == (1, b"", 1)
    head = b"Content-Length: 0\r\nConnection: close\r\n\r\n"
    for first in (b"503 Busy", b"307 Go\r\nLocation: /", b"204 Empty", b"2000 Much", b"\r\n"):
        with stranger(b"HTTP/1.1 " + first + b"\r\n" + head) as port:
            ran = run([*words, "healthcheck"], {"PORT": port})
        assert (ran.returncode, ran.stdout, ran.stderr.count(b"\n")) == (1, b"", 1), first
        assert ran.stderr.startswith(b"error: ")


def test_healthcheck_waits_for_3_seconds_at_most(twins: dict[str, Service]) -> None:
    """A service that hangs, or dribbles its answer, is as bad as none."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n" + b'{"status":"ok"}'
    with stranger(b"?", 60) as silent, stranger(answer, 0.4) as slow:
        began = time.monotonic()
        every = [
            subprocess.Popen(
                [*service.words, "healthcheck"],
                env=environment({"PORT": port}),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            for port in (silent, slow)
            for service in twins.values()
        ]
        told = [(*process.communicate(timeout=30), process.returncode) for process in every]
        took = time.monotonic() - began
    for stdout, stderr, status in told:
        assert (stdout, stderr.count(b"\n"), status) == (b"", 1, 1)
    assert 2.5 < took < 8
