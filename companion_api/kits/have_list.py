"""What is held of a film: what its kit need not send again."""

from dataclasses import dataclass

from companion_api.films.archive import Archive, owned
from companion_api.films.film_rows import FilmRows, HeldPart
from companion_api.films.film_states import FilmEvent, FilmState, next_state
from companion_api.kits.ranges import Begun, begun_parts


@dataclass(frozen=True, slots=True)
class HaveList:
    """What is durable of a film; SHA-256 in hex."""

    key_sha256: str | None
    parts: list[HeldPart]
    begun: list[Begun]
    state: FilmState


def have_list(archive: Archive, kit: str, film: str) -> HaveList:
    """Return what is durable of a film; nothing, if it was never seen. Raises `Refusal`, `StoreFailed`."""
    with archive.database.reading() as connection:
        rows = FilmRows(connection)
        row = owned(rows.film(film), kit)
        if row is None:
            return HaveList(None, [], [], FilmState.OPEN)
        parts, state = rows.parts(film), next_state(row.state, FilmEvent.READ)
    return HaveList(row.key_sha256, parts, begun_parts(archive, film), state)
