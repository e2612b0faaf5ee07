"""Who works on which case, in the database."""

from sqlalchemy import Column, Connection, ForeignKey, Table, delete, select

from companion_api.database.database import METADATA, insert_new
from companion_api.films import case_rows as case_rows  # its table is referred to
from companion_api.staff import account_rows as account_rows  # its table is referred to

MEMBERS = Table(
    "case_members",
    METADATA,
    Column("case", ForeignKey("cases.case"), primary_key=True),
    Column("account", ForeignKey("accounts.account"), primary_key=True, index=True),
)


class MemberRows:
    """The members of cases, as one transaction sees and changes them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, case: str) -> list[str]:
        """Return who works on a case."""
        query = select(MEMBERS.c.account).where(MEMBERS.c.case == case)
        return list(self._connection.scalars(query.order_by(MEMBERS.c.account)))

    def members(self) -> dict[str, list[str]]:
        """Return the members of every case that has any."""
        members: dict[str, list[str]] = {}
        for case, account in self._connection.execute(select(MEMBERS).order_by(MEMBERS.c.case, MEMBERS.c.account)):
            members.setdefault(case, []).append(account)
        return members

    def add(self, case: str, account: str) -> bool:
        """Enter a member; return whether they were not one."""
        return insert_new(self._connection, MEMBERS, case=case, account=account)

    def remove(self, case: str, account: str) -> bool:
        """Remove a member; return whether they were one."""
        gone = delete(MEMBERS).where(MEMBERS.c.case == case, MEMBERS.c.account == account)
        return self._connection.execute(gone).rowcount == 1
