from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from footage import jws
from footage.errors import KitUnknown, ManifestForged, MessageMalformed, SignedMessageError
from footage.jws import MessageType
from footage.keys import new_key
from footage.manifest import Ended, FilmKind, Manifest, PartEntry, read_manifest, recipient_fingerprint, sign_manifest
from footage.parts import PartKind
from tests.footage.builders import Agency, Film, make_film, sha256


def test_round_trip(agency: Agency, film: Film) -> None:
    assert film.token is not None
    assert read_manifest(film.token, agency.verified_directory()) == film.signed


def test_length_and_size_are_sums(film: Film) -> None:
    assert film.signed.duration_ms == 1960
    assert film.signed.size == sum(map(len, film.parts.values()))


def test_fingerprints_name_those_who_can_open(agency: Agency, film: Film) -> None:
    assert film.signed.opening.recipients == (sha256(agency.recovery.recipient.text.encode()),)
    assert recipient_fingerprint("age1x") == sha256(b"age1x")


def test_another_key_is_a_forgery(agency: Agency, film: Film) -> None:
    with pytest.raises(ManifestForged, match="keep it as evidence"):
        read_manifest(sign_manifest(film.signed, new_key()), agency.verified_directory())


def test_one_kit_does_not_sign_for_another(agency: Agency, film: Film) -> None:
    for_another = replace(film.signed, opening=replace(film.signed.opening, kit="kit-0002"))
    with pytest.raises(KitUnknown):
        read_manifest(sign_manifest(for_another, agency.kit_key), agency.verified_directory())


def test_a_revoked_kits_films_stay_valid(agency: Agency, film: Film) -> None:
    assert film.token is not None
    assert read_manifest(film.token, agency.directory(revoked=True)) == film.signed


def test_messages_of_another_type_are_no_manifest(agency: Agency, film: Film) -> None:
    payload = msgspec.json.encode(film.signed)
    for token in (
        film.signed_receipt(),
        agency.signed_directory(),
        jws.sign(MessageType.RECEIPT, payload, agency.kit_key),
        jws.sign(MessageType.DIRECTORY, payload, agency.kit_key, carry_key=True),
    ):
        with pytest.raises(MessageMalformed, match="type"):
            read_manifest(token, agency.verified_directory())


INIT, MEDIA, NOTE = (PartEntry(n, kind, "0" * 64, 1, 0) for n, kind in enumerate(PartKind))


@pytest.mark.parametrize("ended", [Ended.STOPPED, Ended.INTERRUPTED, Ended.SPOOL_DAMAGED])
@pytest.mark.parametrize("parts", [(), (INIT,), (INIT, MEDIA, NOTE), (INIT, replace(NOTE, number=1))])
def test_orders_that_are_right(agency: Agency, film: Film, parts: tuple[PartEntry, ...], ended: Ended) -> None:
    manifest = replace(film.signed, parts=parts, ended=ended)
    assert read_manifest(sign_manifest(manifest, agency.kit_key), agency.verified_directory()) == manifest


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((INIT, NOTE, MEDIA), "out of order"),
        ((INIT, MEDIA, MEDIA), "out of order"),
        ((INIT, NOTE), "leaves part numbers out"),
        ((MEDIA, NOTE), "leaves part numbers out"),
        ((replace(MEDIA, number=0),), "not the init part"),
        ((INIT, replace(INIT, number=1)), "not the first"),
    ],
)
def test_orders_that_are_wrong_whoever_signed(
    agency: Agency, film: Film, parts: tuple[PartEntry, ...], message: str
) -> None:
    with pytest.raises(MessageMalformed, match=message):
        read_manifest(sign_manifest(replace(film.signed, parts=parts), agency.kit_key), agency.verified_directory())


@pytest.mark.parametrize("parts", [(INIT, NOTE), (MEDIA, NOTE), (NOTE,)])
def test_a_damaged_spool_may_leave_numbers_out(agency: Agency, film: Film, parts: tuple[PartEntry, ...]) -> None:
    manifest = replace(film.signed, parts=parts, ended=Ended.SPOOL_DAMAGED)
    assert read_manifest(sign_manifest(manifest, agency.kit_key), agency.verified_directory()) == manifest


def test_a_damaged_spool_may_not_disorder(agency: Agency, film: Film) -> None:
    manifest = replace(film.signed, parts=(NOTE, MEDIA), ended=Ended.SPOOL_DAMAGED)
    with pytest.raises(MessageMalformed, match="out of order"):
        read_manifest(sign_manifest(manifest, agency.kit_key), agency.verified_directory())


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"ended": "exploded"},
        {"parts": None},
        {"parts": [{}]},
        {"opening": None},
        {"opening.extra": "a name"},
        {"opening.format": 2},
        {"opening.film": "not-a-uuid"},
        {"opening.film": "00000000-0000-1000-8000-000000000000"},  # a UUID, but of version 1
        {"opening.kit": "Kit 1"},
        {"opening.kit": "kit\n"},
        {"opening.kind": "party"},
        {"opening.directory_version": -1},
        {"opening.directory_version": "1"},
        {"opening.recipients": ["abc"]},
        {"opening.film_key": "A" * 64},
        {"opening.started_at": "2026-11-20 10:00:00"},
        {"opening.started_at": "2026-11-20T10:00:00Z\n"},
        {"opening.clock": "wrong"},
    ],
)
def test_even_the_kit_must_keep_to_the_form(agency: Agency, film: Film, change: dict[str, Any]) -> None:
    message: dict[str, Any] = msgspec.to_builtins(film.signed)
    for path, value in change.items():
        *above, name = path.split(".")
        (message[above[0]] if above else message)[name] = value
    token = jws.sign(MessageType.MANIFEST, msgspec.json.encode(message), agency.kit_key)
    with pytest.raises(MessageMalformed):
        read_manifest(token, agency.verified_directory())


@pytest.mark.parametrize("token", ["", "..", "manifest", "e30.e30.e30", "\ufffd"])
def test_garbage(agency: Agency, token: str) -> None:
    with pytest.raises(SignedMessageError):
        read_manifest(token, agency.directory())


def test_the_server_learns_no_more_than_this() -> None:
    """The manifest is readable; a field more must be a decision, not a slip."""
    manifest: dict[str, Any] = msgspec.to_builtins(make_film(Agency()).signed)
    assert list(manifest) == ["opening", "ended", "parts"] == [field.name for field in msgspec.structs.fields(Manifest)]
    opening = "format film kit kind directory_version recipient recipients film_key started_at clock"
    assert list(manifest["opening"]) == opening.split()
    assert list(manifest["parts"][0]) == ["number", "kind", "sha256", "size", "duration_ms"]
    assert [kind.value for kind in FilmKind] == ["interaction", "shared review", "supervision"]
