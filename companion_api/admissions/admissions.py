"""Asking to be admitted, withdrawing, refusing, and the waiting list that IT takes to the offline root."""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection

from companion_api.admissions.admission_rows import Admission, AdmissionRows
from companion_api.audit.trail import append
from companion_api.films.archive import Archive
from companion_api.library.access_notes import read_noted
from companion_api.problems import RECIPIENT_ADMITTED, RECIPIENT_TAKEN, Refusal
from companion_api.staff.account_rows import Account, AccountRows
from companion_api.staff.asking import Asker
from companion_api.staff.authorisation import NONE, Resource, Tie, Ties, Verb, may
from companion_api.staff.person import Person
from footage.admission import AdmissionRequest, AdmissionRequests
from footage.age import HybridRecipient
from footage.directory import Directory
from footage.manifest import recipient_fingerprint
from footage.messages import timestamp

WAITS = timedelta(days=30)  # so that nothing old is admitted by oversight


class AdmissionState(StrEnum):
    """What has become of a request."""

    WAITING = "waiting"
    ADMITTED = "admitted"  # the directory in force lists the recipient as staff
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    LAPSED = "lapsed"  # nobody decided; it can be asked again


class AdmissionSeen(NamedTuple):
    """A request and its state."""

    admission: Admission
    state: AdmissionState


def admission_state(admission: Admission, directory: Directory, now: datetime) -> AdmissionState:
    """Return a request's state. Nothing that the service has entered can make it `ADMITTED`."""
    if any((entry.recipient, entry.role) == (admission.recipient, "staff") for entry in directory.recipients):
        return AdmissionState.ADMITTED
    if admission.withdrawn_at is not None:
        return AdmissionState.WITHDRAWN
    if admission.refused_at is not None:
        return AdmissionState.REFUSED
    return AdmissionState.LAPSED if admission.requested_at <= timestamp(now - WAITS) else AdmissionState.WAITING


def ask(archive: Archive, asker: Asker, directory: Directory, recipient: str) -> AdmissionSeen:
    """Ask to be admitted. Asking again for what waits changes nothing.

    Raises `InvalidRecipient`, `Refusal`, `StoreFull`, `StoreFailed`.
    """
    HybridRecipient.parse(recipient)
    fingerprint, person, now = recipient_fingerprint(recipient), asker.person, archive.timestamp()
    with archive.database.writing() as connection:
        rows = AdmissionRows(connection)
        new = rows.ask(fingerprint, recipient, person.account, now)
        held = _held(rows, fingerprint)
        if held.account != person.account:
            raise Refusal(RECIPIENT_TAKEN, "Make a new identity in your browser, and tell IT.")
        state = admission_state(held, directory, archive.clock())
        if new or state not in (AdmissionState.WAITING, AdmissionState.ADMITTED):
            rows.ask_again(fingerprint, now)
            append(connection, now, person.actor, "admission asked", f"recipient:{fingerprint}")
        held = _held(rows, fingerprint)
    return AdmissionSeen(held, admission_state(held, directory, archive.clock()))


def admissions_seen(archive: Archive, asker: Asker, directory: Directory) -> list[AdmissionSeen]:
    """Return the requests that their asker may see, the newest first. Raises `StoreFull`, `StoreFailed`."""
    person = asker.person

    def look(connection: Connection) -> list[AdmissionSeen]:
        return [
            AdmissionSeen(admission, admission_state(admission, directory, archive.clock()))
            for admission in AdmissionRows(connection).admissions()
            if may(person, Resource.RECIPIENT, Verb.SEE, _ties(person, admission))
        ]

    return read_noted(archive, person, "admissions listed", f"account:{person.account}", look)


def waiting_list(archive: Archive, asker: Asker, directory: Directory) -> AdmissionRequests:
    """Return the requests that wait, of active accounts, the oldest first. Raises `StoreFull`, `StoreFailed`."""

    def look(connection: Connection) -> AdmissionRequests:
        accounts = {account.account: account for account in AccountRows(connection).accounts() if account.active}
        waiting = [
            admission
            for admission in reversed(AdmissionRows(connection).admissions())
            if admission_state(admission, directory, archive.clock()) is AdmissionState.WAITING
            and admission.account in accounts
        ]
        return AdmissionRequests(1, tuple(_request(each, accounts[each.account]) for each in waiting))

    return read_noted(archive, asker.person, "admissions exported", f"account:{asker.person.account}", look)


def withdraw(archive: Archive, asker: Asker, directory: Directory, fingerprint: str) -> None:
    """Withdraw one's own request. Raises `Denied`, `Refusal`, `StoreFull`, `StoreFailed`."""
    _end(archive, asker, directory, fingerprint, "admission withdrawn", AdmissionRows.withdraw)


def refuse(archive: Archive, asker: Asker, directory: Directory, fingerprint: str) -> None:
    """Refuse a request. Raises as `withdraw`."""
    _end(archive, asker, directory, fingerprint, "admission refused", AdmissionRows.refuse)


def _end(
    archive: Archive,
    asker: Asker,
    directory: Directory,
    fingerprint: str,
    action: str,
    enter: Callable[[AdmissionRows, str, str], None],
) -> None:
    with archive.database.writing() as connection:
        rows = AdmissionRows(connection)
        held = rows.admission(fingerprint)
        asker.check(None if held is None else _ties(asker.person, held), f"recipient:{fingerprint}")
        assert held is not None
        state = admission_state(held, directory, archive.clock())
        if state is AdmissionState.ADMITTED:
            raise Refusal(RECIPIENT_ADMITTED, "Only the offline root can end that: kit recipient remove.")
        if state is AdmissionState.WAITING:
            enter(rows, fingerprint, archive.timestamp())
            append(connection, archive.timestamp(), asker.person.actor, action, f"recipient:{fingerprint}")


def _request(admission: Admission, account: Account) -> AdmissionRequest:
    roles = tuple(sorted(account.roles))
    return AdmissionRequest(account.account, account.name, roles, admission.recipient, admission.requested_at)


def _held(rows: AdmissionRows, fingerprint: str) -> Admission:
    held = rows.admission(fingerprint)
    assert held is not None
    return held


def _ties(person: Person, admission: Admission) -> Ties:
    return frozenset({Tie.OWN}) if admission.account == person.account else NONE
