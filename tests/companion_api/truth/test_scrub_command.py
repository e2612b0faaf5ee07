"""`companion-api scrub` beside a service: its reports, its exit codes, and how it is stopped."""

import json
import os
import signal
from typing import Any

import pytest

from companion_api.films.faults import FaultKind
from companion_api.films.incomplete import IncompleteFilm, incomplete_films
from companion_api.service import Exit, NotStarted, claimed
from companion_api.truth import report
from tests.companion_api.builders import Kit, Service
from tests.companion_api.truth.builders import ended, flip_a_bit, path_of
from tests.footage.builders import Agency, Film, make_film


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("companion_api.commands.scrub.SETTLE_SECONDS", 0.0)


def _run(service: Service, *arguments: str) -> int:
    return ended(service, "scrub", *arguments)


def _json(service: Service, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = _run(service, "--json", *arguments)
    return code, json.loads(capsys.readouterr().out)


def test_all_is_well(service: Service, kit: Kit, film: Film, capsys: pytest.CaptureFixture[str]) -> None:
    kit.put_film(film)
    assert _run(service) == 0
    said = capsys.readouterr().out
    assert "1 films, 7 objects" in said
    assert "no faults" in said
    assert "incomplete" not in said


def test_faults_are_told_with_their_meaning_and_next_step(
    service: Service, kit: Kit, film: Film, capsys: pytest.CaptureFixture[str]
) -> None:
    kit.put_film(film)
    flip_a_bit(path_of(service, film.film, "parts/00001"))
    assert _run(service, "--only-look") == Exit.FAULTS_FOUND
    said = capsys.readouterr().out
    for words in ("part-damaged", "other bytes than were sent", "scrub --mend-from", f"films/{film.film}/parts"):
        assert words in said
    code, told = _json(service, capsys, "--only-look")
    assert code == Exit.FAULTS_FOUND
    (fault,) = told.pop("faults")
    assert fault.pop("detail").startswith(f"{len(film.parts[1])} bytes with SHA-256 ")
    assert fault.pop("found_at") <= told["ended_at"]
    assert fault == {
        "kind": "part-damaged", "grave": True, "film": film.film, "object": f"films/{film.film}/parts/00001"
    }  # fmt: skip
    assert (told["film"], told["films"], told["objects"], told["incomplete"]) == (None, 1, 7, [])


def test_what_mends_itself_is_told_and_is_no_failure(
    service: Service, kit: Kit, film: Film, capsys: pytest.CaptureFixture[str]
) -> None:
    kit.put_part(film.film, 0, film.parts[0])
    service.store.put(f"films/{film.film}/parts/00001", film.parts[1])
    code, told = _json(service, capsys)
    assert code == 0
    assert [fault["kind"] for fault in told["faults"]] == [FaultKind.UNLISTED_OBJECT.value]


def test_one_film_is_scrubbed_by_itself(
    service: Service, kit: Kit, agency: Agency, capsys: pytest.CaptureFixture[str]
) -> None:
    films = [make_film(agency) for _ in range(2)]
    for film in films:
        kit.put_film(film)
        flip_a_bit(path_of(service, film.film, "film.key"))
    code, told = _json(service, capsys, "--only-look", "--film", films[0].film)
    assert code == Exit.FAULTS_FOUND
    assert [fault["film"] for fault in told["faults"]] == [films[0].film]
    assert (told["films"], told["film"]) == (1, films[0].film)


def test_a_film_that_is_incomplete_for_days_is_shown(
    service: Service, kit: Kit, agency: Agency, capsys: pytest.CaptureFixture[str]
) -> None:
    service.clock.forward(days=-100)  # the command has a clock of its own
    kit.begin()
    old, new, whole = (make_film(agency) for _ in range(3))
    kit.put_part(old.film, 0, old.parts[0])
    kit.put_film(whole)
    service.clock.forward(days=2, seconds=1)
    kit.begin().put_part(new.film, 0, new.parts[0])
    with service.archive.database.reading() as connection:
        found = list(incomplete_films(connection, service.clock()))
    assert found == [IncompleteFilm(old.film, kit.name, "2026-08-12T10:00:00Z", 1, False)]
    assert _run(service) == 0
    assert old.film in capsys.readouterr().out.split("incomplete since 2 days or more")[1]


def test_a_terminal_is_not_flooded(
    service: Service, kit: Kit, film: Film, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "MOST_LINES", 2)
    kit.put_film(film)
    for number in range(4):
        path_of(service, film.film, f"parts/0000{number}").unlink()
    assert _run(service, "--only-look") == Exit.FAULTS_FOUND
    assert "and 2 more" in capsys.readouterr().out


def test_it_stops_at_a_signal_and_goes_on_later(
    service: Service, kit: Kit, agency: Agency, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        kit.put_film(make_film(agency))
    real, reads = type(service.store).get, [0]

    def get(store: Any, key: str) -> bytes | None:
        reads[0] += 1
        if reads[0] == 10:
            os.kill(os.getpid(), signal.SIGTERM)
        return real(store, key)

    with monkeypatch.context() as patched:
        patched.setattr(type(service.store), "get", get)
        code, told = _json(service, capsys)
    assert code == Exit.UNFINISHED
    assert (told["films"], told["ended_at"]) == (2, None)
    code, told = _json(service, capsys)
    assert code == 0
    assert told["films"] == 3


def test_two_scrubs_at_once_are_refused_and_a_running_service_is_not(service: Service) -> None:
    with claimed(service.data):
        assert _run(service) == 0
    with claimed(service.data, "scrubbing"), pytest.raises(NotStarted) as refused:
        _run(service)
    assert refused.value.exit_code == Exit.DATA_IN_USE


@pytest.mark.parametrize("arguments", [["--film", "../x"], ["--mib-per-second", "-1"], ["--mib-per-second", "nan"]])
def test_what_makes_no_sense_is_refused(service: Service, arguments: list[str]) -> None:
    assert _run(service, *arguments) == 2
