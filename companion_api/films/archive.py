"""The archive: store, database and clock together, and the rule whose film it is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from companion_api.database.database import Database
from companion_api.films.film_rows import Film
from companion_api.films.open_films import OpenFilms
from companion_api.problems import FILM_OF_OTHER_KIT, Refusal
from companion_api.stores.store import Store, film_folder, film_key_object
from footage.messages import timestamp


def utc_now() -> datetime:
    """Return the time now."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Archive:
    """Where films are kept. Its methods and all functions that take it block: call them in a storage thread."""

    store: Store
    database: Database
    clock: Callable[[], datetime] = utc_now
    open_films: OpenFilms = field(default_factory=OpenFilms)

    def timestamp(self) -> str:
        """Return the time now as `footage.messages.Timestamp`."""
        return timestamp(self.clock())

    def destroy(self, film: str) -> None:
        """Remove all objects of a film, `film.key` first: without it everything else is noise."""
        self.open_films.forget(film)
        self.store.delete([film_key_object(film)])
        self.store.delete(list(self.store.list(film_folder(film))))


def owned(row: Film | None, kit: str) -> Film | None:
    """Return a film's row, or None if nothing was received. Raises `Refusal` if it is another kit's."""
    if row is not None and row.kit != kit:
        raise Refusal(FILM_OF_OTHER_KIT, "Send each film with the key of the kit that began to send it.")
    return row
