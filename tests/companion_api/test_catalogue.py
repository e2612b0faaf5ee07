import errno
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest

from companion_api.films.catalogue import Catalogue, HeldPart
from companion_api.stores.store import StoreFailed, StoreFull
from tests.companion_api.builders import Kit, Service, problem
from tests.footage.builders import Film

NOW = "2026-11-20T10:00:00Z"


def test_every_commit_is_durable_and_keys_are_kept(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "c.sqlite3")
    with catalogue.writing() as transaction:
        connection = transaction._connection
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    catalogue.close()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10000}


def test_a_change_that_ends_in_an_error_is_undone(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "c.sqlite3")
    with suppress(ZeroDivisionError), catalogue.writing() as transaction:
        transaction.add_film("f", "kit", NOW)
        raise ZeroDivisionError
    with catalogue.reading() as transaction:
        assert transaction.film("f") is None
    catalogue.close()


def test_a_part_without_its_film_is_an_error_with_a_name(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "c.sqlite3")
    with pytest.raises(StoreFailed, match="FOREIGN KEY"), catalogue.writing() as transaction:
        transaction.add_part("f", HeldPart(0, "0" * 64, 1))
    catalogue.close()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "c.sqlite3").write_bytes(b"no database " * 1000)
    with pytest.raises(StoreFailed, match="not a database"):
        Catalogue(tmp_path / "c.sqlite3")


def test_a_full_disk_under_the_database_is_named(service: Service, kit: Kit, film: Film) -> None:
    kit.put_part(film.film, 0, film.parts[0])
    with service.archive.catalogue.writing() as transaction:
        pages = transaction._connection.exec_driver_sql("PRAGMA page_count").scalar()

    def fill() -> None:
        with service.archive.catalogue.writing() as transaction:
            transaction._connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            for number in range(10_000):
                transaction.add_part(film.film, HeldPart(number + 1, "0" * 64, 1))

    with pytest.raises(StoreFull, match="Make room"):
        fill()
    assert kit.have(film.film)["parts"][-1]["number"] == 0


def test_the_database_may_stand_in_a_folder_of_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "a b?c=d#e%20"
    folder.mkdir()
    Catalogue(folder / "c.sqlite3").close()
    assert (folder / "c.sqlite3").exists()


def test_a_failing_database_is_answered_by_name(
    service: Service, kit: Kit, film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise sqlite3.OperationalError(errno.EIO, "disk I/O error")

    monkeypatch.setattr(service.archive.catalogue._engine, "begin", lambda: broken(None))
    assert problem(kit.put_part(film.film, 0, film.parts[0])) == "store-failed"
