"""`film.key`: the identity of one film, sealed to the agency's recipients, and forgotten by whoever made it.

Its plaintext is an ordinary age identity file, so that the stock tool opens a film without our software:

    age --decrypt --identity recovery.txt film.key > film.txt
    age --decrypt --identity film.txt 00001
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from footage.age import HybridIdentity, HybridRecipient, Identity, Sealer, open_file
from footage.errors import FootageError, InvalidIdentity, MixedRecipients, WrongFilmKey

_FILM_LINE = "# film: "
_CHILD_SECONDS = 60  # a Pi Zero 2 W needs about two


class FilmKeyFailed(FootageError):
    """The child process that makes film identities did not answer."""

    code = "film-key-failed"


@dataclass(frozen=True, slots=True)
class FilmKey:
    """What the kit may keep of a film's identity: the public `recipient`, and the sealed file."""

    recipient: HybridRecipient
    sealed: bytes


def film_sealer(recipients: Sequence[str]) -> Sealer:
    """Return a sealer for `film.key`.

    Raises `NoRecipients`, `InvalidRecipient`, and `MixedRecipients` unless all are post-quantum.
    """
    hybrid = [HybridRecipient.parse(text) for text in recipients if text.lower().startswith("age1pq1")]
    if len(hybrid) != len(recipients):
        raise MixedRecipients(
            "Films are sealed to post-quantum recipients only. Replace each `age1…` by an `age1pq1…`."
        )
    return Sealer(hybrid)


def make_film_key(film: str, recipients: Sequence[str]) -> FilmKey:
    """Make a film identity in a short-lived child process and return what remains of it.

    Python can't wipe memory for certain; the end of a process does. Raises as `film_sealer`, and `FilmKeyFailed`.
    """
    film_sealer(recipients)  # errors have their names here; the child has only an exit code
    request = json.dumps({"film": film, "recipients": list(recipients)})
    command = [sys.executable, "-m", __name__]
    try:
        child = subprocess.run(command, input=request.encode(), capture_output=True, timeout=_CHILD_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError) as reason:
        raise FilmKeyFailed(
            f"The film's key could not be made ({type(reason).__name__}). Restart the kit; if it stays, reinstall it."
        ) from None
    recipient, sealed = child.stdout.split(b"\n", 1)
    return FilmKey(HybridRecipient.parse(recipient.decode("ascii")), sealed)


def open_film_key(sealed: bytes, film: str, recipient: str, identities: Sequence[Identity]) -> HybridIdentity:
    """Return the film's identity. Raises as `open_file`, and `WrongFilmKey` if it is not this film's."""
    text = open_file(sealed, identities).decode("utf-8", "replace")
    film_line, _, identity_line = text.rstrip("\n").partition("\n")
    if film_line != _FILM_LINE + film:
        raise WrongFilmKey("film.key belongs to another film. Restore the one of this film.")
    try:
        identity = HybridIdentity.parse(identity_line)
    except InvalidIdentity:
        raise WrongFilmKey("film.key holds no identity. Restore it from a backup.") from None
    if identity.recipient.text != recipient:
        raise WrongFilmKey("film.key holds another identity than the one that the film is sealed to.")
    return identity


def seal_film_key(film: str, identity: HybridIdentity, sealer: Sealer) -> bytes:
    """Return `film.key` for an identity."""
    return bytes(sealer.seal(f"{_FILM_LINE}{film}\n{identity.text}\n".encode()))


def _child() -> None:
    request = json.load(sys.stdin)
    identity = HybridIdentity.generate()
    sealed = seal_film_key(request["film"], identity, film_sealer(request["recipients"]))
    sys.stdout.buffer.write(identity.recipient.text.encode("ascii") + b"\n" + sealed)


if __name__ == "__main__":
    _child()
