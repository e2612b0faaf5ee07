"""Shares: for whom, until when, and that their end is an end at once, for every worker."""

import base64
import copy
from datetime import timedelta
from typing import Any

import pytest

from companion_api.library.grant_rows import GrantRows
from companion_api.library.sharing import MAX_SHARE, MAX_WRAPPED_KEY
from companion_api.staff.account_rows import AccountRows
from companion_api.staff.person import Person, Role
from footage.age import HybridIdentity, Sealer, X25519Identity, open_file
from footage.film_key import film_sealer, open_film_key, seal_film_key
from footage.messages import timestamp
from tests.companion_api.builders import Kit, Service, problem
from tests.companion_api.library.builders import LATER
from tests.companion_api.staff.builders import Staff
from tests.footage.builders import Film


def share(by: Staff, film: Film, to: Staff, until: str = LATER, **more: Any) -> str:
    """Share a film; return "shared" or the problem."""
    wanted = {"expires_at": until, "reason": "supervision", **more}
    answer = by.send("PUT", f"/v1/staff/films/{film.film}/shares/{to.account}", wanted)
    return "shared" if answer.status_code == 204 else problem(answer)


def end_share(by: Staff, film: Film, to: Staff) -> None:
    assert by.send("DELETE", f"/v1/staff/films/{film.film}/shares/{to.account}").status_code == 204


def opens(staff: Staff, film: Film) -> bool:
    answer = staff.send("GET", f"/v1/staff/films/{film.film}/parts/0")
    assert answer.status_code == 200 or problem(answer) == "unknown-to-you"
    return answer.status_code == 200


def wrapped(film: Film, identity: HybridIdentity) -> str:
    sealed = seal_film_key(film.film, film.identity, film_sealer([identity.recipient.text]))
    return base64.b64encode(sealed).decode()


def test_a_supervisor_opens_what_was_shared_with_a_key_of_their_own(
    practitioner: Staff, supervisor: Staff, sent: Film
) -> None:
    own = HybridIdentity.generate()
    assert not opens(supervisor, sent)
    assert share(practitioner, sent, supervisor, wrapped_key=wrapped(sent, own)) == "shared"
    key = supervisor.send("GET", f"/v1/staff/films/{sent.film}/shared-key")
    identity = open_film_key(key.content, sent.film, sent.identity.recipient.text, [own])
    part = supervisor.send("GET", f"/v1/staff/films/{sent.film}/parts/1").content
    assert open_file(part, [identity]) == sent.opened[1][2]
    assert [film["may"] for film in supervisor.told("/v1/staff/films")["films"]] == [["list", "see", "open"]]


def test_a_share_is_over_at_its_second(service: Service, practitioner: Staff, supervisor: Staff, sent: Film) -> None:
    until = service.clock.now + timedelta(minutes=30)
    assert share(practitioner, sent, supervisor, timestamp(until)) == "shared"
    service.clock.now = until - timedelta(seconds=1)
    assert opens(supervisor, sent)
    service.clock.now = until
    assert not opens(supervisor, sent)
    assert supervisor.told("/v1/staff/films")["films"] == []
    assert share(practitioner, sent, supervisor) == "shared", "it can be shared again"
    assert opens(supervisor, sent)


def test_ending_a_share_counts_at_once_for_every_worker(
    service: Service, practitioner: Staff, supervisor: Staff, sent: Film
) -> None:
    worker = copy.copy(service)
    worker._open()  # a second process on the same store and database
    try:
        there = copy.copy(supervisor)
        there.service = worker
        assert share(practitioner, sent, supervisor, wrapped_key=wrapped(sent, HybridIdentity.generate())) == "shared"
        assert [opens(supervisor, sent), opens(there, sent)] == [True, True]
        end_share(practitioner, sent, supervisor)
        assert [opens(supervisor, sent), opens(there, sent)] == [False, False]
    finally:
        worker.close()
    with service.archive.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT wrapped_key FROM grants").all() == [(None,)], "its key is destroyed"


def test_whoever_keeps_the_film_sees_with_whom_it_is_shared(
    service: Service, practitioner: Staff, supervisor: Staff, sent: Film
) -> None:
    share(practitioner, sent, supervisor)
    service.clock.forward(minutes=1)
    end_share(practitioner, sent, supervisor)
    end_share(practitioner, sent, supervisor)
    assert practitioner.told(f"/v1/staff/films/{sent.film}/shares") == [
        {
            "account": supervisor.account,
            "granted_by": practitioner.account,
            "granted_at": "2026-11-20T10:00:00Z",
            "reason": "supervision",
            "expires_at": LATER,
            "revoked_at": "2026-11-20T10:01:00Z",
        }
    ]


def test_no_share_is_for_ever_or_over_before_it_begins(
    service: Service, practitioner: Staff, supervisor: Staff, sent: Film
) -> None:
    now = service.clock.now
    for until in (now, now - timedelta(days=1), now + MAX_SHARE + timedelta(seconds=1)):
        assert share(practitioner, sent, supervisor, timestamp(until)) == "expiry-unfit"
    assert share(practitioner, sent, supervisor, timestamp(now + MAX_SHARE)) == "shared"


@pytest.mark.parametrize(
    "wrong",
    [
        {"expires_at": None},
        {"expires_at": "soon"},
        {"expires_at": "2026-12-20T10:00:00"},
        {"expires_at": "2026-13-20T10:00:00Z"},
        {"expires_at": "0000-01-01T00:00:00Z"},
        {"reason": "because Anna Smith asked"},
        {"wrapped_key": "?"},
        {"wrapped_key": base64.b64encode(bytes(MAX_WRAPPED_KEY + 1)).decode()},
        {"note": "words"},
    ],
    ids=lambda wrong: "-".join(wrong),
)
def test_a_share_without_its_form_is_refused(
    practitioner: Staff, supervisor: Staff, sent: Film, wrong: dict[str, Any]
) -> None:
    until = wrong.pop("expires_at", LATER)
    assert share(practitioner, sent, supervisor, until, **wrong) == "request-invalid"


def test_a_share_too_large_to_be_one_is_not_even_read(practitioner: Staff, supervisor: Staff, sent: Film) -> None:
    assert share(practitioner, sent, supervisor, wrapped_key="A" * 200_000) == "body-too-large"


def test_a_wrapped_key_is_an_age_file_to_a_post_quantum_recipient(
    practitioner: Staff, supervisor: Staff, sent: Film
) -> None:
    classic = bytes(Sealer([X25519Identity.generate().recipient]).seal(b"identity"))
    armored = b"-----BEGIN AGE ENCRYPTED FILE-----\n"
    for key, refusal in ((b"rubbish", "header-invalid"), (classic, "header-invalid"), (armored, "armored-file")):
        assert share(practitioner, sent, supervisor, wrapped_key=base64.b64encode(key).decode()) == refusal
    assert problem(practitioner.send("GET", f"/v1/staff/films/{sent.film}/shared-key")) == "key-not-shared"


def test_a_film_is_shared_with_whom_it_can_be_of_use(service: Service, practitioner: Staff, sent: Film) -> None:
    gone = Staff(service, Role.SUPERVISOR)
    with service.archive.database.writing() as connection:
        AccountRows(connection).deactivate(gone.account, service.archive.timestamp())
    stranger = copy.copy(gone)
    stranger.person = Person("00000000-0000-4000-8000-000000000000", "Nobody", frozenset())
    for nobody in (gone, stranger, practitioner, Staff(service, Role.IT), Staff(service, Role.DATA_PROTECTION)):
        assert share(practitioner, sent, nobody) == "account-unfit"
    for somebody in (Staff(service, Role.SERVICE_LEAD), Staff(service, Role.PRACTITIONER)):
        assert share(practitioner, sent, somebody) == "shared"
        assert opens(somebody, sent)


def test_a_film_on_its_way_and_one_that_is_gone_are_shared_with_nobody(
    practitioner: Staff, supervisor: Staff, kit: Kit, film: Film
) -> None:
    kit.put_part(film.film, 0, film.parts[0])
    assert share(practitioner, film, supervisor) == "receipt-not-yet"
    kit.send("DELETE", f"/v1/films/{film.film}")
    assert share(practitioner, film, supervisor) == "film-taken-back"


def test_no_share_outlives_its_film(
    service: Service, practitioner: Staff, supervisor: Staff, kit: Kit, sent: Film
) -> None:
    share(practitioner, sent, supervisor, wrapped_key=wrapped(sent, HybridIdentity.generate()))
    kit.send("DELETE", f"/v1/films/{sent.film}")
    with service.archive.database.reading() as connection:
        assert GrantRows(connection).grants(sent.film) == []
        assert connection.exec_driver_sql("SELECT count(*) FROM film_descriptions").scalar() == 0
    assert not opens(supervisor, sent)


def test_keys_of_shares_that_are_over_are_destroyed_by_upkeep(
    service: Service, practitioner: Staff, supervisor: Staff, sent: Film
) -> None:
    share(practitioner, sent, supervisor, wrapped_key=wrapped(sent, HybridIdentity.generate()))
    for now, destroyed in (("2026-12-20T09:59:59Z", 0), (LATER, 1), (LATER, 0)):
        with service.archive.database.writing() as connection:
            assert GrantRows(connection).forget_keys(now) == destroyed


def test_a_supervisor_passes_nothing_on(service: Service, practitioner: Staff, supervisor: Staff, sent: Film) -> None:
    share(practitioner, sent, supervisor)
    assert share(supervisor, sent, Staff(service, Role.SUPERVISOR)) == "not-allowed"
