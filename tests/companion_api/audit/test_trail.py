import pytest

from companion_api.audit.trail import GENESIS, append, entries, head
from companion_api.database.database import Database
from companion_api.stores.store import StoreFailed
from tests.companion_api.builders import Kit, Service
from tests.footage.builders import Film

NOW = "2026-11-20T10:00:00Z"


def test_each_entry_holds_the_hash_of_the_one_before(database: Database) -> None:
    with database.writing() as connection:
        assert head(connection) is None
        for number in range(3):
            append(connection, NOW, "service", "counted", "film:f", number=number)
    with database.reading() as connection:
        first, second, third = entries(connection)
        assert head(connection) == third
    assert (first.number, first.previous) == (0, GENESIS)
    assert (second.previous, third.previous) == (first.hash, second.hash)
    assert {entry.hash == entry.computed_hash() for entry in (first, second, third)} == {True}


@pytest.mark.parametrize("change", ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"])
def test_entries_can_be_neither_changed_nor_removed(database: Database, change: str) -> None:
    with database.writing() as connection:
        append(connection, NOW, "service", "counted", "film:f")
    with pytest.raises(StoreFailed, match="append-only"), database.writing() as connection:
        connection.exec_driver_sql(change)


def test_what_kits_do_with_films_is_told(service: Service, kit: Kit, film: Film) -> None:
    kit.put_film(film)
    kit.send("POST", f"/v1/films/{film.film}/erased")
    kit.send("DELETE", f"/v1/films/{film.film}")
    with service.archive.database.reading() as connection:
        told = [(entry.actor, entry.action, entry.subject) for entry in entries(connection)]
    actions = ["receipt issued", "erased on kit", "erasure decided"]
    by_kit = [(f"kit:{kit.name}", action, f"film:{film.film}") for action in actions]
    assert told == [*by_kit, ("service", "erased", f"film:{film.film}")]
