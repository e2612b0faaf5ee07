"""The whole service, two workers on a real PostgreSQL and a real Ceph, all of them killed (kill -9) under load.

Kits send films, families take some back, an operator withdraws others; each repeats what was not answered. In the end
store, database and audit trail hold what was acknowledged, and nothing else.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from queue import SimpleQueue
from typing import NamedTuple

import psycopg
import pytest

from benchmarks.fleet import Fleet
from benchmarks.servers import Server, companion_api, log_of, settings_of
from companion_api.__main__ import parsed
from companion_api.audit.trail import append
from companion_api.films.erasure import Eraser, journal_object
from companion_api.films.fault_rows import FaultRows
from companion_api.films.film_rows import FilmRows
from companion_api.service import open_eraser
from companion_api.stores.store import Store, part_object, receipt_object
from companion_api.truth.scrub import Manner, scrub_all
from tests.rigs.agency_promises import broken_promises
from tests.rigs.ceph import Ceph
from tests.rigs.killer import Killer
from tests.rigs.ledger import Ledger, SentFilm
from tests.rigs.patient_kits import NO_ANSWER, PatientKit, withdraw_some
from tests.rigs.postgres import Postgres

pytestmark = pytest.mark.rig
SEED = 8
KITS = 8
ROUNDS = 2  # in which each program is killed, and pairs of them


class Settled(NamedTuple):
    """A service to its end: what was asked of it, what it holds, and what else was seen."""

    ledger: Ledger
    eraser: Eraser
    fleet: Fleet
    database: str
    faults: list[object]
    log: str

    @property
    def store(self) -> Store:
        return self.eraser.archive.store

    def broken(self) -> list[str]:
        return broken_promises(self.ledger, self.eraser.archive, self.eraser.journal, self.fleet.directory)

    def a_film(self, *, gone: bool) -> SentFilm:
        return next(film for film in self.ledger.films if film.is_gone is gone)


@pytest.fixture(scope="module")
def settled(postgres: Postgres, ceph: Ceph, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settled]:
    folder = tmp_path_factory.mktemp("agency")
    with pytest.MonkeyPatch.context() as patched, postgres.database() as database:
        for name, value in ceph.environment.items():
            patched.setenv(name, value)
        fleet, data = Fleet(folder, KITS), folder / "data"
        flags = ["--store", ceph.address(), "--database", database]
        with companion_api(data, fleet, *flags, "--workers", "2") as service:
            settings, _ = parsed(["upkeep", *settings_of(data, fleet), *flags], {})
            eraser = open_eraser(settings)
            ledger = _under_kills(fleet, service, eraser, Killer(postgres, ceph, service, SEED))
        faults = _scrubbed(eraser, fleet)
        ledger.other_entries["service", "scrubbed", "store"] += 1
        yield Settled(ledger, eraser, fleet, database, faults, log_of(data).read_text())
        eraser.archive.database.close()


def _under_kills(fleet: Fleet, service: Server, eraser: Eraser, killer: Killer) -> Ledger:
    ledger, kept = Ledger(), SimpleQueue[SentFilm]()
    fleet.begin_sessions(service.address)
    killed, sent = threading.Event(), threading.Event()
    kits = [PatientKit(fleet, kit, service.address, ledger, kept, seed) for seed, kit in enumerate(fleet.kits)]
    with ThreadPoolExecutor(KITS + 1) as threads:
        operator = threads.submit(withdraw_some, eraser, ledger, kept, sent)
        sending = [threads.submit(kit.send_until, killed) for kit in kits]
        try:
            back = list(killer.kill_all(ROUNDS))
        finally:
            killed.set()
        try:
            for kit in sending:
                kit.result()
        finally:
            sent.set()
        operator.result()
    print(f"{len(ledger.films)} films, {sum(film.is_gone for film in ledger.films)} of them erased")
    print(f"back after: {', '.join(back)}; answers: {dict(ledger.answers)}")
    return ledger


def _scrubbed(eraser: Eraser, fleet: Fleet) -> list[object]:
    """Let the service look itself; return all faults that it finds, the small ones too."""
    manner = Manner(lambda _: None, asks_again=False, settle=lambda: None)
    assert scrub_all(eraser.archive, fleet.directory, fleet.root, manner).ended_at is not None
    with eraser.archive.database.reading() as connection:
        return list(FaultRows(connection).standing())


def test_what_was_acknowledged_is_there_and_nothing_else_whatever_was_killed(settled: Settled) -> None:
    answers = settled.ledger.answers
    assert answers[NO_ANSWER] > 3, "the kills of workers were noticed"
    assert answers["503"] > 30, "and those of the others"
    assert {film.is_gone for film in settled.ledger.films} == {True, False}
    assert settled.broken() == []
    assert settled.faults == []


def test_the_service_tells_of_the_kills_in_lines_and_not_in_traces(settled: Settled) -> None:
    assert "Traceback" not in settled.log


@contextmanager
def _object_gone(settled: Settled) -> Iterator[list[str]]:
    store, name = settled.store, part_object(settled.a_film(gone=False).film, 1)
    held = store.get(name) or b""
    store.delete([name])
    yield [f"object lost: {name}"]
    store.put(name, held)


@contextmanager
def _object_damaged(settled: Settled) -> Iterator[list[str]]:
    store, name = settled.store, receipt_object(settled.a_film(gone=False).film)
    held = store.get(name) or b""
    store.replace(name, held + b" ")
    yield [f"object {name} has other bytes"]
    store.replace(name, held)


@contextmanager
def _object_of_an_erased_film(settled: Settled) -> Iterator[list[str]]:
    name = part_object(settled.a_film(gone=True).film, 0)
    settled.store.put(name, b"it came back")
    yield [f"object that nobody asked for: {name}"]
    settled.store.delete([name])


@contextmanager
def _row_gone(settled: Settled) -> Iterator[list[str]]:
    film, database = settled.a_film(gone=False).film, settled.eraser.archive.database
    with database.writing() as connection:
        lost = FilmRows(connection).parts(film)[0]
        FilmRows(connection).remove_part(film, lost.number)
    yield [f"film {film} has the rows"]
    with database.writing() as connection:
        FilmRows(connection).add_part(film, lost)


@contextmanager
def _entry_gone(settled: Settled) -> Iterator[list[str]]:
    film = settled.a_film(gone=False)
    with _as_intruder(settled) as connection:
        found = "subject = %s AND action = 'receipt issued'"
        row = connection.execute(f"DELETE FROM audit WHERE {found} RETURNING *", [f"film:{film.film}"]).fetchone()
    assert row is not None
    named = (f"kit:{film.kit}", "receipt issued", f"film:{film.film}")
    yield ["the audit trail is not whole", f"audit entry lost: {named}"]
    with _as_intruder(settled) as connection:
        connection.execute("INSERT INTO audit VALUES (%s, %s, %s, %s, %s, %s, %s, %s)", row)


@contextmanager
def _entry_invented(settled: Settled) -> Iterator[list[str]]:
    archive, named = settled.eraser.archive, ("kit:kit-0000", "erased on kit", "film:of-nobody")
    with archive.database.writing() as connection:
        entry = append(connection, archive.timestamp(), *named)
    yield [f"audit entry that nobody asked for: {named}"]
    with _as_intruder(settled) as connection:
        connection.execute("DELETE FROM audit WHERE number = %s", [entry.number])


@contextmanager
def _certificate_gone(settled: Settled) -> Iterator[list[str]]:
    journal, name = settled.eraser.journal, journal_object(settled.a_film(gone=True).film)
    held = journal.get(name) or b""
    journal.delete([name])
    yield [f"certificate in the journal lost: {name}", "store and journal have other certificates", "proves nothing"]
    journal.put(name, held)


@contextmanager
def _as_intruder(settled: Settled) -> Iterator[psycopg.Connection]:
    """Connect as somebody whom the triggers that guard the trail don't stop."""
    with psycopg.connect(settled.database.replace("+psycopg", "")) as connection:
        connection.execute("SET session_replication_role = replica")
        yield connection


@pytest.mark.parametrize(
    "damage",
    [
        _object_gone,
        _object_damaged,
        _object_of_an_erased_film,
        _row_gone,
        _entry_gone,
        _entry_invented,
        _certificate_gone,
    ],
)
def test_one_thing_that_is_lost_or_invented_is_noticed(
    settled: Settled, damage: Callable[[Settled], AbstractContextManager[list[str]]]
) -> None:
    with damage(settled) as expected:
        broken = settled.broken()
        assert len(broken) == len(expected)
        assert all(words in sentence for words, sentence in zip(expected, broken, strict=True))
