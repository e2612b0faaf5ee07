"""When a film goes: from the kit, which has its receipt, or from here, because the family has taken it back."""

from companion_api.audit.trail import append
from companion_api.films.archive import Archive, owned
from companion_api.films.erasure import Eraser
from companion_api.films.erasure_rows import ErasureRows
from companion_api.films.film_rows import FilmRows
from companion_api.films.film_states import FilmEvent, next_state, take_back_event
from companion_api.problems import FILM_HELD, FILM_UNKNOWN, Refusal
from footage.erasure import Reason


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


def take_back(eraser: Eraser, kit: str, film: str) -> None:
    """Erase a film because its family wants it back; nothing of it is accepted any more.

    Raises `Refusal`, `StoreFull`, `StoreFailed`. A legal hold keeps the film; it goes then when the hold ends.
    """
    archive = eraser.archive
    with eraser.deciding() as connection:
        rows = FilmRows(connection)
        rows.add_film(film, kit, archive.timestamp())  # also of one that was never seen: it may be on its way
        row = owned(rows.film_to_change(film), kit)
        assert row is not None
        if ErasureRows(connection).erasure(film) is None:  # else it is decided, whenever the kit asks again
            next_state(row.state, take_back_event(row.closed_at, archive.clock()))
        begun = eraser.decide(connection, row, Reason.TAKEN_BACK, f"kit:{kit}")
    if not begun:
        raise Refusal(FILM_HELD, "Ask again later: it goes when the hold ends. Until then nobody is shown it.")
    eraser.finish(film)
