"""A film that a kit sends, and what the service must have of it after it has answered."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from device.agency import Agency
from device.spooled_film import SpooledFilm
from provisioning.store_films import StoredFilm
from tests.rigs.deeds import Deed, Told
from tests.rigs.opened import KitFiles, Opener

RECEIPT_ISSUED = "receipt issued"


@dataclass
class Answers(Told):
    """What the service has answered, also what no audit trail tells; `parts`: how many."""

    key: bool = False
    parts: int = 0
    receipt: str = ""
    refusals: int = 0


class SentFilm:
    """A film on a kit, whose actor in the audit trail is `kit`."""

    def __init__(self, kit: str, film: SpooledFilm) -> None:
        self.film = film.film
        self.token = film.manifest()
        self._kit = kit
        self._key = KitFiles(film.folder).film_key() or b""
        self._parts = [(name, film.part(name) or b"") for name in film.part_names()]

    def send(self, agency: Agency, answers: Answers) -> None:
        """Send it to its end. Raises as `Agency`."""
        agency.put_key(self.film, self._key)
        answers.key = True
        for name, sealed in self._parts:
            agency.put_part(self.film, name, sealed)
            answers.parts = max(answers.parts, name.number + 1)
        with answers.asking(Deed(self._kit, RECEIPT_ISSUED, f"film:{self.film}")):
            answers.receipt = agency.put_manifest(self.film, self.token)
        with answers.asking(Deed(self._kit, "erased on kit", f"film:{self.film}")):
            agency.post_erased(self.film)

    def is_whole(self, store: Path, opener: Opener) -> bool:
        """Return whether the service has it whole, under a true receipt."""
        return opener.store_has(store, self.film, self.token)

    def faults(self, agency: Agency, store: Path, answers: Answers, opener: Opener) -> Iterator[str]:
        """Yield what is not as it was answered."""
        held, stored = agency.held(self.film), StoredFilm(store / "films" / self.film)
        if answers.key and stored.film_key() != self._key:
            yield "film.key was acknowledged and is not there"
        for (number, *_), sealed in self._parts:
            listed = number in held.parts
            if number < answers.parts and not listed:
                yield f"part {number} was acknowledged and is not listed"
            if listed and held.parts[number] != hashlib.sha256(sealed).hexdigest():
                yield f"part {number} is listed with another hash"
            if listed and stored.part(number) != sealed:
                yield f"part {number} is listed, and its bytes are not there"
        if stored.receipt() is not None and not self.is_whole(store, opener):
            yield "there is a receipt without its film"
        if answers.receipt and agency.put_manifest(self.film, self.token) != answers.receipt:
            yield "the receipt is another one than before"
