"""The rig of the store notices what it is there to notice: each promise is broken once."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from companion_api.audit.trail import append
from tests.rigs.phases import PHASES
from tests.rigs.store_rig import StoreRig

pytestmark = pytest.mark.rig


@contextmanager
def _changed(rig: StoreRig) -> Iterator[sqlite3.Connection]:
    """Change the database behind the service's back: somebody who may do that takes its guards away first."""
    with closing(sqlite3.connect(rig.stack.data / "companion.sqlite3")) as database, database:
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {trigger}")
        yield database


def test_a_forgotten_fsync_of_a_part_is_caught(rig: StoreRig) -> None:
    phase = PHASES["film"]
    answers = rig.run(phase, forgotten="file")
    assert answers.parts > 2
    assert any("bytes are not there" in fault for fault in rig.faults_after(phase, answers))


def test_a_forgotten_fsync_of_a_certificate_is_caught(rig: StoreRig) -> None:
    answers = rig.run(PHASES["withdraw"], forgotten="file")
    assert answers.answered
    assert any("certificate that proves nothing" in fault for fault in rig.faults_after(PHASES["withdraw"], answers))


def test_an_audit_entry_that_is_lost_is_noticed_though_the_chain_is_whole(rig: StoreRig) -> None:
    answers = rig.run(PHASES["hold"])
    with _changed(rig) as database:
        database.execute("DELETE FROM audit WHERE number = (SELECT max(number) FROM audit)")
    faults = rig.faults_after(PHASES["hold"], answers)
    assert any("the audit trail does not tell it" in fault for fault in faults)
    assert not any("broken" in fault for fault in faults)


def test_an_audit_entry_that_is_changed_is_noticed(rig: StoreRig) -> None:
    answers = rig.run(PHASES["hold"])
    with _changed(rig) as database:
        database.execute("UPDATE audit SET detail = '{}' WHERE number = 0")
    assert any("the audit trail is broken" in fault for fault in rig.faults_after(PHASES["hold"], answers))


def test_a_decision_that_is_lost_with_its_audit_entry_is_noticed(rig: StoreRig) -> None:
    answers = rig.run(PHASES["enrolment"])
    with _changed(rig) as database:
        database.execute("DELETE FROM audit WHERE action = 'enrolled'")
        database.execute("UPDATE enrolments SET key = NULL")
    assert any("was answered and is lost" in fault for fault in rig.faults_after(PHASES["enrolment"], answers))


def test_an_audit_entry_that_is_made_up_is_noticed_though_the_chain_is_whole(rig: StoreRig) -> None:
    answers = rig.run(PHASES["hold"])
    film = rig.films[0].film
    with rig.stack.archive() as archive, archive.database.writing() as connection:
        append(connection, archive.timestamp(), "service", "erased", f"film:{film}")
    faults = rig.faults_after(PHASES["hold"], answers)
    assert any("never asked for" in fault for fault in faults)
    assert any("told by the audit trail, and not done" in fault for fault in faults)
    assert not any("broken" in fault for fault in faults)


def test_a_film_that_has_a_certificate_and_can_still_be_read_is_noticed(rig: StoreRig) -> None:
    films = rig.stack.store / "films"
    answers = rig.run(PHASES["take back"])
    part = films / rig.films[1].film / "parts" / "00000"
    copy = films / rig.films[0].film / "parts" / "00000"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(part.read_bytes())
    os.sync()
    assert any("something of it is left" in fault for fault in rig.faults_after(PHASES["take back"], answers))


def test_a_film_that_is_half_there_without_a_tombstone_is_noticed(rig: StoreRig) -> None:
    answers = rig.run(PHASES["hold"])
    (rig.stack.store / "films" / rig.films[2].film / "parts" / "00000").unlink()
    os.sync()
    faults = rig.faults_after(PHASES["hold"], answers)
    assert any("has no tombstone" in fault for fault in faults)
    assert any("before film.key" in fault for fault in faults)
