"""PostgreSQL: a backup of one moment while kits send, restored into SQLite and back; a trail that many append to."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, make_url, select

from companion_api.audit.verification import verify_trail
from companion_api.database import copying
from companion_api.database.database import Database
from companion_api.database.migration import migrate
from companion_api.stores.disk_store import DiskStore
from tests.companion_api.audit.test_concurrency import append_from_two_processes, missing_of
from tests.companion_api.builders import Kit, Service, sqlite
from tests.companion_api.truth.builders import ended, objects_of, rows_of, scrubbed
from tests.footage.builders import Agency, make_film
from tests.rigs.postgres import Postgres

pytestmark = pytest.mark.rig
FILMS = 30
NOT_COMPARED = {"scrubs", "faults"}  # each store has its own


@contextmanager
def _service(folder: Path, agency: Agency, database: str) -> Iterator[Service]:
    folder.mkdir(exist_ok=True)
    service = Service(folder, agency, database=make_url(database))
    try:
        yield service
    finally:
        service.close()


def _compared(rows: dict[str, list[object]]) -> dict[str, list[object]]:
    return {name: some for name, some in rows.items() if name not in NOT_COMPARED}


def test_a_backup_goes_from_postgresql_to_sqlite_and_back(postgres: Postgres, tmp_path: Path) -> None:
    agency = Agency()
    kept, taken_back = make_film(agency), make_film(agency)
    to, sqlite_data, again_data = tmp_path / "backup", tmp_path / "sqlite", tmp_path / "again"
    with (
        postgres.database() as first,
        postgres.database() as second,
        _service(tmp_path / "s", agency, first) as service,
    ):
        kit = Kit(service).begin()
        for film in (kept, taken_back):
            kit.put_film(film)
        kit.send("DELETE", f"/v1/films/{taken_back.film}")
        rows = rows_of(service.archive.database)
        assert ended(service, "backup", "--to", str(to)) == 0
        journal = {"ERASURES": service.data / "erasures"}
        into_sqlite = {"DATA": sqlite_data, "DATABASE": sqlite(sqlite_data / "c.sqlite3")} | journal
        assert ended(service, "restore", "--from", str(to), **into_sqlite) == 0
        with closing(Database(sqlite(sqlite_data / "c.sqlite3"))) as restored:
            there = _compared(rows_of(restored))
        told = there.pop("audit")
        assert told[: len(rows["audit"])] == rows["audit"]
        assert there == {name: some for name, some in _compared(rows).items() if name != "audit"}
        assert ended(service, "backup", "--to", str(tmp_path / "b2"), **into_sqlite) == 0
        into_postgres = {"DATA": again_data, "DATABASE": second} | journal
        assert ended(service, "restore", "--from", str(tmp_path / "b2"), **into_postgres) == 0
        with closing(Database(make_url(second))) as restored:
            again = _compared(rows_of(restored))
        assert again.pop("audit")[: len(told)] == told
        assert again == there
        assert objects_of(DiskStore(again_data / "store")) == objects_of(service.store)
        assert ended(service, "audit", "verify", **into_postgres) == 0


def test_a_backup_is_of_one_moment_while_kits_send(postgres: Postgres, tmp_path: Path) -> None:
    agency, over, sent = Agency(), threading.Event(), []
    with postgres.database() as address, _service(tmp_path / "s", agency, address) as service:
        films = [make_film(agency) for _ in range(FILMS)]

        def send(share: int) -> None:
            kit = Kit(service).begin()
            for film in films[share::2]:
                if not over.is_set():
                    kit.put_film(film)
                    sent.append(film)

        senders = [threading.Thread(target=send, args=(share,)) for share in range(2)]
        for sender in senders:
            sender.start()
        ends = [ended(service, "backup", "--to", str(tmp_path / "backup"), "--no-prove") for _ in range(3)]
        over.set()
        for sender in senders:
            sender.join()
        assert sent
        assert ends == [0, 0, 0]
        data = tmp_path / "there" / "data"
        address_there = f"sqlite:///{data}/companion.sqlite3"
        there = {"DATA": data, "DATABASE": address_there, "ERASURES": service.data / "erasures"}
        restored = ended(service, "restore", "--from", str(tmp_path / "backup"), **there)
        assert restored == 0, "its scrub finds no row without its object, its trail is whole"
    with _service(tmp_path / "there", agency, address_there) as rebuilt:
        kit = Kit(rebuilt).begin()
        for film in films:
            kit.put_film(film)
        assert scrubbed(rebuilt) == []


def test_new_rows_are_numbered_after_those_that_were_restored(postgres: Postgres, tmp_path: Path) -> None:
    numbered = Table("numbered", MetaData(), Column("number", Integer, primary_key=True), Column("word", String(9)))
    with postgres.database() as address, closing(Database(make_url(address))) as database, database.writing() as target:
        numbered.create(target)
        target.execute(insert(numbered), [{"number": number, "word": "old"} for number in (1, 2, 7)])
        copying._continue_numbers(target, numbered)
        target.execute(insert(numbered).values(word="new"))
        assert target.scalar(select(numbered.c.number).where(numbered.c.word == "new")) == 8


def test_threads_of_two_processes_append_to_one_chain(postgres: Postgres, tmp_path: Path) -> None:
    agency = Agency()
    with postgres.database() as address, closing(Database(make_url(address))) as database:
        migrate(database)
        append_from_two_processes(database, threads=8, each=100)
        assert missing_of(database, agency, threads=8, each=100) == []
    with postgres.database() as address, _service(tmp_path / "s", agency, address) as service:
        for film in (make_film(agency), make_film(agency)):
            Kit(service).begin().put_film(film)
        assert ended(service, "audit", "sign-head") == 0
        whole = verify_trail(service.archive, agency.verified_directory())
        assert whole.signed is not None
        assert whole.count == whole.signed.number + 2
