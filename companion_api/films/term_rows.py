"""In the database: how long films may stay by each directory that was in force, and since when."""

from sqlalchemy import BigInteger, Column, Connection, Integer, String, Table, select

from companion_api.database.database import METADATA, insert_new
from companion_api.films.retention import Term
from footage.directory import Directory

_TERMS = Table(
    "terms",
    METADATA,
    Column("directory_version", BigInteger, primary_key=True, autoincrement=False),
    Column("since", String(20), nullable=False),
    Column("erase_after_days", Integer, nullable=False),
    Column("max_age_days", Integer, nullable=False),
)


class TermRows:
    """The rows of terms, as one transaction sees and changes them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, directory: Directory, at: str) -> None:
        """Enter the terms of the directory that is in force, unless they are there."""
        policy = directory.policy
        insert_new(
            self._connection,
            _TERMS,
            directory_version=directory.version,
            since=at,
            erase_after_days=policy.erase_after_days,
            max_age_days=policy.max_age_days,
        )

    def terms(self) -> list[Term]:
        """Return all terms in the order of their directories."""
        query = select(*(_TERMS.c[name] for name in Term._fields)).order_by(_TERMS.c.directory_version)
        return [Term(*row) for row in self._connection.execute(query)]
