"""How somebody stands to films: one set of SQL conditions, for one film and for lists alike.

A film that is in no case yet is its kit's holder's: of the time when it was filmed, if the kit's clock was set, and
else of when its first part came. So a kit that changes hands with a film on its card shows it to whoever filmed.
"""

from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    and_,
    false,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
)

from companion_api.database.database import METADATA
from companion_api.films import erasure_rows as erasure_rows  # its table and that of films are asked here
from companion_api.films.description_rows import DESCRIPTIONS
from companion_api.films.film_states import FilmState
from companion_api.library.grant_rows import GRANTS, in_force
from companion_api.library.holder_rows import HOLDERS
from companion_api.library.member_rows import MEMBERS
from companion_api.staff.authorisation import Tie, Ties

_FILMS: FromClause = METADATA.tables["films"]
_ERASURES: FromClause = METADATA.tables["erasures"]
_TOLD = ("kind", "filmed_at", "duration_ms", "size")
_FIELDS = ("film", "kit", "state", "case", "received_at", "closed_at")


class FilmSeen(NamedTuple):
    """A film as somebody with these ties sees it. What its manifest tells is None until it is closed.

    `to_be_erased`: that was decided, and nobody is shown it, but a legal hold may keep it for now.
    """

    film: str
    kit: str
    state: FilmState
    case: str | None
    received_at: str
    closed_at: str | None
    kind: str | None
    filmed_at: str | None
    duration_ms: int | None
    size: int | None
    to_be_erased: bool
    ties: Ties


class FilmAccess:
    """The films, as one transaction sees them with the eyes of `account` at the time `now` (RFC 3339)."""

    def __init__(self, connection: Connection, account: str, now: str) -> None:
        self._connection = connection
        self._tied = _conditions(account, now)

    def film(self, film: str) -> FilmSeen | None:
        """Return a film, whether or not it may be seen."""
        row = self._connection.execute(self._query().where(_FILMS.c.film == film)).one_or_none()
        return None if row is None else _seen(row)

    def films(self, ties: Ties, *, case: str | None, before: str | None, limit: int) -> list[FilmSeen]:
        """Return the films to which one of `ties` holds, those that came last first: of a case, and after `before`."""
        query = self._query().where(or_(false(), *(self._tied[tie] for tie in ties)))
        if case is not None:
            query = query.where(_FILMS.c.case == case)
        if before is not None:
            place = select(_FILMS.c.received_at).where(_FILMS.c.film == before).scalar_subquery()
            query = query.where(tuple_(_FILMS.c.received_at, _FILMS.c.film) < tuple_(place, literal(before)))
        order = (_FILMS.c.received_at.desc(), _FILMS.c.film.desc())
        return [_seen(row) for row in self._connection.execute(query.order_by(*order).limit(limit))]

    def _query(self) -> Select[Any]:
        columns = [*(_FILMS.c[name] for name in _FIELDS), *(DESCRIPTIONS.c[name] for name in _TOLD)]
        ties = [condition.label(tie.value) for tie, condition in self._tied.items()]
        columns.append(_ERASURES.c.film.is_not(None).label("to_be_erased"))
        return select(*columns, *ties).join_from(_FILMS, DESCRIPTIONS, isouter=True).join(_ERASURES, isouter=True)


def _conditions(account: str, now: str) -> dict[Tie, ColumnElement[bool]]:
    filmed_at = func.coalesce(DESCRIPTIONS.c.filmed_at, _FILMS.c.received_at)
    newest = HOLDERS.c.held_from.desc()
    of_kit = select(HOLDERS.c.account).where(HOLDERS.c.kit == _FILMS.c.kit, HOLDERS.c.held_from <= filmed_at)
    holder = of_kit.order_by(newest).limit(1).scalar_subquery()
    held = select(HOLDERS.c.kit).where(HOLDERS.c.account == account)  # lets an index choose the films
    worked_on = select(MEMBERS.c.case).where(MEMBERS.c.account == account)
    shared = select(GRANTS.c.film).where(GRANTS.c.account == account, in_force(now))
    return {
        Tie.ANY: true(),
        Tie.HOLDER: and_(_FILMS.c.case.is_(None), _FILMS.c.kit.in_(held), holder == account),
        Tie.MEMBER: _FILMS.c.case.in_(worked_on),
        Tie.GRANTEE: _FILMS.c.film.in_(shared),
    }


def _seen(row: Row[Any]) -> FilmSeen:
    found = row._mapping
    ties = frozenset(tie for tie in Tie if found.get(tie.value))
    told = {name: found[name] for name in (*_FIELDS, *_TOLD, "to_be_erased")}
    return FilmSeen(**told | {"state": FilmState(told["state"])}, ties=ties)
