"""Links in the database: which person of the agency's OpenID provider signs in to which account."""

from typing import NamedTuple

from sqlalchemy import Column, Connection, ForeignKey, String, Table, delete, select

from companion_api.database.database import METADATA, insert_new

SUBJECT_LENGTH = 255  # ASCII characters (OpenID Connect Core 1.0, section 2)

_LINKS = Table(
    "provider_links",
    METADATA,
    Column("issuer", String(255), primary_key=True),
    Column("subject", String(SUBJECT_LENGTH), primary_key=True),
    Column("account", ForeignKey("accounts.account"), nullable=False, unique=True),
    Column("linked_at", String(20), nullable=False),
)


class ProvidersPerson(NamedTuple):
    """Somebody as an OpenID provider knows them: both together never are anybody else's.

    Source: OpenID Connect Core 1.0, section 5.7.
    """

    issuer: str
    subject: str


class LinkRows:
    """The rows of links, as one transaction sees and changes them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def account(self, person: ProvidersPerson) -> str | None:
        """Return the account to which somebody is linked."""
        return self._connection.scalar(select(_LINKS.c.account).filter_by(**person._asdict()))

    def linked(self) -> set[str]:
        """Return all accounts that are linked."""
        return set(self._connection.scalars(select(_LINKS.c.account)))

    def link(self, person: ProvidersPerson, account: str, at: str) -> bool:
        """Link somebody to an account; return False if either is linked already."""
        return insert_new(self._connection, _LINKS, **person._asdict(), account=account, linked_at=at)

    def unlink(self, account: str) -> None:
        """Remove an account's link."""
        self._connection.execute(delete(_LINKS).where(_LINKS.c.account == account))
