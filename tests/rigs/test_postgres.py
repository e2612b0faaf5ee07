"""A real PostgreSQL for rigs: as durable as an agency's, with a database for each test, and killed at will."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import create_engine, text

from tests.rigs.postgres import Postgres

pytestmark = pytest.mark.rig
THREADS = 4
KILLS = 3


def connect(address: str) -> psycopg.Connection:
    return psycopg.connect(address.replace("+psycopg", ""), autocommit=True)


def test_it_is_durable_checks_its_pages_and_is_on_no_network(postgres: Postgres) -> None:
    expected = {
        "data_checksums": "on",
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "listen_addresses": "",
        "server_encoding": "UTF8",
    }
    with postgres.database() as address, connect(address) as connection:
        found = {name: connection.execute(f"SHOW {name}").fetchone() for name in expected}
    assert found == {name: (value,) for name, value in expected.items()}


def test_each_database_is_new_or_the_copy_of_another_and_goes_in_the_end(postgres: Postgres) -> None:
    with postgres.database() as template:
        with connect(template) as connection:
            connection.execute("CREATE TABLE film AS SELECT 1 AS id")
        with postgres.database(template) as copy, connect(copy) as connection:
            assert connection.execute("SELECT id FROM film").fetchall() == [(1,)]
        with pytest.raises(psycopg.OperationalError, match="does not exist"):
            connect(copy)
        with postgres.database() as new, connect(new) as connection, pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute("SELECT id FROM film")


def test_its_address_is_one_for_sqlalchemy(postgres: Postgres) -> None:
    with postgres.database() as address:
        engine = create_engine(address)
        with engine.begin() as connection:
            assert connection.execute(text("SELECT 1")).scalar() == 1
        engine.dispose()


def test_what_was_committed_survives_kills_and_nothing_is_invented(postgres: Postgres) -> None:
    numbers = itertools.count()
    tried: list[int] = []
    committed: list[int] = []
    ended = threading.Event()

    def insert(address: str) -> None:
        while not ended.is_set():
            try:
                with connect(address) as connection:
                    while not ended.is_set():
                        number = next(numbers)
                        tried.append(number)
                        connection.execute("INSERT INTO film VALUES (%s)", [number])
                        committed.append(number)
            except psycopg.OperationalError:
                ended.wait(0.05)

    with postgres.database() as address:
        with connect(address) as connection:
            connection.execute("CREATE TABLE film (id int PRIMARY KEY)")
        with ThreadPoolExecutor(THREADS) as threads:
            running = [threads.submit(insert, address) for _ in range(THREADS)]
            try:
                for _ in range(KILLS):
                    ended.wait(1)
                    postgres.kill()
                    postgres.start()
            finally:
                ended.set()
            for one in running:
                one.result()
        with connect(address) as connection:
            found = {row[0] for row in connection.execute("SELECT id FROM film")}
    print(f"{KILLS} kills, {len(committed)} rows committed, {len(tried) - len(committed)} tries without an answer")
    assert len(committed) > 100
    assert found >= set(committed)
    assert found <= set(tried)
