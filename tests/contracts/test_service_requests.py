"""What every service answers to requests, right and wrong, held against each over a socket."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from contracts.http_case import REQUEST_ID, Case
from contracts.http_cases import CASES
from contracts.http_client import Answer, Connection, NoAnswerError, request
from contracts.services import SERVICES, UUID, Cell, Service

TEMPLATES = SERVICES
BATCH = 40
"""Cases that one test sends, so that a failure names a few and a run starts few tests."""


def difference(answer: Answer, case: Case) -> str | None:
    """Return what is wrong with an answer."""
    told: object = answer.body
    wanted: object = answer.body
    members: list[str] = []
    if case.status >= 400 and case.method != "HEAD":
        wanted = case.problem
        if answer.body.startswith(b"{"):
            told = answer.json()
            members = [*answer.json()]
    elif case.content is not None:
        wanted = case.content
    kind = "application/problem+json" if case.status >= 400 else None
    checks = {
        "status": (answer.status, case.status),
        "body": (told, wanted),
        "order of members": (members, [*wanted] if isinstance(wanted, dict) else []),
        "X-Request-ID": (answer.all("X-Request-ID"), [REQUEST_ID]),
        "X-Content-Type-Options": (answer.all("X-Content-Type-Options"), ["nosniff"]),
        "Server": (answer.all("Server"), []),
        "Content-Type": (kind and answer.all("Content-Type"), kind and [kind]),
        "Cache-Control": (kind and answer.all("Cache-Control"), kind and ["no-store"]),
        "Allow": (answer.all("Allow"), [case.allow] if case.allow else []),
        "Connection": (answer.all("Connection"), ["close"] if case.closes else []),
        "Content-Length": (
            [] if case.method == "HEAD" else answer.all("Content-Length"),
            [] if case.method == "HEAD" else [str(len(answer.body))],
        ),
    }
    wrong = [f"{what} is {a!r}, not {b!r}" for what, (a, b) in checks.items() if a != b]
    return f"{case}: {'; '.join(wrong)}" if wrong else None


def asked(service: Service, case: Case) -> Answer | str:
    """Return the answer to a case, or what came in place of one."""
    with Connection(service.port) as connection:
        connection.send(case.data)
        try:
            answer = connection.answer(to_head=case.method == "HEAD")
        except (NoAnswerError, AssertionError, ValueError) as error:
            return f"{case}: {error}"
        if case.closes and not connection.closed():
            return f"{case}: the connection stays open"
        return answer


def all_asked(service: Service, cases: list[Case]) -> list[Answer | str]:
    """Return what came for each case, a few at a time."""
    with ThreadPoolExecutor(4) as pool:
        return [*pool.map(lambda case: asked(service, case), cases)]


@pytest.mark.parametrize("start_at", range(0, 320, BATCH))
def test_every_case_is_answered_as_the_contract_says(
    cell: Cell, service: Service, start_at: int
) -> None:
    """Status, header fields, the members of a problem and their order are those of the table."""
    cases = CASES[cell.template][start_at : start_at + BATCH]
    answers = all_asked(service, cases)
    assert [
        answer if isinstance(answer, str) else difference(answer, case)
        for case, answer in zip(cases, answers, strict=True)
        if isinstance(answer, str) or difference(answer, case)
    ] == []


def test_the_table_is_sent_as_a_whole() -> None:
    """The batches reach the end of the longest table, and no case stands twice."""
    for cases in CASES.values():
        assert BATCH < len(cases) <= 320
        assert len({case.data for case in cases}) == len(cases)


def test_languages_answer_alike_to_the_byte(
    twin_cells: list[Cell], twins: dict[str, Service]
) -> None:
    """All header fields but the date, and every byte of the body, are the same in both."""
    cases = [case for case in CASES[twin_cells[0].template] if case.target != "/metrics"]
    some, others = (all_asked(service, cases) for service in twins.values())
    different = []
    for case, first, other in zip(cases, some, others, strict=True):
        told = [each if isinstance(each, str) else each.comparable() for each in (first, other)]
        if told[0] != told[1]:
            different.append((str(case), *told))
    assert different == [], f"{len(different)} differ, by {[*twins]}"


def test_head_is_get_without_the_body(cell: Cell, service: Service) -> None:
    """The fields are the same, and nothing comes after them on the connection."""
    identified = [("X-Request-ID", "a")]
    for path in ("/healthz", "/readyz", "/openapi.json", cell.example.path, "/nothing"):
        with Connection(service.port) as connection:
            connection.send(request("GET", path, identified))
            got = connection.answer()
            connection.send(request("HEAD", path, identified) + request("GET", path, identified))
            head, again = connection.answer(to_head=True), connection.answer()
        assert head.comparable()[:2] == got.comparable()[:2] == again.comparable()[:2]
        assert (head.body, again.body) == (b"", got.body)


@pytest.mark.parametrize("given", ["a", "A.b_c-9", "0" * 64, "...", "-"])
def test_a_good_request_id_is_taken_over(service: Service, given: str) -> None:
    """It comes back in the header field, in the problem and in the log."""
    assert service.ask("GET", "/healthz", [("x-ReQuest-iD", given)]).one("X-Request-ID") == given
    answer = service.ask("GET", "/nothing", [("X-Request-ID", given)])
    assert (answer.one("X-Request-ID"), answer.json()["request_id"]) == (given, given)
    assert service.ask("HEAD", "/nothing", [("X-Request-ID", given)]).one("X-Request-ID") == given


@pytest.mark.parametrize(
    "given",
    [
        [], [""], ["0" * 65], ["a b"], ["ä"], ["a,b"], ["a\tb"], ["a", "b"], ["a", "a"], ["a", ""], ["a/b"],
        ["\xff"], ["{}"], ["0" * 5000],
    ],
    ids=lambda given: ascii(given)[:20],
)  # fmt: skip
def test_a_bad_request_id_is_replaced(service: Service, given: list[str]) -> None:
    """A new UUID of version 4 stands in its place, another one for each request."""
    headers = [("X-Request-ID", value) for value in given]
    answers = [service.ask("GET", "/nothing", headers) for _ in range(2)]
    made = [answer.one("X-Request-ID") for answer in answers]
    assert all(UUID.fullmatch(each) for each in made), made
    assert made == [answer.json()["request_id"] for answer in answers]
    assert made[0] != made[1]


def test_answers_say_what_they_are(cell: Cell, service: Service) -> None:
    """JSON is `application/json`, and what is no error may be stored."""
    for path in ("/healthz", "/readyz", "/openapi.json", cell.example.path):
        answer = service.ask("GET", path)
        assert answer.one("Content-Type") == "application/json"
        assert re.fullmatch("[1-9][0-9]*", answer.one("Content-Length"))
        assert answer.all("Access-Control-Allow-Origin") + answer.all("Vary") == []
