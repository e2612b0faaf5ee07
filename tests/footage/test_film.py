"""Opening a film, and every way in which its files can disagree. `tests/vectors` has the same as files."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from footage.age import HybridIdentity, Sealer
from footage.errors import (
    FilmKeyMissing,
    FootageError,
    HeaderInvalid,
    KitUnknown,
    ManifestForged,
    ManifestMissing,
    MessageMalformed,
    NoIdentityMatched,
    PartForeign,
    PartMisplaced,
    PartMissing,
    PartTruncated,
    WrongFilm,
    WrongFilmKey,
)
from footage.film import verify_film
from footage.film_key import film_sealer, seal_film_key
from footage.manifest import sign_manifest
from tests.footage.builders import Agency, Film, make_film, sha256


def opened(film: Film) -> list[bytes]:
    verified = verify_film(film.film, film, film.agency.verified_directory())
    return [plaintext for _, plaintext in verified.opened_parts([film.agency.recovery])]


def test_a_whole_film_opens(film: Film) -> None:
    assert opened(film) == [plaintext for _, _, plaintext in film.opened]


def test_a_film_of_no_parts_opens(agency: Agency) -> None:
    assert opened(make_film(agency, parts=[])) == []


def test_verified_sealed_parts_need_no_identity(film: Film) -> None:
    verified = verify_film(film.film, film, film.agency.verified_directory())
    assert [sealed for _, sealed in verified.sealed_parts()] == list(film.parts.values())


def test_another_identity_opens_nothing(film: Film) -> None:
    verified = verify_film(film.film, film, film.agency.verified_directory())
    with pytest.raises(NoIdentityMatched):
        next(verified.opened_parts([HybridIdentity.generate(), film.identity]))


def no_manifest(film: Film) -> None:
    film.token = None


def forged_manifest(film: Film) -> None:
    film.token = sign_manifest(film.signed, Agency().kit_key)


def not_a_manifest(film: Film) -> None:
    film.token = film.agency.signed_directory()


def manifest_of_an_unknown_kit(film: Film) -> None:
    film.sign(replace(film.signed, opening=replace(film.signed.opening, kit="kit-0002")))


def another_films_manifest(film: Film) -> None:
    film.token = make_film(film.agency).token


def no_film_key(film: Film) -> None:
    film.sealed_key = None


def another_films_film_key(film: Film) -> None:
    film.sealed_key = make_film(film.agency).sealed_key


def film_key_sealed_again(film: Film) -> None:
    """The right identity, but not the file that the kit signed."""
    film.sealed_key = seal_film_key(film.film, film.identity, film_sealer([film.agency.recovery.recipient.text]))


def signed_film_key_of_another_film(film: Film) -> None:
    other = make_film(film.agency).sealed_key
    assert other is not None
    film.replace_key(other)


def signed_film_key_with_another_identity(film: Film) -> None:
    sealer = film_sealer([film.agency.recovery.recipient.text])
    film.replace_key(seal_film_key(film.film, HybridIdentity.generate(), sealer))


def signed_film_key_for_others(film: Film) -> None:
    sealer = film_sealer([HybridIdentity.generate().recipient.text])
    film.replace_key(seal_film_key(film.film, film.identity, sealer))


def missing_part(film: Film) -> None:
    del film.parts[2]


def cut_part(film: Film) -> None:
    film.parts[3] = film.parts[3][:-1]


def empty_part(film: Film) -> None:
    film.parts[0] = b""


def swapped_parts(film: Film) -> None:
    film.parts[1], film.parts[3] = film.parts[3], film.parts[1]


def repeated_part(film: Film) -> None:
    film.parts[3] = film.parts[1]


def foreign_part(film: Film) -> None:
    """Sealed to the film's own recipient, as anybody can."""
    film.parts[1] = bytes(Sealer([film.identity.recipient]).seal(film.opened[1][2]))


def longer_part(film: Film) -> None:
    film.parts[1] += b"\0"


def changed_part(film: Film) -> None:
    film.parts[1] = film.parts[1][:-1] + bytes([film.parts[1][-1] ^ 1])


def signed_part_that_is_no_age_file(film: Film) -> None:
    film.parts[0] = b"plain"
    first = replace(film.signed.parts[0], sha256=sha256(b"plain"), size=5)
    film.sign(replace(film.signed, parts=(first, *film.signed.parts[1:])))


def signed_part_for_others(film: Film) -> None:
    sealed = bytes(Sealer([HybridIdentity.generate().recipient]).seal(b"x"))
    film.parts[0] = sealed
    first = replace(film.signed.parts[0], sha256=sha256(sealed), size=len(sealed))
    film.sign(replace(film.signed, parts=(first, *film.signed.parts[1:])))


@pytest.mark.parametrize(
    ("break_it", "error"),
    [
        (no_manifest, ManifestMissing),
        (forged_manifest, ManifestForged),
        (not_a_manifest, MessageMalformed),
        (manifest_of_an_unknown_kit, KitUnknown),
        (another_films_manifest, WrongFilm),
        (no_film_key, FilmKeyMissing),
        (another_films_film_key, WrongFilmKey),
        (film_key_sealed_again, WrongFilmKey),
        (signed_film_key_of_another_film, WrongFilmKey),
        (signed_film_key_with_another_identity, WrongFilmKey),
        (signed_film_key_for_others, NoIdentityMatched),
        (missing_part, PartMissing),
        (cut_part, PartTruncated),
        (empty_part, PartTruncated),
        (swapped_parts, PartMisplaced),
        (repeated_part, PartMisplaced),
        (foreign_part, PartForeign),
        (longer_part, PartForeign),
        (changed_part, PartForeign),
        (signed_part_that_is_no_age_file, HeaderInvalid),
        (signed_part_for_others, NoIdentityMatched),
    ],
    ids=lambda value: value.__name__,
)
def test_broken_films(film: Film, break_it: Callable[[Film], None], error: type[FootageError]) -> None:
    break_it(film)
    with pytest.raises(error) as raised:
        opened(film)
    assert type(raised.value) is error


def test_a_superfluous_part_is_not_read(film: Film) -> None:
    film.parts[4] = b"not in the manifest"
    assert opened(film) == [plaintext for _, _, plaintext in film.opened]


def test_parts_before_a_broken_one_are_still_given(film: Film) -> None:
    """So that a film with one lost part is not lost as a whole."""
    missing_part(film)
    verified = verify_film(film.film, film, film.agency.verified_directory())
    parts = verified.opened_parts([film.agency.recovery])
    assert [next(parts)[1], next(parts)[1]] == [film.opened[0][2], film.opened[1][2]]
    with pytest.raises(PartMissing):
        next(parts)
