"""Whether the kit is who the agency says, and whether what it knows of the agency is true and not too old."""

import os
import stat

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256

from device import clock
from device.expiry import refuse_expired
from device.selftest.outcome import Flaw, PartFailed, Passed
from device.selftest.stand import Stand
from device.trouble import Trouble
from footage.keys import from_jwk, thumbprint
from footage.manifest import ClockStatus


def keys(stand: Stand) -> Passed:
    """Sign something new with the kit's key, and verify it by the key that the directory lists for this kit."""
    key = stand.config.kit_key()
    if stand.config.key.stat().st_mode & stat.S_IRWXO:
        raise PartFailed(
            Flaw.KEY_EXPOSED, f"Every user of the kit may read {stand.config.key}. Run: chmod o= {stand.config.key}"
        )
    entry = stand.config.accepted_directory().kit(stand.config.kit)
    challenge = os.urandom(32)
    listed = from_jwk(entry.key)
    try:
        listed.verify(key.sign(challenge, ECDSA(SHA256())), challenge, ECDSA(SHA256()))
    except InvalidSignature:
        raise PartFailed(
            Flaw.KEY_FOREIGN,
            f"The directory lists another key for {entry.kit}: films would be refused. Prepare the kit with `kit add`.",
        ) from None
    if entry.revoked:
        raise PartFailed(Flaw.KIT_REVOKED, f"The agency revoked {entry.kit}. Prepare it with `kit add`, as a new kit.")
    return Passed(f"P-256 {thumbprint(listed)}, listed for {entry.kit}", {})


def directory(stand: Stand) -> Passed:
    """Verify the directory against the pinned root, and see that it still holds."""
    accepted = stand.config.accepted_directory()
    until = accepted.valid_until
    if until is not None and stand.rig.sensors.read().clock is ClockStatus.UNSYNCHRONISED:
        raise PartFailed(
            Trouble.CLOCK_NOT_SET,
            f"Nobody knows whether the directory ({until}) has expired. A network sets the clock.",
        )
    refuse_expired(accepted, clock.now())
    holds = f"holds until {until}" if until else "without an end"
    return Passed(
        f"version {accepted.version}, {holds}, recipients: {len(accepted.recipients)}",
        {"version": accepted.version, "recipients": len(accepted.recipients)},
    )
