"""When a film goes: from the kit, which has its receipt, or from here, because the family has taken it back.

Taking back writes a durable tombstone first, and only then destroys; so a crash in between can't bring the film
back, and nothing of it is accepted any more.
"""

import logging

from companion_api.audit.trail import append
from companion_api.films.archive import Archive, owned
from companion_api.films.film_rows import FilmRows
from companion_api.films.film_states import FilmEvent, FilmState, next_state, take_back_event
from companion_api.problems import FILM_UNKNOWN, Refusal

_log = logging.getLogger(__name__)


def note_erased(archive: Archive, kit: str, film: str) -> None:
    """Enter that the kit has erased its copy. Raises `Refusal`, `StoreFull`, `StoreFailed`."""
    with archive.database.writing() as connection:
        rows = FilmRows(connection)
        row = owned(rows.film_to_change(film), kit)
        if row is None:
            raise Refusal(FILM_UNKNOWN, "Send the film before you erase it.")
        state = next_state(row.state, FilmEvent.ERASED)
        if state is not row.state:
            rows.set_state(film, state, archive.timestamp())
            append(connection, archive.timestamp(), f"kit:{kit}", "erased on kit", f"film:{film}")


def take_back(archive: Archive, kit: str, film: str) -> None:
    """Destroy a film and remember that it must not come again. Raises `Refusal`, `StoreFull`, `StoreFailed`."""
    with archive.database.writing() as connection:
        rows = FilmRows(connection)
        rows.add_film(film, kit, archive.timestamp())  # also of one that was never seen: it may be on its way
        row = owned(rows.film_to_change(film), kit)
        assert row is not None
        state = next_state(row.state, take_back_event(row.closed_at, archive.clock()))
        if state is not row.state:
            rows.set_state(film, state, archive.timestamp())
            append(connection, archive.timestamp(), f"kit:{kit}", "taken back", f"film:{film}")
            _log.info("film %s is taken back", film)
    archive.destroy(film)


def continue_take_backs(archive: Archive) -> None:
    """Destroy what a crash left of films that were taken back. Raises `StoreFailed`."""
    with archive.database.reading() as connection:
        films = FilmRows(connection).films_in(FilmState.TAKEN_BACK)
    for film in films:
        archive.destroy(film)
