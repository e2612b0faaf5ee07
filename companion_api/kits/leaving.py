"""When a film goes: from the kit, which has its receipt, or from here, because the family has taken it back.

Taking back writes a durable tombstone first, and only then destroys; so a crash in between can't bring the film
back, and nothing of it is accepted any more.
"""

import logging

from companion_api.films.archive import Archive, film_of
from companion_api.films.film_states import FilmEvent, FilmState, next_state, take_back_event
from companion_api.problems import FILM_UNKNOWN, Refusal

_log = logging.getLogger(__name__)


def note_erased(archive: Archive, kit: str, film: str) -> None:
    """Enter that the kit has erased its copy. Raises `Refusal`, `StoreFull`, `StoreFailed`."""
    with archive.catalogue.writing() as transaction:
        row = film_of(transaction, film, kit)
        if row is None:
            raise Refusal(FILM_UNKNOWN, "Send the film before you erase it.")
        state = next_state(row.state, FilmEvent.ERASED)
        if state is not row.state:
            transaction.set_state(film, state, archive.timestamp())


def take_back(archive: Archive, kit: str, film: str) -> None:
    """Destroy a film and remember that it must not come again. Raises `Refusal`, `StoreFull`, `StoreFailed`."""
    with archive.catalogue.writing() as transaction:
        row = film_of(transaction, film, kit)
        state = FilmState.OPEN if row is None else row.state
        if row is None:
            transaction.add_film(film, kit, archive.timestamp())
        event = take_back_event(row.closed_at if row else None, archive.clock())
        if next_state(state, event) is not state:
            transaction.set_state(film, FilmState.TAKEN_BACK, archive.timestamp())
            _log.info("film %s is taken back", film)
    archive.destroy(film)


def continue_take_backs(archive: Archive) -> None:
    """Destroy what a crash left of films that were taken back. Raises `StoreFailed`."""
    with archive.catalogue.reading() as transaction:
        films = transaction.films_in(FilmState.TAKEN_BACK)
    for film in films:
        archive.destroy(film)
