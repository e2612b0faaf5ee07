"""What the service's store has lost or damaged is mended from a backup, and by nothing but the true bytes."""

from pathlib import Path

import pytest

from companion_api.audit.trail import entries
from companion_api.service import Exit
from companion_api.stores.disk_store import DiskStore
from companion_api.truth.mending import mend
from tests.companion_api.builders import Kit, Service
from tests.companion_api.truth.builders import (
    at_once,
    back_up_into,
    ended,
    flip_a_bit,
    objects_of,
    path_of,
    scrubbed,
)
from tests.footage.builders import Agency, Film, make_film


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("companion_api.commands.scrub.SETTLE_SECONDS", 0.0)


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "backup"


def test_all_that_a_backup_has_is_mended(
    service: Service, kit: Kit, agency: Agency, to: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film, begun = make_film(agency), make_film(agency)
    kit.put_film(film)
    kit.send("POST", f"/v1/films/{film.film}/erased")
    kit.put_pieces(begun)
    good = objects_of(service.store)
    back_up_into(service, to)
    for name in ("manifest.jws", "parts/00001", "film.key"):
        flip_a_bit(path_of(service, film.film, name))
    for name in ("receipt.jws", "parts/00002"):
        path_of(service, film.film, name).unlink()
    flip_a_bit(path_of(service, begun.film, "parts/00003"))
    assert ended(service, "scrub", "--only-look") == Exit.FAULTS_FOUND
    assert ended(service, "scrub", "--mend-from", str(to)) == 0
    assert "6 objects of 2 films are mended; 0 faults are left" in capsys.readouterr().out
    assert scrubbed(service) == []
    assert {name: data for name, data in objects_of(service.store).items() if "/set-aside/" not in name} == good
    assert len([name for name in service.store.list("films") if "/set-aside/" in name]) == 4
    with service.archive.database.reading() as connection:
        told = [entry.detail["object"] for entry in entries(connection) if entry.action == "mended"]
    assert len(told) == 6


def test_a_part_that_a_kit_was_asked_for_may_come_from_a_backup(
    service: Service, kit: Kit, film: Film, to: Path
) -> None:
    kit.put_film(film)
    back_up_into(service, to)
    flip_a_bit(path_of(service, film.film, "parts/00001"))
    flip_a_bit(path_of(service, film.film, "film.key"))
    scrubbed(service, at_once(asks_again=True))
    assert ended(service, "scrub", "--mend-from", str(to)) == 0
    have = kit.have(film.film)
    assert [part["number"] for part in have["parts"]] == [0, 1, 2, 3]
    assert have["key"] is not None
    assert scrubbed(service) == []


def test_false_bytes_mend_nothing(service: Service, kit: Kit, film: Film, to: Path) -> None:
    kit.put_film(film)
    back_up_into(service, to)
    names = ("manifest.jws", "receipt.jws", "parts/00001", "film.key")
    for name in names:
        flip_a_bit(to / "store" / "films" / film.film / name)
        path_of(service, film.film, name).unlink()
    found = scrubbed(service)
    assert ended(service, "scrub", "--mend-from", str(to)) == Exit.FAULTS_FOUND
    assert scrubbed(service) == found
    assert not any(path_of(service, film.film, name).exists() for name in names)


def test_a_film_that_was_erased_is_not_mended(
    service: Service, kit: Kit, film: Film, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is erased after the fault was found; and once more, while it is being mended."""
    kit.put_film(film)
    back_up_into(service, to)
    path_of(service, film.film, "parts/00001").unlink()
    scrubbed(service)
    real = type(service.store).put

    def then_erased(store: object, key: str, data: bytes) -> object:
        monkeypatch.undo()
        assert kit.send("DELETE", f"/v1/films/{film.film}").status_code == 204
        return real(service.store, key, data)

    monkeypatch.setattr(type(service.store), "put", then_erased)
    backup = DiskStore(to / "store")
    assert mend(service.archive, backup, service.agency.verified_directory()) == {}
    assert not list(service.store.list("films"))
    assert mend(service.archive, backup, service.agency.verified_directory()) == {}
    assert not list(service.store.list("films"))
