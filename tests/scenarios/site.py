"""A site for tests: the agency's running service, and a kit beside it."""

from msgspec.structs import replace

from device.agency import Agency
from device.config import KitConfig
from device.film_starter import FilmStarter
from device.sealed_film import SealedFilm
from device.spool import Spool
from device.spooled_film import SpooledFilm
from device.status import UplinkStatus
from device.uplink.uplink import Uplink
from footage import durable
from footage.directory import sign_directory
from footage.keys import key_from_pem
from footage.manifest import Ended
from footage.parts import PartKind, PartName
from provisioning.recover import Outcome, read_recovery_file, recover_film
from provisioning.store_films import Store
from tests.device.kit import PICTURE, packets, sound
from tests.scenarios.stack import PASSPHRASE, Stack


class Site:
    """A running service and a kit whose uplink runs step by step in the test."""

    def __init__(
        self, stack: Stack, address: str, config: KitConfig | None = None, agency: Agency | None = None
    ) -> None:
        """With the stack's own kit and a connection to the service, unless others are given."""
        self.stack = stack
        if config is None:
            stack.add_kit(address)
        self.config = config or stack.config
        self.spool = Spool(self.config.spool, reserve=0, last_film=self.config.status / "last-film")
        self.statuses: list[UplinkStatus] = []
        self.agency = agency or Agency(self.config.service, self.config.kit, self.config.kit_key())
        self.now = 0.0
        self.uplink = Uplink(self.config, self.spool, self.agency, self.statuses.append, clock=lambda: self.now)

    def film(self, *, close: bool = True) -> SpooledFilm:
        """A film of four seconds on the kit."""
        starter = FilmStarter(self.config, self.spool)
        spooled, opening = starter.begin()
        starter.close()
        film = SealedFilm(self.spool, spooled, opening, PICTURE, sound())
        for packet in packets():
            film.add(packet)
        if close:
            film.finish()
            film.close(Ended.STOPPED, self.config.kit_key())
        return spooled

    def receipt(self, film: SpooledFilm) -> str:
        """Send a film and keep its receipt, as an uplink that crashes then."""
        self.agency.put_key(film.film, film.film_key())
        for name in film.part_names():
            self.agency.put_part(film.film, name, film.part(name) or b"")
        receipt = self.agency.put_manifest(film.film, film.manifest())
        film.keep_receipt(receipt)
        return receipt

    def store_another_part(self, film: SpooledFilm) -> None:
        """Let the service have a part of the film that is not the kit's."""
        other = b"other bytes"
        self.agency.put_part(film.film, PartName.of(1, PartKind.MEDIA, 1000, other), other)

    def publish(self, **changes: object) -> None:
        """Let the root sign a changed directory, and the service have it."""
        folder = self.stack.agency.folder
        root = key_from_pem((folder / "root.key.pem").read_bytes(), PASSPHRASE)
        directory = self.stack.agency.directory()
        changed = replace(directory, **{"version": directory.version + 1, **changes})
        durable.write_file(folder / "directory.jws", sign_directory(changed, root).encode())

    def recovered(self) -> list[Outcome]:
        """All films of the store, opened."""
        recovery = read_recovery_file(self.stack.agency.folder / "recovery.txt")
        store = Store(self.stack.data)
        directory = store.directory(recovery.root)
        out = self.stack.folder
        return [recover_film(film, directory, recovery.identity, out, lambda _count: None) for film in store.films()]
