"""Whom the kit believes to be the agency's service: TLS 1.2 or later, with the authority that provisioning pinned."""

import ssl
from pathlib import Path

from device.errors import ConfigInvalid
from footage.authority import read_authority
from footage.errors import FootageError

_NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME, openssl/x509_vfy.h; the module ssl has no name for it


def tls_context(authority: Path | None, *, check_time: bool = True) -> ssl.SSLContext:
    """Return how to ask the service.

    With an `authority` (a PEM file) nobody else is trusted, not the system's store either; without one the system's
    store is. Without `check_time` certificates count whenever they are valid, for a kit that does not know the time:
    over such a connection it may ask for nothing but what is signed by other keys. Raises `ConfigInvalid`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # not create_default_context: it heeds SSLKEYLOGFILE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if authority is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(cadata=_pem(authority))
        context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN  # an intermediate one is enough
    if not check_time:
        context.verify_flags |= _NO_CHECK_TIME
    return context


def _pem(authority: Path) -> str:
    try:
        return read_authority(authority.read_bytes())
    except (OSError, FootageError) as reason:
        raise ConfigInvalid(
            f"The authority {authority} of the kit's settings can't be used: {reason} Copy it there anew from what "
            "`kit add` made, or ask IT for it."
        ) from None
