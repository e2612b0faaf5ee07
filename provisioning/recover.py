"""Verify and open every film of a store with the recovery identity. Needs no service, no kit and no network."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from footage.age import Identity, parse_identity
from footage.directory import Directory
from footage.errors import FootageError
from footage.film import VerifiedFilm, verify_film
from footage.notes import NoteEvent, decode_note
from footage.parts import PartKind
from footage.receipt import read_receipt
from provisioning.agency import ROOT_LINE
from provisioning.errors import ProvisioningError, RecoveryIdentityInvalid
from provisioning.movie import write_movie
from provisioning.store_films import Store, StoredFilm


class RecoveryFile(NamedTuple):
    """The recovery identity, and the root that its file pins (empty if it pins none)."""

    identity: Identity
    root: str


NOTHING_FILMED = "nothing-filmed"


class Outcome(NamedTuple):
    """What became of one film: a movie, or the `code` and text of why there is none."""

    film: str
    movie: Path | None = None
    ended: str = ""
    duration_ms: int = 0
    parts: int = 0
    bytes: int = 0
    moments_ms: tuple[int, ...] = ()
    receipt_verified: bool = False
    code: str = ""
    problem: str = ""

    @property
    def refused(self) -> bool:
        """Whether there should be a movie and is none. A film that ended before its first second has none to give."""
        return self.movie is None and self.code != NOTHING_FILMED


def read_recovery_file(path: Path) -> RecoveryFile:
    """Read an age identity file. Raises `RecoveryIdentityInvalid`, whose message never quotes the file."""
    try:
        lines = path.read_text("utf-8").splitlines()
        identities = [parse_identity(line.strip()) for line in lines if line.strip() and not line.startswith("#")]
    except (OSError, UnicodeDecodeError, FootageError) as reason:
        raise RecoveryIdentityInvalid(f"{path} holds no recovery identity: {reason}") from None
    if len(identities) != 1:
        raise RecoveryIdentityInvalid(f"{path} holds {len(identities)} identities. One is needed.")
    roots = [line.removeprefix(ROOT_LINE).strip() for line in lines if line.startswith(ROOT_LINE)]
    return RecoveryFile(identities[0], roots[0] if roots else "")


def recover_film(
    film: StoredFilm, directory: Directory, identity: Identity, out: Path, progress: Callable[[int], None]
) -> Outcome:
    """Verify one film and write `film-ID.mp4` and `film-ID.json` (its notes) to `out`.

    `progress` is told the sealed bytes of each part that was opened. A film that can't be opened is an outcome too.
    """
    try:
        verified = verify_film(film.film, film, directory)
        return _open(film, verified, directory, identity, out, progress)
    except (FootageError, ProvisioningError) as reason:
        return Outcome(film.film, code=reason.code, problem=str(reason))


def sealed_bytes(store: Store) -> int:
    """Return how many bytes of parts the store holds, for a progress bar."""
    return sum(file.stat().st_size for file in store.folder.glob("films/*/parts/*"))


def _open(
    film: StoredFilm,
    verified: VerifiedFilm,
    directory: Directory,
    identity: Identity,
    out: Path,
    progress: Callable[[int], None],
) -> Outcome:
    manifest = verified.manifest

    def opened(*kinds: PartKind) -> Iterator[bytes]:
        for entry, plaintext in verified.opened_parts([identity], kinds):
            progress(entry.size)
            yield plaintext

    notes = [decode_note(plaintext) for plaintext in opened(PartKind.NOTE)]
    moments = [note.at_ms for note in notes if note.event is NoteEvent.MOMENT]
    if not any(entry.kind is PartKind.MEDIA for entry in manifest.parts):
        return Outcome(film.film, ended=manifest.ended.value, code=NOTHING_FILMED, problem="It ended at once.")
    movie = out / f"film-{film.film}.mp4"
    write_movie(opened(PartKind.INIT, PartKind.MEDIA), movie)
    text = json.dumps({"film": film.film, "notes": msgspec.to_builtins(notes)}, indent=2)
    movie.with_suffix(".json").write_text(text + "\n", "utf-8")
    return Outcome(
        film.film,
        movie,
        manifest.ended.value,
        manifest.duration_ms,
        len(manifest.parts),
        manifest.size,
        tuple(moments),
        _receipt_verified(film, directory),
    )


def _receipt_verified(film: StoredFilm, directory: Directory) -> bool:
    receipt, manifest = film.receipt(), film.manifest()
    if receipt is None or manifest is None:
        return False
    try:
        read_receipt(receipt.decode("ascii"), directory, film=film.film, manifest=manifest.decode("ascii"))
    except (FootageError, UnicodeDecodeError):
        return False
    return True
