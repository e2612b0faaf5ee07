"""How kits join and report on PostgreSQL, where writers are many at once: one wins, and nothing older does."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import make_url

from companion_api.database.database import METADATA, Database
from companion_api.database.migration import migrate
from companion_api.films.archive import Archive
from companion_api.kits.enrolment import enrol, enrolments, make_enrolment, waiting_kits
from companion_api.kits.heartbeat_rows import HeartbeatRows
from companion_api.problems import Refusal
from companion_api.stores.disk_store import DiskStore
from footage.keys import new_key
from tests.companion_api.builders import Service
from tests.companion_api.kits.racers import KEY, PART, check_different_bytes, check_same_bytes
from tests.footage.builders import Agency
from tests.rigs.postgres import Postgres

pytestmark = pytest.mark.rig
RACERS, ROUNDS = 8, 10


@pytest.fixture
def archive(postgres: Postgres, tmp_path: Path) -> Iterator[Archive]:
    with postgres.database() as address:
        database = Database(make_url(address))
        migrate(database)
        yield Archive(DiskStore(tmp_path / "store"), database)
        database.close()


def at_once(*do: Callable[[], object]) -> list[object]:
    """Call all at the same time and return what they returned, or the names of refusals."""
    outcomes: list[object] = [None] * len(do)
    begin = threading.Barrier(len(do))

    def call(number: int) -> None:
        begin.wait()
        try:
            outcomes[number] = do[number]()
        except Refusal as refusal:
            outcomes[number] = refusal.problem.code

    threads = [threading.Thread(target=call, args=(number,)) for number in range(len(do))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_migrated_tables_are_the_declared_ones(archive: Archive) -> None:
    with archive.database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_a_token_is_good_for_one_of_many_keys(archive: Archive) -> None:
    directory = Agency().directory()
    for number in range(ROUNDS):
        kit = f"kit-1{number:03d}"
        token = make_enrolment(archive, directory, "operator", kit).token
        keys = [new_key().public_key()] * 2 + [new_key().public_key() for _ in range(RACERS - 2)]
        outcomes = at_once(*(partial(enrol, archive, directory, kit, token, key) for key in keys))
        assert outcomes.count(True) == 1
        assert outcomes.count("token-used") == RACERS - 1 - outcomes.count(False)
        assert outcomes.count(False) == (True in outcomes[:2]), "the winner's own second request"
    assert len(waiting_kits(archive, directory).waiting) == len(enrolments(archive, directory)) == ROUNDS


def test_of_heartbeats_that_come_at_once_the_newest_stays(archive: Archive) -> None:
    def beat(number: int) -> bool:
        with archive.database.writing() as connection:
            return HeartbeatRows(connection).keep("kit-0001", f"at {number}", 1, number, "{}")

    outcomes = at_once(*(partial(beat, number) for number in range(RACERS)))
    assert outcomes[-1] is True, "the highest number"
    assert not beat(RACERS - 2)
    with archive.database.reading() as connection:
        (kept,) = HeartbeatRows(connection).all()
    assert kept.last_seen == f"at {RACERS - 1}"


@pytest.fixture
def workers(postgres: Postgres, tmp_path: Path) -> Iterator[list[Service]]:
    """Two services on one store and one database, as two workers are."""
    with postgres.database() as address:
        agency = Agency()
        services = [Service(tmp_path, agency, database=make_url(address)) for _ in range(2)]
        yield services
        for service in services:
            service.close()


@pytest.mark.parametrize("path", [PART, KEY], ids=["part", "key"])
def test_of_eight_with_the_same_bytes_one_stores(workers: list[Service], path: str) -> None:
    check_same_bytes(workers, path)


@pytest.mark.parametrize("path", [PART, KEY], ids=["part", "key"])
def test_of_eight_with_different_bytes_one_wins_and_the_loss_is_told_of_once(workers: list[Service], path: str) -> None:
    check_different_bytes(workers, path)
