"""What goes when a film goes: its shares with their keys, and what its manifest told."""

from sqlalchemy import Connection

from companion_api.films.description_rows import DescriptionRows
from companion_api.library.grant_rows import GrantRows


def forget_film(connection: Connection, film: str) -> None:
    """Remove what the library keeps of a film, in the transaction that marks it as gone."""
    GrantRows(connection).remove_all(film)
    DescriptionRows(connection).remove(film)
