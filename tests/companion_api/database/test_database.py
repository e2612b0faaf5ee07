import errno
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest

from companion_api.database.database import Database
from companion_api.database.migration import migrate
from companion_api.films.film_rows import FilmRows, HeldPart
from companion_api.films.film_states import FilmState
from companion_api.stores.store import StoreFailed, StoreFull
from tests.companion_api.builders import Kit, Service, problem, sqlite
from tests.footage.builders import Film

NOW = "2026-11-20T10:00:00Z"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = Database(sqlite(tmp_path / "c.sqlite3"))
    migrate(database)
    return database


def test_every_commit_is_durable_and_keys_are_kept(database: Database) -> None:
    with database.writing() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10000}


def test_a_change_that_ends_in_an_error_is_undone(database: Database) -> None:
    with suppress(ZeroDivisionError), database.writing() as connection:
        FilmRows(connection).add_film("f", "kit", NOW)
        raise ZeroDivisionError
    with database.reading() as connection:
        assert FilmRows(connection).film("f") is None


def test_a_film_of_a_case_that_is_not_there_is_an_error_with_a_name(database: Database) -> None:
    with database.writing() as connection:
        FilmRows(connection).add_film("f", "kit", NOW)
    with pytest.raises(StoreFailed, match="FOREIGN KEY"), database.writing() as connection:
        FilmRows(connection).set_case("f", "case")


def test_a_part_is_entered_once_and_only_if_its_film_is_there(database: Database) -> None:
    with database.writing() as connection:
        rows = FilmRows(connection)
        part = HeldPart(0, "0" * 64, 1)
        assert not rows.add_part("f", part)
        rows.add_film("f", "kit", NOW)
        assert rows.add_part("f", part)
        assert rows.add_part("f", part._replace(sha256="1" * 64)), "it is there"
        assert rows.parts("f") == [part]
        rows.set_state("f", FilmState.TAKEN_BACK, NOW)
        assert not rows.add_part("f", part)
        assert not rows.add_key("f", "0" * 64)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "c.sqlite3").write_bytes(b"no database " * 1000)
    with pytest.raises(StoreFailed, match="not a database"):
        Database(sqlite(tmp_path / "c.sqlite3"))


def test_a_full_disk_under_the_database_is_named(service: Service, kit: Kit, film: Film) -> None:
    kit.put_part(film.film, 0, film.parts[0])
    with service.archive.database.writing() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()

    def fill() -> None:
        with service.archive.database.writing() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            for number in range(10_000):
                FilmRows(connection).add_part(film.film, HeldPart(number + 1, "0" * 64, 1))

    with pytest.raises(StoreFull, match="Make room"):
        fill()
    assert kit.have(film.film)["parts"][-1]["number"] == 0


def test_the_database_may_stand_in_a_folder_of_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "a b?c=d#e%20"
    folder.mkdir()
    Database(sqlite(folder / "c.sqlite3")).close()
    assert (folder / "c.sqlite3").exists()


def test_a_failing_database_is_answered_by_name(
    service: Service, kit: Kit, film: Film, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise sqlite3.OperationalError(errno.EIO, "disk I/O error")

    monkeypatch.setattr(service.archive.database.engine, "begin", broken)
    assert problem(kit.put_part(film.film, 0, film.parts[0])) == "store-failed"


def _enter_part_of_no_film(database: Database) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")  # so that it is the commit that fails
        connection.exec_driver_sql("INSERT INTO parts VALUES ('nobody', 1, ?, 1)", ("0" * 64,))


def test_a_commit_that_fails_leaves_nothing_behind(database: Database) -> None:
    """SQLite keeps the transaction open, and SQLAlchemy takes it for ended: the pool must undo it."""
    for _ in range(2):
        with pytest.raises(StoreFailed, match="FOREIGN KEY"):
            _enter_part_of_no_film(database)
    with database.writing() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM parts").scalar() == 0
