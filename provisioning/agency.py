"""The agency's folder, kept by IT and offline where it can be.

root.key.pem          signs the directory and nothing else; wrapped by a passphrase
recovery.txt          the recovery identity: print it, lock it away, delete the file
receipt.key.pem       for the service; signs receipts
directory.jws         for the service, which hands it to the kits
authority.pem         who signs the service's TLS certificate; kits trust no other (none: whom their system trusts)
kits/KIT/             for the kit: kit.toml, kit.key.pem, directory.jws, authority.pem
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from msgspec.structs import replace

from device.config import AUTHORITY, new_settings
from footage import durable
from footage.age import HybridIdentity
from footage.authority import check_valid, read_authority
from footage.directory import Directory, KitEntry, Policy, RecipientEntry, read_directory, sign_directory
from footage.enrolment import WaitingKit
from footage.errors import FootageError
from footage.keys import from_jwk, key_from_pem, key_to_pem, new_key, thumbprint, to_jwk
from footage.messages import timestamp
from provisioning.errors import AgencyInvalid, KitExists

ROOT_LINE = "# agency root: "


def read_valid(authority: Path) -> str:
    """Return an authority's PEM text. Raises `AuthorityInvalid`, `AuthorityExpired`, `OSError`."""
    pem = read_authority(authority.read_bytes())
    check_valid(pem, datetime.now(UTC))
    return pem


class Agency:
    """An agency's folder whose root key has been unlocked."""

    def __init__(self, folder: Path, root: EllipticCurvePrivateKey) -> None:
        self.folder = folder
        self._root = root

    @classmethod
    def create(cls, folder: Path, passphrase: bytes, authority: str = "") -> "Agency":
        """Make a new agency, and pin an authority (PEM text) for its kits, if there is one.

        Raises `AgencyInvalid` if the folder holds anything; keys are never overwritten.
        """
        if folder.exists() and any(folder.iterdir()):
            raise AgencyInvalid(f"{folder} is not empty. Name a new folder; an agency is made once.")
        durable.make_folder(folder)
        root, receipt_key, recovery = _new_root(), new_key(), HybridIdentity.generate()
        agency = cls(folder, root)
        durable.write_file(folder / "root.key.pem", key_to_pem(root, passphrase))
        durable.write_file(folder / "receipt.key.pem", key_to_pem(receipt_key))
        durable.write_file(folder / "recovery.txt", _recovery_text(recovery, agency.root).encode())
        if authority:
            durable.write_file(folder / AUTHORITY, authority.encode("ascii"))
        agency._publish(
            Directory(
                format=1,
                version=0,  # the first is published as 1
                issued_at=timestamp(datetime.now(UTC)),
                kits=(),
                recipients=(RecipientEntry("recovery", "recovery", recovery.recipient.text),),
                receipt_keys=(to_jwk(receipt_key.public_key()),),
            )
        )
        return agency

    @classmethod
    def unlock(cls, folder: Path, passphrase: bytes) -> "Agency":
        """Open an agency's folder. Raises `AgencyInvalid`, and `KeyUnreadable` for a wrong passphrase."""
        try:
            pem = (folder / "root.key.pem").read_bytes()
        except OSError as reason:
            raise AgencyInvalid(f"{folder} is no agency ({reason.strerror}). Make one with `kit init`.") from None
        return cls(folder, key_from_pem(pem, passphrase))

    @property
    def root(self) -> str:
        """The root's thumbprint, which kits and service pin."""
        return thumbprint(self._root.public_key())

    def directory(self) -> Directory:
        """Return the directory as last signed. Raises `AgencyInvalid`."""
        try:
            return read_directory((self.folder / "directory.jws").read_text("ascii"), self.root)
        except (OSError, FootageError) as reason:
            raise AgencyInvalid(f"The directory can't be read: {reason}. Restore it from the service.") from None

    def add_kit(self, kit: str, service: str, *, authority: str = "", simulated: bool = False) -> Path:
        """Make a kit's key and settings, sign the next directory, and return the kit's folder. Raises `KitExists`.

        It is pinned to the `authority` (PEM text), or else to the agency's, if that has one. A `simulated` kit keeps
        what it writes in its own folder instead of the system's.
        """
        directory = self.directory()
        if directory.entry(kit):
            raise KitExists(f"Kit {kit} is in the directory already. Choose another name.")
        folder = self.folder / "kits" / kit
        key = new_key()
        authority = authority or self._authority()
        settings = new_settings(kit, service.rstrip("/"), self.root, pinned=bool(authority), simulated=simulated)
        durable.make_folder(folder)
        durable.write_file(folder / "kit.key.pem", key_to_pem(key))
        if authority:
            durable.write_file(folder / AUTHORITY, authority.encode("ascii"))
        durable.write_file(folder / "kit.toml", settings)
        self._publish(replace(directory, kits=(*directory.kits, KitEntry(kit, to_jwk(key.public_key())))))
        durable.write_file(folder / "directory.jws", (self.folder / "directory.jws").read_bytes())
        return folder

    def admit(self, waiting: Iterable[WaitingKit]) -> Directory:
        """Sign the next directory with these kits, whose keys they made themselves; return it.

        Kits that it lists already with the same key change nothing. Raises `KitExists`, `AgencyInvalid`,
        `MessageMalformed` for a key that is none.
        """
        directory = self.directory()
        kits = list(directory.kits)
        for one in waiting:
            entry = KitEntry(one.kit, to_jwk(from_jwk(one.key)))
            if entry in kits:
                continue
            if any(known.kit == entry.kit for known in kits):
                raise KitExists(f"The directory lists {one.kit} with another key, or revokes it. Choose another name.")
            if namesake := next((known.kit for known in kits if known.key == entry.key), None):
                raise KitExists(
                    f"{one.kit} has the key of {namesake}, and would outlive its revocation. Let it make a new key."
                )
            kits.append(entry)
        if len(kits) > len(directory.kits):
            self._publish(replace(directory, kits=tuple(kits)))
        return self.directory()

    def set_recipients(self, recipients: tuple[RecipientEntry, ...]) -> Directory:
        """Sign the next directory with these recipients; return it. Raises `AgencyInvalid`.

        Films that are there stay sealed to whom they were sealed to.
        """
        self._publish(replace(self.directory(), recipients=recipients))
        return self.directory()

    def decide(self, policy: Policy, valid_until: str | None) -> Directory:
        """Sign the next directory with this policy and this end (RFC 3339, or none); return it.

        Raises `AgencyInvalid`.
        """
        self._publish(replace(self.directory(), policy=policy, valid_until=valid_until))
        return self.directory()

    def _authority(self) -> str:
        """Return the authority that the agency's kits are pinned to, empty if there is none. Raises `FootageError`."""
        file = self.folder / AUTHORITY
        return read_valid(file) if file.exists() else ""

    def _publish(self, directory: Directory) -> None:
        """Sign what is to come after `directory` was changed: the next version, issued now."""
        directory = replace(directory, version=directory.version + 1, issued_at=timestamp(datetime.now(UTC)))
        durable.write_file(self.folder / "directory.jws", sign_directory(directory, self._root).encode("ascii"))


def _new_root() -> EllipticCurvePrivateKey:
    """Return a root whose thumbprint can be given on a command line: one in 64 begins with a hyphen, as options do."""
    while thumbprint((root := new_key()).public_key()).startswith("-"):
        pass
    return root


def _recovery_text(identity: HybridIdentity, root: str) -> str:
    """Return an ordinary age identity file, with the root that vouches for the films pinned in a comment."""
    return (
        "# Attune Kit recovery identity: opens every film of this agency. Print it, lock it away, delete this file.\n"
        f"{ROOT_LINE}{root}\n"
        f"# recipient: {identity.recipient.text}\n"
        f"{identity.text}\n"
    )
