"""Asking to be admitted as a recipient: the service takes it down, and only the directory grants it."""

import uuid
from datetime import timedelta

import pytest
from msgspec.structs import replace

from companion_api.admissions.admission_rows import Admission
from companion_api.admissions.admissions import WAITS, AdmissionState, admission_state
from companion_api.staff.account_rows import AccountRows
from companion_api.staff.person import Role
from footage.admission import AdmissionRequests
from footage.age import HybridIdentity, X25519Identity
from footage.directory import RecipientEntry
from footage.manifest import recipient_fingerprint
from footage.messages import decode
from tests.companion_api.builders import Clock, Service, problem
from tests.companion_api.staff.builders import Staff
from tests.companion_api.staff.rights import table
from tests.footage.builders import NOW, Agency

PATH = "/v1/staff/recipients"


@pytest.fixture
def practitioner(service: Service) -> Staff:
    return Staff(service, Role.PRACTITIONER, name="A. Jones")


@pytest.fixture
def it(service: Service) -> Staff:
    return Staff(service, Role.IT)


def new_recipient() -> str:
    return HybridIdentity.generate().recipient.text


def ask(staff: Staff, recipient: str) -> str:
    """Ask to be admitted; return the state or the problem."""
    answer = staff.send("POST", PATH, {"recipient": recipient})
    return str(answer.json()["state"]) if answer.status_code == 201 else problem(answer)


def state(staff: Staff, recipient: str) -> str:
    fingerprint = recipient_fingerprint(recipient)
    (found,) = [each["state"] for each in staff.told(PATH) if each["fingerprint"] == fingerprint]
    return str(found)


def publish(service: Service, version: int, *entries: RecipientEntry) -> None:
    directory = service.agency.directory(version=version)
    changed = replace(directory, recipients=(*directory.recipients, *entries))
    service.publish(service.agency.signed_directory(changed))


def waiting(it: Staff) -> AdmissionRequests:
    return decode(AdmissionRequests, it.send("GET", "/v1/staff/waiting-recipients").content)


def test_only_the_directory_admits(service: Service, practitioner: Staff, it: Staff) -> None:
    recipient = new_recipient()
    assert ask(practitioner, recipient) == "waiting"
    (request,) = waiting(it).requests
    assert (request.account, request.name, request.roles) == (practitioner.account, "A. Jones", ("practitioner",))
    assert (request.recipient, request.fingerprint) == (recipient, recipient_fingerprint(recipient))
    publish(service, 2, RecipientEntry("A. Jones", "staff", recipient))
    assert state(practitioner, recipient) == "admitted"
    assert waiting(it).requests == ()
    assert ask(practitioner, recipient) == "admitted"


def test_people_see_their_own_requests_and_it_sees_all(service: Service, practitioner: Staff, it: Staff) -> None:
    other, recipient = Staff(service, Role.SUPERVISOR), new_recipient()
    ask(practitioner, recipient)
    assert other.told(PATH) == []
    assert it.told(PATH) == practitioner.told(PATH)
    assert [each["recipient"] for each in it.told(PATH)] == [recipient]


def test_a_request_is_withdrawn_or_refused_and_can_be_made_again(practitioner: Staff, it: Staff) -> None:
    recipient = new_recipient()
    path = f"{PATH}/{recipient_fingerprint(recipient)}"
    ends = (("withdrawn", practitioner, "DELETE", path), ("refused", it, "POST", f"{path}/refuse"))
    for ended, by, method, address in ends:
        assert ask(practitioner, recipient) == "waiting"
        assert [by.send(method, address).status_code for _ in range(2)] == [204, 204]
        assert state(practitioner, recipient) == ended
        assert waiting(it).requests == ()


def test_what_the_directory_lists_is_ended_by_the_root_alone(service: Service, practitioner: Staff, it: Staff) -> None:
    recipient = new_recipient()
    path = f"{PATH}/{recipient_fingerprint(recipient)}"
    ask(practitioner, recipient)
    publish(service, 2, RecipientEntry("A. Jones", "staff", recipient))
    assert problem(practitioner.send("DELETE", path)) == "recipient-admitted"
    assert problem(it.send("POST", f"{path}/refuse")) == "recipient-admitted"


def test_a_recipient_is_one_account_s(service: Service, practitioner: Staff) -> None:
    recipient = new_recipient()
    ask(practitioner, recipient)
    assert ask(Staff(service, Role.SUPERVISOR), recipient) == "recipient-taken"


@pytest.mark.parametrize(
    "recipient",
    ["", "age1pq1", "x" * 3000, X25519Identity.generate().recipient.text, new_recipient()[:-1] + "b"],
    ids=["empty", "cut short", "too long", "not post-quantum", "miscopied"],
)
def test_what_nothing_can_be_sealed_to_is_refused(practitioner: Staff, recipient: str) -> None:
    assert ask(practitioner, recipient) == "invalid-recipient"


def test_of_accounts_that_are_gone_nothing_is_exported(service: Service, practitioner: Staff, it: Staff) -> None:
    ask(practitioner, new_recipient())
    with service.archive.database.writing() as connection:
        AccountRows(connection).deactivate(practitioner.account, service.archive.timestamp())
    assert waiting(it).requests == ()


def test_a_state_follows_from_the_directory_first(agency: Agency) -> None:
    recipient, clock = new_recipient(), Clock()
    asked = Admission("f", recipient, str(uuid.uuid4()), NOW, None, None)
    directory = agency.directory()
    staff = replace(directory, recipients=(RecipientEntry("A. Jones", "staff", recipient),))
    recovery = replace(directory, recipients=(RecipientEntry("recovery", "recovery", recipient),))
    ended = asked._replace(withdrawn_at=NOW, refused_at=NOW)
    assert admission_state(asked, directory, clock()) is AdmissionState.WAITING
    assert admission_state(asked, recovery, clock()) is AdmissionState.WAITING
    assert admission_state(ended, staff, clock() + 2 * WAITS) is AdmissionState.ADMITTED
    assert admission_state(asked, directory, clock() + WAITS - timedelta(seconds=1)) is AdmissionState.WAITING
    assert admission_state(asked, directory, clock() + WAITS) is AdmissionState.LAPSED


def test_the_documents_tell_of_every_state() -> None:
    assert [row[0] for row in table("| state | when |")] == list(AdmissionState)
