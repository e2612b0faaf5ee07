"""Who may do what: one table, and one question about it. Pure: how somebody stands to a thing is handed in.

What is not in the table is refused. Whoever has several roles may do what any of them may. The table guards sealed
films, codes and dates; the last word on a film is always the seal, which no role opens.
"""

from collections.abc import Iterable
from enum import StrEnum

from companion_api.problems import NOT_ALLOWED, UNKNOWN_TO_YOU, Problem, Refusal
from companion_api.staff.person import Person, Role


class Resource(StrEnum):
    """What a request is about."""

    FILM = "film"
    CASE = "case"
    KIT = "kit"
    RECIPIENT = "recipient"  # somebody's wish to be sealed to
    COLLEAGUE = "colleague"  # their name and roles
    ACCOUNT = "account"
    HOLD = "hold"  # a legal hold on a film or a case


class Verb(StrEnum):
    """What a request does with it. `LIST` gives what its asker may `SEE`."""

    LIST = "list"
    SEE = "see"  # that it is there: ids, codes, dates, numbers
    OPEN = "open"  # a film's manifest, receipt, film.key and parts
    FILE = "file"  # a film in a case that its asker may see
    SHARE = "share"
    UNSHARE = "unshare"
    SEE_SHARES = "see shares"
    BEGIN = "begin"
    END = "end"
    REOPEN = "reopen"
    STAFF = "staff"  # say who works on a case
    HAND = "hand"  # say who holds a kit
    ASK = "ask"
    WITHDRAW = "withdraw"
    EXPORT = "export"
    REFUSE = "refuse"
    ADD = "add"
    CHANGE = "change"  # invite again, give other roles, deactivate
    CONFIRM = "confirm"  # what another person asked for
    RELEASE = "release"  # ask for the end


class Tie(StrEnum):
    """How a person stands to a thing."""

    ANY = "any"  # everybody to everything
    HOLDER = "holder"  # held the kit when it filmed; ends when the film is filed in a case
    MEMBER = "member"  # works on the case
    GRANTEE = "grantee"  # the film is shared with them, and the share has neither expired nor been revoked
    OWN = "own"  # it is theirs


Ties = frozenset[Tie]
NONE: Ties = frozenset()
_ANY, _OWN, _MEMBER = frozenset({Tie.ANY}), frozenset({Tie.OWN}), frozenset({Tie.MEMBER})
_HOLDER, _GRANTEE = frozenset({Tie.HOLDER}), frozenset({Tie.GRANTEE})
_OTHERS = "This is for others at the agency. The table in docs/companion-api.md tells for whom."
_KEEPER = _HOLDER | _MEMBER  # whoever answers for the film
P, S, L, IT, DP = Role.PRACTITIONER, Role.SUPERVISOR, Role.SERVICE_LEAD, Role.IT, Role.DATA_PROTECTION
R, V = Resource, Verb

TABLE: dict[tuple[Resource, Verb], dict[Role, Ties]] = {
    (R.FILM, V.LIST): {P: _ANY, S: _ANY, L: _ANY, DP: _ANY},
    (R.FILM, V.SEE): {P: _KEEPER | _GRANTEE, S: _GRANTEE, L: _ANY, DP: _ANY},
    (R.FILM, V.OPEN): {P: _KEEPER | _GRANTEE, S: _GRANTEE, L: _GRANTEE},
    (R.FILM, V.FILE): {P: _HOLDER, L: _ANY},
    (R.FILM, V.SHARE): {P: _KEEPER},
    (R.FILM, V.UNSHARE): {P: _KEEPER, L: _ANY, DP: _ANY},
    (R.FILM, V.SEE_SHARES): {P: _KEEPER, L: _ANY, DP: _ANY},
    (R.FILM, V.WITHDRAW): {L: _ANY, DP: _ANY},
    (R.CASE, V.LIST): {P: _ANY, L: _ANY, DP: _ANY},
    (R.CASE, V.SEE): {P: _MEMBER, L: _ANY, DP: _ANY},
    (R.CASE, V.BEGIN): {P: _ANY, L: _ANY},
    (R.CASE, V.END): {P: _MEMBER, L: _ANY},
    (R.CASE, V.REOPEN): {L: _ANY},  # it puts erasure off
    (R.CASE, V.STAFF): {L: _ANY},
    (R.CASE, V.WITHDRAW): {L: _ANY, DP: _ANY},
    (R.KIT, V.SEE): {L: _ANY, IT: _ANY, DP: _ANY},
    (R.KIT, V.HAND): {L: _ANY, IT: _ANY},
    (R.RECIPIENT, V.LIST): {P: _ANY, S: _ANY, L: _ANY, IT: _ANY, DP: _ANY},
    (R.RECIPIENT, V.SEE): {P: _OWN, S: _OWN, L: _OWN, IT: _ANY, DP: _ANY},
    (R.RECIPIENT, V.ASK): {P: _ANY, S: _ANY, L: _ANY},
    (R.RECIPIENT, V.WITHDRAW): {P: _OWN, S: _OWN, L: _OWN},
    (R.RECIPIENT, V.EXPORT): {IT: _ANY},
    (R.RECIPIENT, V.REFUSE): {IT: _ANY},
    (R.COLLEAGUE, V.LIST): {P: _ANY, S: _ANY, L: _ANY, IT: _ANY, DP: _ANY},
    (R.ACCOUNT, V.LIST): {IT: _ANY},
    (R.ACCOUNT, V.ADD): {IT: _ANY},
    (R.ACCOUNT, V.CHANGE): {IT: _ANY},
    (R.HOLD, V.LIST): {L: _ANY, DP: _ANY},
    (R.HOLD, V.ASK): {L: _ANY, DP: _ANY},
    (R.HOLD, V.CONFIRM): {L: _ANY, DP: _ANY},  # another person than the one who asked
    (R.HOLD, V.RELEASE): {L: _ANY, DP: _ANY},
}


class Denied(Refusal):
    """A refusal for want of a right; it goes into the audit trail. `subject`: what the trail calls the thing."""

    def __init__(self, problem: Problem, detail: str, subject: str) -> None:
        super().__init__(problem, detail)
        self.subject = subject


def needed(roles: Iterable[Role], resource: Resource, verb: Verb) -> Ties:
    """Return the ties of which each allows one of the roles to do this. Without any, these roles never may."""
    cells = TABLE.get((resource, verb), {})
    return NONE.union(*(cells.get(role, NONE) for role in roles))


def may(person: Person, resource: Resource, verb: Verb, ties: Ties = NONE) -> bool:
    """Return whether a person with these ties to a thing may do this with it."""
    return bool(needed(person.roles, resource, verb) & (ties | {Tie.ANY}))


def may_do(person: Person, resource: Resource, ties: Ties) -> list[Verb]:
    """Return all that a person with these ties to a thing may do with it."""
    return [verb for kind, verb in TABLE if kind is resource and may(person, resource, verb, ties)]


def check_roles(person: Person, resource: Resource, verb: Verb) -> None:
    """Raise `Denied` if this person never may do this, whatever with: said before anything is looked up."""
    if not needed(person.roles, resource, verb):
        raise Denied(NOT_ALLOWED, _OTHERS, f"account:{person.account}")


def check(person: Person, resource: Resource, verb: Verb, ties: Ties | None, subject: str) -> None:
    """Raise `Denied` unless a person may do this with a thing; `ties` is None if there is no such thing.

    To somebody who may not see it, a thing that is there looks the same as one that is not.
    """
    if ties is None or not (may(person, resource, verb, ties) or may(person, resource, Verb.SEE, ties)):
        raise Denied(UNKNOWN_TO_YOU, "Compare the address. If it is right, ask whoever may share it.", subject)
    if not may(person, resource, verb, ties):
        raise Denied(NOT_ALLOWED, _OTHERS, subject)
