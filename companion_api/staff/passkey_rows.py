"""Passkeys in the database: public keys only, and how often each says it was used."""

from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    LargeBinary,
    Select,
    String,
    Table,
    delete,
    func,
    select,
    update,
)

from companion_api.database.database import METADATA, insert_new

NAME_LENGTH = 50  # characters
CREDENTIAL_LENGTH = 1364  # base64url of 1023 bytes, the longest credential id (Web Authentication, section 4)

_PASSKEYS = Table(
    "passkeys",
    METADATA,
    Column("credential", String(CREDENTIAL_LENGTH), primary_key=True),
    Column("account", ForeignKey("accounts.account"), nullable=False, index=True),
    Column("name", String(NAME_LENGTH), nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("created_at", String(20), nullable=False),
    Column("used_at", String(20)),
)


class Passkey(NamedTuple):
    """A passkey's row: credential id (base64url), whose it is, a name by its owner, a COSE key. Times are RFC 3339."""

    credential: str
    account: str
    name: str
    public_key: bytes
    sign_count: int
    created_at: str
    used_at: str | None


_SELECT: Select[Any] = select(*(_PASSKEYS.c[name] for name in Passkey._fields))


class PasskeyRows:
    """The rows of passkeys, as one transaction sees and changes them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def passkey(self, credential: str) -> Passkey | None:
        """Return a passkey's row."""
        row = self._connection.execute(_SELECT.where(_PASSKEYS.c.credential == credential)).one_or_none()
        return None if row is None else Passkey(*row)

    def of(self, account: str) -> list[Passkey]:
        """Return an account's passkeys, the oldest first."""
        own = _SELECT.where(_PASSKEYS.c.account == account).order_by(_PASSKEYS.c.created_at, _PASSKEYS.c.credential)
        return [Passkey(*row) for row in self._connection.execute(own)]

    def counted(self) -> dict[str, int]:
        """Return how many passkeys which accounts have."""
        rows = self._connection.execute(select(_PASSKEYS.c.account, func.count()).group_by(_PASSKEYS.c.account))
        return {row[0]: row[1] for row in rows}

    def add(self, passkey: Passkey) -> bool:
        """Enter a new passkey; return whether it was new."""
        return insert_new(self._connection, _PASSKEYS, **passkey._asdict())

    def note_use(self, passkey: Passkey, sign_count: int, at: str) -> bool:
        """Enter that a passkey was used; return whether it is as it was before."""
        unchanged = (_PASSKEYS.c.credential == passkey.credential, _PASSKEYS.c.sign_count == passkey.sign_count)
        values = {"sign_count": sign_count, "used_at": at}
        return self._connection.execute(update(_PASSKEYS).where(*unchanged).values(values)).rowcount == 1

    def remove(self, account: str, credential: str) -> bool:
        """Remove a passkey of an account; return whether there was one."""
        own = (_PASSKEYS.c.account == account, _PASSKEYS.c.credential == credential)
        return self._connection.execute(delete(_PASSKEYS).where(*own)).rowcount == 1

    def remove_all(self, account: str) -> None:
        """Remove all passkeys of an account."""
        self._connection.execute(delete(_PASSKEYS).where(_PASSKEYS.c.account == account))
