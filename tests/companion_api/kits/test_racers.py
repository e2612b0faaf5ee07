"""Several requests for one object at once, and what is told of whoever comes second with other bytes."""

import json
from collections.abc import Callable

import pytest

from companion_api.films.faults import FaultKind
from companion_api.service import Exit
from companion_api.stores.store import StoreFailed
from footage.manifest import sign_manifest
from tests.companion_api.builders import Kit, Service, problem
from tests.companion_api.kits.racers import FILM, KEY, PART, check_different_bytes, check_same_bytes, refused
from tests.companion_api.truth.builders import ended, scrubbed, standing
from tests.footage.builders import Film

REFUSED = FaultKind.BYTES_REFUSED


@pytest.mark.parametrize("path", [PART, KEY], ids=["part", "key"])
def test_of_eight_with_the_same_bytes_one_stores_and_the_others_learn_it_is_there(service: Service, path: str) -> None:
    check_same_bytes([service], path)


@pytest.mark.parametrize("check", [check_same_bytes, check_different_bytes])
def test_it_is_the_same_in_a_film_that_was_open_a_moment_ago(
    service: Service, kit: Kit, check: Callable[[list[Service], str], None]
) -> None:
    kit.put_part(FILM, 7, b"before")
    assert service.archive.open_films.has(FILM, kit.name)
    check([service], PART)


@pytest.mark.parametrize("path", [PART, KEY], ids=["part", "key"])
def test_of_eight_with_different_bytes_one_wins_and_the_loss_stands_in_the_trail(service: Service, path: str) -> None:
    check_different_bytes([service], path)


def test_a_loss_is_told_of_until_the_film_is_gone(service: Service, kit: Kit) -> None:
    kit.put_part(FILM, 0, b"first")
    assert problem(kit.put_part(FILM, 0, b"second")) == "part-differs"
    assert 'attune_faults{kind="bytes-refused"} 1.0' in service.send("GET", "/metrics").text
    for _ in range(2):  # one that a scrub found would be gone by the second
        assert scrubbed(service) == [(REFUSED, "parts/00000")]
    assert ended(service, "scrub") == Exit.FAULTS_FOUND
    kit.send("DELETE", f"/v1/films/{FILM}")
    assert scrubbed(service) == []
    assert len(refused(service)) == 1


def test_the_scrubs_report_tells_what_was_refused_and_what_to_do(
    service: Service, kit: Kit, capsys: pytest.CaptureFixture[str]
) -> None:
    kit.put_part(FILM, 0, b"first")
    kit.put_part(FILM, 0, b"second")
    assert ended(service, "scrub", "--json") == Exit.FAULTS_FOUND
    (fault,) = json.loads(capsys.readouterr().out)["faults"]
    (entry,) = refused(service)
    assert (fault["kind"], fault["grave"]) == ("bytes-refused", True)
    assert entry.detail["sha256"] in fault["detail"]


def test_each_object_is_told_of_once_whatever_is_offered(service: Service, kit: Kit) -> None:
    for number in range(2):
        kit.put_part(FILM, number, b"first")
        for other in range(5):
            assert problem(kit.put_part(FILM, number, b"other %d" % other)) == "part-differs"
    assert [entry.detail["object"].rpartition("/")[2] for entry in refused(service)] == ["00000", "00001"]


def test_another_manifest_is_told_of_as_long_as_the_kit_may_have_the_film(
    service: Service, kit: Kit, film: Film
) -> None:
    kit.put_film(film)
    other = sign_manifest(film.signed, service.agency.kit_key)  # ECDSA: the same words under another signature
    for _ in range(2):
        assert problem(kit.put_manifest(film.film, other)) == "manifest-differs"
        assert scrubbed(service) == [(REFUSED, "manifest.jws")]
    kit.send("POST", f"/v1/films/{film.film}/erased")
    assert scrubbed(service) == []
    assert problem(kit.put_manifest(film.film, other)) == "manifest-differs"
    assert standing(service) == []
    assert len(refused(service)) == 1


def test_who_comes_second_gets_no_answer_before_the_loss_is_durable(
    service: Service, kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise StoreFailed("The database failed.")

    kit.put_part(FILM, 0, b"first")
    with monkeypatch.context() as patch:
        patch.setattr(type(service.archive.database), "change", broken)
        assert problem(kit.put_part(FILM, 0, b"second")) == "store-failed"
    assert problem(kit.put_part(FILM, 0, b"second")) == "part-differs"
    assert len(refused(service)) == 1
