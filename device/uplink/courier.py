"""Does one step of a film, with its files and the agency. A crash anywhere is continued by the next start.

All methods block, and may run in several threads for different steps. They raise `AgencyUnreachable`, `AgencyRefused`,
`FootageError` (a receipt or directory that proves false), `DirectoryExpired`, `SpoolFailed`, `OSError`, and
`FileNotFoundError` when the family took the film back.
"""

import hashlib
import logging
from collections.abc import Callable

from device import clock as wall_clock
from device.agency import Agency
from device.config import KitConfig
from device.errors import AgencyRefused, AgencyUnreachable
from device.expiry import refuse_expired
from device.spooled_film import FilmState, SpooledFilm
from device.uplink.known import Known
from device.uplink.plan import Kind, Step
from device.uplink.stride import Stride
from footage import durable
from footage.byte_range import ByteRange
from footage.directory import Policy, read_directory
from footage.errors import FootageError
from footage.manifest import ClockStatus
from footage.receipt import read_receipt

_KEPT = (
    "The agency's directory has expired, so a receipt proves nothing. The film stays on the kit until IT publishes a "
    "newer directory."
)

_log = logging.getLogger(__name__)


class Courier:
    """Works for one kit."""

    def __init__(
        self, config: KitConfig, agency: Agency, sent: Callable[[Step, int, int, int], None], clock: Callable[[], float]
    ) -> None:
        """`sent` is told how a part gets on, in whichever thread; what it raises ends the request.

        Of the step's part, so many first bytes are acknowledged, so many of what follows them went out, and the last
        piece of these had so many.
        """
        self._config = config
        self._agency = agency
        self._sent = sent
        self._clock = clock
        self._stride = Stride()
        self._directory = config.accepted_directory()

    @property
    def policy(self) -> Policy:
        """What the agency decided, as far as the kit knows."""
        return self._directory.policy

    def ask(self, film: SpooledFilm) -> Known:
        """Return what the service holds of a film."""
        held = self._agency.held(film.film)
        begun = {name.number: held.begun[name.sha256] for name in film.part_names() if name.sha256 in held.begun}
        return Known(held.key == hashlib.sha256(film.film_key()).hexdigest(), set(held.parts), begun)

    def do(self, step: Step, film: SpooledFilm) -> int:
        """Do a step other than asking; return the bytes of the part that it sent, 0 for anything else."""
        match step.kind:
            case Kind.KEY:
                self._agency.put_key(film.film, film.film_key())
            case Kind.PART:
                return self._send(film, step)
            case Kind.CLOSE:
                self._obtain_receipt(film)
            case Kind.ERASE:
                self._erase(film)
                self._tell_erased(film)
                film.forget(FilmState.RECEIPTED)
            case Kind.TAKE_BACK:
                film.destroy()
                self._agency.delete(film.film)
                film.forget(FilmState.TAKEN_BACK)
        return 0

    def accept_directory(self) -> int:
        """Keep the agency's directory for the recorder; return 1 if it is a new one, else 0."""
        token = self._agency.directory()
        if token is None:
            return 0
        directory = read_directory(token, self._config.agency_root, accepted=self._directory)
        if directory == self._directory:
            return 0
        durable.write_file(self._config.accepted, token.encode("ascii"))
        self._directory = directory
        _log.info("directory version %d accepted", directory.version)
        return 1

    def _send(self, film: SpooledFilm, step: Step) -> int:
        assert step.part is not None
        sealed = film.part(step.part)
        if sealed is None:  # being written, or torn by a power cut: then no manifest lists it
            return 0
        total = len(sealed)
        begin = min(step.begun, total - 1)  # if all came and it is not whole, one byte makes the service look again
        while begin < total:
            end = self._stride.end(begin, total)
            self._send_bytes(film, step, sealed, ByteRange(begin, end, total))
            begin = end
        return total

    def _send_bytes(self, film: SpooledFilm, step: Step, sealed: bytes, range_: ByteRange) -> None:
        assert step.part is not None
        part, size, gone, began = step.part, range_.end - range_.begin, 0, self._clock()

        def sent(piece: int) -> None:
            nonlocal gone
            gone += piece
            if film.is_taken_back:
                raise FileNotFoundError(film.film)
            self._sent(step, range_.begin, gone, piece)

        try:
            if size == range_.total:
                self._agency.put_part(film.film, part, sealed, sent)
            else:
                self._agency.put_range(film.film, part, sealed, range_, sent)
        except AgencyUnreachable:
            if gone:
                self._stride.failed(size)
            raise
        self._stride.arrived(size, self._clock() - began)

    def _obtain_receipt(self, film: SpooledFilm) -> None:
        manifest = film.manifest()
        receipt = self._agency.put_manifest(film.film, manifest)
        read_receipt(receipt, self._directory, film=film.film, manifest=manifest)
        film.keep_receipt(receipt)
        _log.info("film %s is with the agency", film.film)

    def _erase(self, film: SpooledFilm) -> None:
        if wall_clock.clock_status() is ClockStatus.SYNCHRONISED:  # else nobody knows, and it would never be erased
            refuse_expired(self._directory, wall_clock.now(), _KEPT)
        try:
            film.erase(self._directory)
        except FootageError:
            film.drop_receipt()  # spoilt by the card, or its key is not listed any more: the agency is asked again
            raise

    def _tell_erased(self, film: SpooledFilm) -> None:
        try:
            self._agency.post_erased(film.film)
        except AgencyRefused as refusal:
            if refusal.problem != "film-taken-back":  # withdrawn at the agency meanwhile: as gone as can be
                raise
