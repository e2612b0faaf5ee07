"""What a request of staff asks for: every route declares it here, and here refusals go into the audit trail."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from fastapi import Depends

from companion_api import problems as p
from companion_api.agency import TheAgency
from companion_api.audit.trail import append
from companion_api.films.archive import Archive
from companion_api.staff.authorisation import Denied, Resource, Ties, Verb, check, check_roles
from companion_api.staff.person import Person
from companion_api.staff.sign_in import SIGNED_IN, SignedIn

ASKING = (*SIGNED_IN, p.NOT_ALLOWED)  # what every request that declares its verb can end in
ASKING_FOR_ONE = (*ASKING, p.UNKNOWN_TO_YOU)  # and every one that is about one thing


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody whose roles may do this verb with some things of this kind; `check` tells with which."""

    person: Person
    resource: Resource
    verb: Verb

    def check(self, ties: Ties | None, subject: str) -> None:
        """Raise `Denied` unless they may do it with a thing to which they have these ties (None: there is none)."""
        check(self.person, self.resource, self.verb, ties, subject)


@dataclass(frozen=True, slots=True)
class Asks:
    """A route's declaration, as a dependency that gives its `Asker`."""

    resource: Resource
    verb: Verb

    async def __call__(self, agency: TheAgency, person: SignedIn) -> AsyncIterator[Asker]:
        """Give the asker, unless their roles never may do this; note whatever is denied them on the way."""
        try:
            check_roles(person, self.resource, self.verb)
            yield Asker(person, self.resource, self.verb)
        except Denied as denied:
            await agency.in_storage_thread(_note, agency.archive, person, f"{self.verb} {self.resource}", denied)
            raise


def asks(resource: Resource, verb: Verb) -> Any:
    """Declare what a route asks for: `asker: Annotated[Asker, asks(Resource.FILM, Verb.SEE)]`."""
    return Depends(Asks(resource, verb))


def _note(archive: Archive, person: Person, asked: str, denied: Denied) -> None:
    with archive.database.writing() as connection:
        append(connection, archive.timestamp(), person.actor, "denied", denied.subject, asked=asked)
