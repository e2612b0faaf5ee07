"""Writes the golden films and the broken ones, `vectors.json`, and the bytes of the worked example in the docs.

    python -m tests.vectors.generate

The list of files is always the same; keys, nonces and so all bytes are new each time.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from footage import jws
from footage.age import HybridIdentity, Sealer, X25519Identity
from footage.directory import Directory
from footage.film_key import film_sealer, seal_film_key
from footage.jws import MessageType
from footage.manifest import ClockStatus, Ended, FilmKind, sign_manifest
from footage.messages import encode
from footage.notes import Note, NoteEvent, encode_note
from footage.parts import PartKind, media_padding
from tests.footage.builders import Agency, Film, Opened, make_film, sha256
from tests.vectors.worked_example import write_example

HERE = Path(__file__).parent
MEDIA_STEP = 512

Json = dict[str, Any]


def generate() -> None:
    """Write everything below this folder anew."""
    for folder in ("films", "directories"):
        shutil.rmtree(HERE / folder, ignore_errors=True)
        (HERE / folder).mkdir()
    agency, staff, stranger = Agency(), HybridIdentity.generate(), HybridIdentity.generate()
    identities = {"recovery": agency.recovery, "staff": staff, "stranger": stranger}
    write_directories(agency, staff)
    films = golden_films(agency, staff) | broken_films(agency)
    for name, film in films.items():
        film.write(HERE / "films" / name)
    for name in GOLDEN:
        (HERE / "films" / name / "receipt.jws").write_text(films[name].signed_receipt())
    description = {
        "about": "Golden films and broken ones. README.md explains the fields. ALL KEYS ARE FOR TESTS ONLY.",
        "identities": {name: identity.text for name, identity in identities.items()},
        "vectors": vectors(agency.root_thumbprint, films),
    }
    (HERE / "vectors.json").write_text(json.dumps(description, indent=2, ensure_ascii=False) + "\n")
    write_example()


# directories ------------------------------------------------------------------------------------------------


def write_directories(agency: Agency, staff: HybridIdentity) -> None:
    """Write the directories, `version-2` being the current one."""
    both = [agency.recovery.recipient.text, staff.recipient.text]
    classic = X25519Identity.generate().recipient.text
    current = agency.directory(version=2, recipients=both)
    directories: dict[str, Directory] = {
        "version-1": agency.directory(version=1),
        "version-2": current,
        "version-2-other-content": agency.directory(version=2),
        "version-3-kit-revoked": agency.directory(version=3, recipients=both, revoked=True),
        "version-3-without-the-kit": replace(current, version=3, kits=()),
        "version-3-mixed-recipients": agency.directory(version=3, recipients=[*both, classic]),
        "version-3-no-recipients": agency.directory(version=3, recipients=[]),
    }
    for name, directory in directories.items():
        # Not by `sign_directory`, which rightly refuses some of these.
        token = jws.sign(MessageType.DIRECTORY, encode(directory), agency.root, carry_key=True)
        (HERE / "directories" / f"{name}.jws").write_text(token)
    foreign = jws.sign(MessageType.DIRECTORY, encode(current), Agency().root, carry_key=True)
    (HERE / "directories" / "another-root.jws").write_text(foreign)


# films ------------------------------------------------------------------------------------------------------


def golden_films(agency: Agency, staff: HybridIdentity) -> dict[str, Film]:
    """One film for the recovery identity, and one that was cut off, on a kit without a clock, for two."""
    both = [agency.recovery.recipient.text, staff.recipient.text]
    cut_off = make_film(agency, parts=opened_parts()[:3], ended=Ended.INTERRUPTED, recipients=both)
    opening = replace(
        cut_off.signed.opening,
        kind=FilmKind.SUPERVISION,
        directory_version=2,
        started_at="1970-01-01T00:00:41Z",
        clock=ClockStatus.UNSYNCHRONISED,
    )
    cut_off.sign(replace(cut_off.signed, opening=opening))
    return {"golden-stopped": make_film(agency, parts=opened_parts()), "golden-interrupted": cut_off}


def broken_films(agency: Agency) -> dict[str, Film]:
    """One whole film each, broken in one way."""
    films: dict[str, Film] = {}
    for name, (_, _, break_it) in BROKEN.items():
        films[name] = make_film(agency, parts=opened_parts()[:3])
        break_it(films[name])
    return films


def opened_parts() -> list[Opened]:
    """Plaintexts: an init part, media, a note, media."""
    return [
        (PartKind.INIT, 0, b"\0\0\0\x10ftypiso6\0\0\0\0" + b"\0\0\0\x08moov"),
        (PartKind.MEDIA, 1000, media(b"the first second")),
        (PartKind.NOTE, 0, encode_note(Note(1, NoteEvent.MOMENT, 1250))),
        (PartKind.MEDIA, 960, media(b"the second second")),
    ]


def media(data: bytes) -> bytes:
    """Two boxes of the right form and no meaning, padded."""
    boxes = b"\0\0\0\x08moof" + (8 + len(data)).to_bytes(4, "big") + b"mdat" + data
    return boxes + media_padding(len(boxes), MEDIA_STEP)


def truncated(film: Film) -> None:
    film.parts[1] = film.parts[1][: len(film.parts[1]) // 2]


def swapped(film: Film) -> None:
    film.parts[1], film.parts[2] = film.parts[2], film.parts[1]


def reordered(film: Film) -> None:
    first, second, third = film.signed.parts
    film.sign(replace(film.signed, parts=(first, third, second)))


def missing_part(film: Film) -> None:
    del film.parts[1]


def foreign_part(film: Film) -> None:
    film.parts[1] = bytes(Sealer([film.identity.recipient]).seal(film.opened[1][2]))


def film_key_of_another_film(film: Film) -> None:
    film.sealed_key = make_film(film.agency).sealed_key


def signed_film_key_of_another_film(film: Film) -> None:
    other = make_film(film.agency).sealed_key
    assert other is not None
    film.replace_key(other)


def signed_film_key_with_another_identity(film: Film) -> None:
    sealer = film_sealer([film.agency.recovery.recipient.text])
    film.replace_key(seal_film_key(film.film, HybridIdentity.generate(), sealer))


def missing_film_key(film: Film) -> None:
    film.sealed_key = None


def forged_manifest(film: Film) -> None:
    film.token = sign_manifest(film.signed, Agency().kit_key)


def manifest_of_another_film(film: Film) -> None:
    film.token = make_film(film.agency, parts=film.opened).token


def receipt_as_manifest(film: Film) -> None:
    film.token = film.signed_receipt()


def missing_manifest(film: Film) -> None:
    film.token = None


GOLDEN = ("golden-stopped", "golden-interrupted")

# name: (expected error, what it is, how a whole film is broken)
BROKEN: dict[str, tuple[str, str, Callable[[Film], None]]] = {
    "truncated": ("part-truncated", "part 1 was cut in half", truncated),
    "swapped": ("part-misplaced", "parts 1 and 2 changed places in the folder", swapped),
    "reordered": ("message-malformed", "the manifest, truly signed, lists part 2 before part 1", reordered),
    "missing-part": ("part-missing", "part 1 is gone", missing_part),
    "foreign-part": ("part-foreign", "part 1 was sealed to the film's recipient by somebody else", foreign_part),
    "wrong-film-key": ("wrong-film-key", "film.key is another film's", film_key_of_another_film),
    "signed-film-key-of-another-film": (
        "wrong-film-key",
        "film.key is another film's, and the manifest, truly signed, has its hash",
        signed_film_key_of_another_film,
    ),
    "signed-film-key-with-another-identity": (
        "wrong-film-key",
        "film.key names this film and has the signed hash, but holds another identity than the film's recipient",
        signed_film_key_with_another_identity,
    ),
    "missing-film-key": ("film-key-missing", "film.key is gone", missing_film_key),
    "forged-manifest": ("manifest-forged", "the manifest is signed by another key than the kit's", forged_manifest),
    "manifest-of-another-film": (
        "wrong-film",
        "a true manifest, but of another film of the kit",
        manifest_of_another_film,
    ),
    "receipt-as-manifest": ("message-malformed", "a true receipt in the manifest's place", receipt_as_manifest),
    "missing-manifest": ("manifest-missing", "the manifest is not there yet", missing_manifest),
}

# name: (expected error, what it is, directory, accepted directory); the film is a golden one
BAD_DIRECTORIES: dict[str, tuple[str, str, str, str | None]] = {
    "rolled-back-directory": (
        "directory-rolled-back",
        "the directory has version 1, but version 2 was accepted before",
        "version-1",
        "version-2",
    ),
    "two-directories-of-one-version": (
        "directory-rolled-back",
        "the directory is another one than the accepted one of the same version",
        "version-2-other-content",
        "version-2",
    ),
    "directory-of-another-root": (
        "directory-forged",
        "the same directory, signed by another root, whose key it carries",
        "another-root",
        None,
    ),
    "kit-unknown": ("kit-unknown", "no kit is listed", "version-3-without-the-kit", "version-2"),
    "mixed-recipients": (
        "mixed-recipients",
        "a truly signed directory lists post-quantum recipients and a classic one",
        "version-3-mixed-recipients",
        "version-2",
    ),
    "no-recipients": (
        "no-recipients",
        "a truly signed directory lists nobody",
        "version-3-no-recipients",
        None,
    ),
}


# what must come out -----------------------------------------------------------------------------------------


def vectors(root: str, films: dict[str, Film]) -> list[Json]:
    """Describe every vector."""
    stopped, interrupted = (films[name] for name in GOLDEN)

    def vector(name: str, about: str, of: Film, expected: Json, **changes: str | None) -> Json:
        usual = {
            "name": name,
            "about": about,
            "root": root,
            "directory": "directories/version-2.jws",
            "accepted_directory": None,
            "film": of.film,
            "folder": f"films/{name}",
            "identity": "recovery",
        }
        return {**usual, **changes, "expected": expected}

    described = [
        vector("golden-stopped", "a whole film, ended by a button", stopped, contents(stopped)),
        vector("golden-interrupted", "a whole film, closed after a power cut", interrupted, contents(interrupted)),
        vector(
            "opened-by-staff",
            "the second recipient opens it too; the directory was accepted before",
            interrupted,
            contents(interrupted),
            folder="films/golden-interrupted",
            identity="staff",
            accepted_directory="directories/version-2.jws",
        ),
        vector(
            "kit-revoked",
            "what a kit filmed before it was revoked stays valid",
            stopped,
            contents(stopped),
            folder="films/golden-stopped",
            directory="directories/version-3-kit-revoked.jws",
            accepted_directory="directories/version-2.jws",
        ),
        vector(
            "opened-by-a-stranger",
            "an identity to which film.key is not sealed",
            stopped,
            {"error": "no-identity-matched"},
            folder="films/golden-stopped",
            identity="stranger",
        ),
    ]
    for name, (code, about, _) in BROKEN.items():
        described.append(vector(name, about, films[name], {"error": code}))
    for name, (code, about, directory, accepted) in BAD_DIRECTORIES.items():
        changes: dict[str, str | None] = {
            "directory": f"directories/{directory}.jws",
            "accepted_directory": f"directories/{accepted}.jws" if accepted else None,
            "folder": "films/golden-stopped",
        }
        described.append(vector(name, about, stopped, {"error": code}, **changes))
    return described


def contents(film: Film) -> Json:
    """What a golden film holds."""
    parts = [
        {
            "number": number,
            "kind": kind,
            "duration_ms": duration_ms,
            "opened_size": len(plaintext),
            "opened_sha256": sha256(plaintext),
        }
        for number, (kind, duration_ms, plaintext) in enumerate(film.opened)
    ]
    return {
        "ended": film.signed.ended,
        "kind": film.signed.opening.kind,
        "duration_ms": film.signed.duration_ms,
        "parts": parts,
        "receipt": True,
    }


if __name__ == "__main__":
    generate()
