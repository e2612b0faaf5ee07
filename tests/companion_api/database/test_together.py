"""Changes that share a transaction: each is durable when it returns, and a failure is everybody's."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection

from companion_api.database.database import Database
from companion_api.database.migration import migrate
from companion_api.database.together import Together
from companion_api.films.film_rows import FilmRows, HeldPart
from companion_api.stores.store import StoreFailed
from tests.companion_api.builders import sqlite

NOW = "2026-11-20T10:00:00Z"
FILM = "8562e425-270c-4d9e-abf4-11932fc0556d"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(sqlite(tmp_path / "companion.sqlite3"))
    migrate(database)
    with database.writing() as connection:
        FilmRows(connection).add_film(FILM, "kit", NOW)
    yield database
    database.close()


def _numbers(database: Database) -> list[int]:
    with database.reading() as connection:
        return [part.number for part in FilmRows(connection).parts(FILM)]


def _add(connection: Connection, number: int) -> bool:
    return FilmRows(connection).add_part(FILM, HeldPart(number, "0" * 64, 1))


class Crowd:
    """Eight threads that each enter a part: the first holds its transaction open until all others wait."""

    def __init__(self, database: Database, *, failing: int = -1) -> None:
        self._database = database
        self._failing = failing
        self._together = Together()
        self._entered, self._all_wait = threading.Event(), threading.Event()
        self.transactions = 0

    def run(self) -> list[Future[bool]]:
        with ThreadPoolExecutor(8) as threads:
            futures = [threads.submit(self._together.change, self._writing, self._first)]
            assert self._entered.wait(10)
            for number in range(1, 8):
                futures.append(threads.submit(self._together.change, self._writing, partial(self._other, number)))
            deadline = time.monotonic() + 10
            while self._together.waiting < 7:
                assert time.monotonic() < deadline
                time.sleep(0.001)
            self._all_wait.set()
        return futures

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        self.transactions += 1
        with self._database.writing() as connection:
            yield connection

    def _first(self, connection: Connection) -> bool:
        self._entered.set()
        assert self._all_wait.wait(10)
        return _add(connection, 0)

    def _other(self, number: int, connection: Connection) -> bool:
        added = _add(connection, number)
        if number == self._failing:
            raise sqlite3.OperationalError("disk I/O error")
        return added


def test_a_change_alone_has_a_transaction_alone(database: Database) -> None:
    assert database.change(lambda connection: _add(connection, 1))
    assert _numbers(database) == [1]


def test_what_comes_while_another_commits_shares_the_next_transaction(database: Database) -> None:
    crowd = Crowd(database)
    assert [future.result() for future in crowd.run()] == [True] * 8
    assert crowd.transactions == 2
    assert _numbers(database) == list(range(8))


def test_a_failure_is_told_to_everybody_in_the_transaction_and_to_nobody_else(database: Database) -> None:
    first, *others = Crowd(database, failing=5).run()
    assert first.result()
    for other in others:
        with pytest.raises(StoreFailed, match="disk I/O error"):
            other.result()
    assert _numbers(database) == [0]
    assert database.change(lambda connection: _add(connection, 9))


def test_what_failed_leaves_nothing_to_the_changes_that_come_next(database: Database) -> None:
    def failing(connection: Connection) -> bool:
        _add(connection, 1)
        raise sqlite3.OperationalError("disk I/O error")

    for number in (2, 3):
        with pytest.raises(StoreFailed, match="disk I/O error"):
            database.change(failing)
        assert database.change(partial(_add, number=number))
    assert _numbers(database) == [2, 3]


def test_changes_go_on_while_others_read_and_write(database: Database) -> None:
    assert database.change(partial(_add, number=1))
    with database.reading() as before:
        assert len(FilmRows(before).parts(FILM)) == 1
        with database.writing() as connection:
            _add(connection, 2)
        assert database.change(partial(_add, number=3))
        assert len(FilmRows(before).parts(FILM)) == 1, "a reader sees one moment"
    assert _numbers(database) == [1, 2, 3]
