import pytest
from msgspec.structs import replace

from footage import jws
from footage.age import HybridIdentity, X25519Identity, open_file
from footage.directory import Directory, Policy, RecipientEntry, read_directory, sign_directory
from footage.errors import (
    DirectoryForged,
    DirectoryRolledBack,
    FootageError,
    InvalidRecipient,
    KitUnknown,
    MessageMalformed,
    MixedRecipients,
    NoRecipients,
)
from footage.jws import MessageType
from footage.keys import new_key, thumbprint
from footage.messages import encode
from tests.footage.builders import NOW, Agency, make_film

CLASSIC = X25519Identity.generate().recipient.text
HYBRID = HybridIdentity.generate().recipient.text


def test_round_trip(agency: Agency) -> None:
    directory = agency.directory()
    assert read_directory(agency.signed_directory(directory), agency.root_thumbprint) == directory


def test_another_root_is_refused(agency: Agency) -> None:
    stranger = Agency()
    with pytest.raises(DirectoryForged, match="another root"):
        read_directory(stranger.signed_directory(), agency.root_thumbprint)


def test_carrying_the_roots_key_is_not_having_it(agency: Agency) -> None:
    """The forger's own signature under the true root's header."""
    header = agency.signed_directory().split(".")[0]
    _, payload, signature = sign_directory(agency.directory(version=9), new_key()).split(".")
    with pytest.raises(DirectoryForged, match="changed after"):
        read_directory(".".join([header, payload, signature]), agency.root_thumbprint)


@pytest.mark.parametrize("version", [1, 4])
def test_a_lower_version_is_refused(agency: Agency, version: int) -> None:
    with pytest.raises(DirectoryRolledBack, match="5 was accepted"):
        read_directory(
            agency.signed_directory(agency.directory(version=version)),
            agency.root_thumbprint,
            accepted=agency.directory(version=5),
        )


def test_same_version_with_other_content_is_refused(agency: Agency) -> None:
    other = replace(agency.directory(version=5), kits=())
    with pytest.raises(DirectoryRolledBack, match="Two different"):
        read_directory(agency.signed_directory(other), agency.root_thumbprint, accepted=agency.directory(version=5))


@pytest.mark.parametrize("version", [5, 6, 2**53 - 1])
def test_the_same_directory_and_later_ones_are_accepted(agency: Agency, version: int) -> None:
    directory = agency.directory(version=version)
    accepted = agency.directory(version=5)
    assert read_directory(agency.signed_directory(directory), agency.root_thumbprint, accepted=accepted) == directory


@pytest.mark.parametrize(
    ("recipients", "error"),
    [
        ([], NoRecipients),
        ([CLASSIC], MixedRecipients),
        ([HYBRID, CLASSIC], MixedRecipients),
        ([HYBRID[:-1]], InvalidRecipient),
    ],
)
def test_recipients_are_refused_when_signing_and_when_sealing(
    agency: Agency, recipients: list[str], error: type[FootageError]
) -> None:
    directory = agency.directory(recipients=recipients)
    with pytest.raises(error):
        sign_directory(directory, agency.root)
    token = jws.sign(MessageType.DIRECTORY, encode(directory), agency.root, carry_key=True)  # by some other tool
    with pytest.raises(error):
        read_directory(token, agency.root_thumbprint).sealer()


def test_sealing_reaches_every_recipient(agency: Agency) -> None:
    staff = HybridIdentity.generate()
    directory = agency.directory(recipients=[agency.recovery.recipient.text, staff.recipient.text])
    sealed = bytes(directory.sealer().seal(b"x"))
    assert [open_file(sealed, [reader]) for reader in (agency.recovery, staff)] == [b"x", b"x"]


def test_kits_are_found_by_name(agency: Agency) -> None:
    directory = agency.directory()
    assert directory.kit("kit-0001").kit == "kit-0001"
    with pytest.raises(KitUnknown, match=r"version 1\) does not list kit kit-0002"):
        directory.kit("kit-0002")


def test_receipt_keys_are_found_by_thumbprint(agency: Agency) -> None:
    public = agency.receipt_key.public_key()
    assert agency.directory().receipt_key(thumbprint(public)) == public
    assert agency.directory().receipt_key(thumbprint(new_key().public_key())) is None


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"{}",
        b'{"format":2,"version":1,"issued_at":"%s","kits":[],"recipients":[],"receipt_keys":[]}' % NOW.encode(),
        b'{"format":1,"version":0,"issued_at":"%s","kits":[],"recipients":[],"receipt_keys":[]}' % NOW.encode(),
        b'{"format":1,"version":1,"issued_at":"today","kits":[],"recipients":[],"receipt_keys":[]}',
        b'{"format":1,"version":1,"issued_at":"%s","kits":[],"recipients":[],"receipt_keys":[],"x":1}' % NOW.encode(),
        b'{"format":1,"version":1,"issued_at":"%s","kits":[],"recipients":[]}' % NOW.encode(),
    ],
)
def test_even_the_root_must_keep_to_the_form(agency: Agency, payload: bytes) -> None:
    token = jws.sign(MessageType.DIRECTORY, payload, agency.root, carry_key=True)
    with pytest.raises(MessageMalformed):
        read_directory(token, agency.root_thumbprint)


def test_messages_of_another_type_are_no_directory(agency: Agency) -> None:
    film = make_film(agency)
    for token in (film.token, film.signed_receipt()):
        assert token is not None
        with pytest.raises(MessageMalformed, match="type"):
            read_directory(token, agency.root_thumbprint)


def test_a_directory_that_does_not_carry_its_key_is_refused(agency: Agency) -> None:
    token = jws.sign(MessageType.DIRECTORY, encode(agency.directory()), agency.root)
    with pytest.raises(MessageMalformed, match="does not carry"):
        read_directory(token, agency.root_thumbprint)


def test_roles_are_the_two(agency: Agency) -> None:
    directory = replace(agency.directory(), recipients=(RecipientEntry("x", "friend", HYBRID),))  # type: ignore[arg-type]
    assert isinstance(directory, Directory)
    with pytest.raises(MessageMalformed, match="friend"):
        read_directory(sign_directory(directory, agency.root), agency.root_thumbprint)


def test_a_kit_is_listed_once(agency: Agency) -> None:
    directory = agency.directory()
    token = sign_directory(replace(directory, kits=directory.kits * 2), agency.root)
    with pytest.raises(MessageMalformed, match="twice"):
        read_directory(token, agency.root_thumbprint)


def test_a_directory_that_says_nothing_of_times_has_the_usual_ones(agency: Agency) -> None:
    """Directories that were signed before there was a retention policy stay valid, byte for byte."""
    for policy in ('"policy":{"sound":false},', ""):
        payload = encode(agency.directory()).decode()
        start, end = payload.index('"policy":'), payload.index('"valid_until"')
        old = (payload[:start] + policy + payload[end:]).encode()
        token = jws.sign(MessageType.DIRECTORY, old, agency.root, carry_key=True)
        read = read_directory(token, agency.root_thumbprint)
        assert (read.policy.erase_after_days, read.policy.max_age_days) == (61, 730)
        assert read.policy.sound is (policy == "")


@pytest.mark.parametrize("days", [0, -1, 3651, 1.5, "61"])
@pytest.mark.parametrize("field", ["erase_after_days", "max_age_days"])
def test_times_are_whole_days_from_one_to_ten_years(agency: Agency, field: str, days: object) -> None:
    policy = replace(agency.directory().policy, **{field: days})
    token = sign_directory(replace(agency.directory(), policy=policy), agency.root)
    with pytest.raises(MessageMalformed, match=field):
        read_directory(token, agency.root_thumbprint)


def test_what_nobody_decided_is_not_written_so_that_older_kits_take_the_directory(agency: Agency) -> None:
    written = encode(replace(agency.directory(), policy=Policy(sound=False))).decode()
    assert '"policy":{"sound":false}' in written
    decided = replace(agency.directory(), policy=Policy(hotspot_megabytes=500))
    assert '"policy":{"hotspot_megabytes":500}' in encode(decided).decode()
    assert read_directory(agency.signed_directory(decided), agency.root_thumbprint) == decided


@pytest.mark.parametrize("budget", [-1, 1_000_001, 1.5, "500", None])
def test_a_budget_is_a_whole_number_of_megabytes(agency: Agency, budget: object) -> None:
    policy = replace(agency.directory().policy, hotspot_megabytes=budget)
    token = sign_directory(replace(agency.directory(), policy=policy), agency.root)
    with pytest.raises(MessageMalformed, match="hotspot_megabytes"):
        read_directory(token, agency.root_thumbprint)
