"""Who is signed in, and the roles that people have at an agency."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody does at the agency. A person may have several."""

    PRACTITIONER = "practitioner"  # films, chooses clips, shows them
    SUPERVISOR = "supervisor"  # watches what is shared with them, as long as it is shared
    SERVICE_LEAD = "service lead"  # cases, retention, withdrawal, holds; no film unless it is shared with them
    IT = "it"  # kits, enrolment, accounts, health; no film ever
    DATA_PROTECTION = "data-protection officer"  # audit, erasure certificates, holds; no film ever


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in member of staff. `account` is a uuid4."""

    account: str
    name: str
    roles: frozenset[Role]

    @property
    def actor(self) -> str:
        """How the audit trail calls them."""
        return f"staff:{self.account}"
