"""docs/companion-api.md and OpenAPI say what the code does."""

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from companion_api.films.film_states import TRANSITIONS, FilmEvent, FilmState
from companion_api.problems import (
    HEAD_STALLED,
    HEAD_TOO_LARGE,
    INTERNAL_ERROR,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    PROBLEMS,
    REQUEST_MALFORMED,
    Problem,
)
from companion_api.service import Exit
from companion_api.settings import OPTIONS
from companion_api.stores.store_address import PROVIDERS
from tests.companion_api.builders import Kit, Service
from tests.companion_api.kits.test_heartbeat import tell
from tests.companion_api.truth.builders import scrubbed
from tests.footage.builders import NOW, Film

_OF_NO_REQUEST = (NOT_FOUND, METHOD_NOT_ALLOWED, HEAD_STALLED, HEAD_TOO_LARGE, REQUEST_MALFORMED)
DOCUMENT = (Path(__file__).parents[2] / "docs" / "companion-api.md").read_text()


def _rows(heading: str) -> list[list[str]]:
    """Return the cells of the table that begins with `heading`, without code marks."""
    table = DOCUMENT.split(heading + "\n", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip().replace("`", "") for cell in row.strip("|").split("|")] for row in table.splitlines()[1:]]


def test_the_table_of_problems() -> None:
    assert _rows("| code | status | title |") == [[p.code, str(p.status), p.title] for p in PROBLEMS]


def test_the_table_of_settings() -> None:
    assert _rows("| flag | environment variable | default | meaning |") == [
        [f"{o.flag} {o.value}", o.variable, o.default or "must be given", o.meaning.replace("`", "")] for o in OPTIONS
    ]


def test_the_table_of_exit_codes() -> None:
    source = (Path(__file__).parents[2] / "companion_api" / "service.py").read_text()
    meanings = dict(re.findall(r"^    ([A-Z_]+) = \d+  # (.*)$", source, re.MULTILINE))
    expected = [[str(int(e)), e.name, meanings[e.name].replace("`", "")] for e in Exit]
    assert _rows("| exit code | name | meaning |") == expected


def test_the_table_of_buckets() -> None:
    assert _rows("| address | from the environment |") == [[p.address, p.credentials] for p in PROVIDERS.values()]


def test_the_table_of_states() -> None:
    heading = "| state | " + " | ".join(f"`{event.name}`" for event in FilmEvent) + " |"
    outcomes = [[TRANSITIONS[state, event] for event in FilmEvent] for state in FilmState]
    expected = [[o.code if isinstance(o, Problem) else o.value for o in row] for row in outcomes]
    assert _rows(heading) == [[state.value, *row] for state, row in zip(FilmState, expected, strict=True)]


def test_the_table_of_metrics(service: Service, kit: Kit, film: Film) -> None:
    kit.put_film(film)
    kit.put_part(film.film, 0, b"other")
    tell(kit, oldest_seconds=60, selftest_at=NOW)
    scrubbed(service)
    service.send("GET", "/healthz")
    expected = []
    for family in text_string_to_metric_families(service.send("GET", "/metrics").text):
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        if not family.name.endswith("_created"):  # when a counter began
            expected.append([family.name, family.type, ", ".join(sorted(labels)), family.documentation])
    assert _rows("| metric | type | labels | meaning |") == sorted(expected)


def test_the_table_of_requests(service: Service) -> None:
    paths = service.app.openapi()["paths"].items()
    requests = {f"{method.upper()} {path}" for path, operations in paths for method in operations}
    assert {row[0] for row in _rows("| request | body | answers |")} == requests


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.code)
def test_openapi_tells_of_every_problem(service: Service, problem: Problem) -> None:
    described = [
        answer["description"]
        for operations in service.app.openapi()["paths"].values()
        for operation in operations.values()
        for status, answer in operation["responses"].items()
        if status == str(problem.status)
    ]
    if problem not in _OF_NO_REQUEST:
        assert any(f"`{problem.code}`" in description for description in described)


def test_every_request_can_meet_a_fault(service: Service) -> None:
    for operations in service.app.openapi()["paths"].values():
        for operation in operations.values():
            assert INTERNAL_ERROR.code in operation["responses"]["500"]["description"]
            assert "HTTPValidationError" not in str(operation)


def test_openapi_itself_is_served(service: Service) -> None:
    assert service.send("GET", "/openapi.json").json() == service.app.openapi()
