"""The recorder without camera and panel: takes a film from a file onto the spool, as fast as it can be sealed.

On stdout it says, as JSON lines, what is durable, as soon as the spool has said so. Run it as
`python -m tests.rigs.fast_recorder KIT_TOML ENCODED_FILM`.
"""

import json
import sys
from pathlib import Path

from device.config import KitConfig, read_config
from device.film_starter import FilmStarter
from device.sealed_film import SealedFilm
from device.spool import Spool
from footage.manifest import Ended, Manifest
from footage.notes import NoteEvent
from tests.rigs.announced import Announce, AnnouncedFilm
from tests.rigs.footage_source import EncodedFilm, read_encoded_film


def kit_spool(config: KitConfig) -> Spool:
    """Return the kit's spool."""
    return Spool(config.spool, reserve=config.reserve_bytes, last_film=config.status / "last-film")


def record(config: KitConfig, encoded: EncodedFilm, announce: Announce = lambda *_: None) -> Manifest:
    """Take a whole film onto the kit's spool, with consent at its beginning and a moment in its middle."""
    spool = kit_spool(config)
    starter = FilmStarter(config, spool)
    spooled, opening = starter.begin()
    starter.close()
    sealed = SealedFilm(spool, AnnouncedFilm(spooled.folder, announce), opening, encoded.picture, encoded.sound)
    sealed.note(NoteEvent.CONSENT_GIVEN)
    for number, packet in enumerate(encoded.packets):
        sealed.add(packet)
        if number == len(encoded.packets) // 2:
            sealed.note(NoteEvent.MOMENT)
    sealed.finish()
    manifest = sealed.close(Ended.STOPPED, config.kit_key())
    assert manifest is not None
    return manifest


def main() -> None:
    """Record one film, as `kit-device recorder` would after its start."""
    config = read_config(Path(sys.argv[1]))
    spool = kit_spool(config)
    spool.claim()
    assert list(spool.recover(config.kit_key())) == []
    record(config, read_encoded_film(Path(sys.argv[2])), lambda *words: print(json.dumps(words), flush=True))


if __name__ == "__main__":
    main()
