"""The certificate authority that a kit trusts for TLS to its agency, and no other: one PEM text.

Whoever it names can answer in the service's name, so it is handed over where the agency root is: by IT, before the
first request. It may be an authority of the agency's own, a public one, or the service's certificate itself.
"""

from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from footage.errors import FootageError

MOST_CERTIFICATES = 4  # an authority and the one that follows it; a whole system's bundle pins nothing


class AuthorityInvalid(FootageError):
    """The authority is no PEM text of a few certificates."""

    code = "authority-invalid"


class AuthorityExpired(FootageError):
    """No certificate of the authority is valid at the time, or not yet."""

    code = "authority-expired"


def read_authority(pem: bytes) -> str:
    """Return the certificates of a PEM file and nothing else of it. Raises `AuthorityInvalid`.

    What stands around them is left away: comments, and a private key that lies in the same file.
    """
    return "".join(one.public_bytes(Encoding.PEM).decode("ascii") for one in _certificates(pem))


def check_valid(authority: str, now: datetime) -> None:
    """Raise `AuthorityExpired` if no certificate of it is valid at that time, `AuthorityInvalid` if it is none."""
    certificates = _certificates(authority.encode())
    if any(one.not_valid_before_utc <= now <= one.not_valid_after_utc for one in certificates):
        return
    last = max(certificates, key=lambda one: one.not_valid_after_utc)
    raise AuthorityExpired(
        f"The certificate is valid from {last.not_valid_before_utc:%Y-%m-%d} to {last.not_valid_after_utc:%Y-%m-%d}, "
        "and not now: kits would trust nobody. Look at this computer's clock, or give the one that the service's "
        "certificate is signed by now."
    )


def _certificates(pem: bytes) -> list[x509.Certificate]:
    try:
        certificates = x509.load_pem_x509_certificates(pem)
        for one in certificates:
            one.not_valid_after_utc  # noqa: B018  # it is parsed only when it is asked for
    except ValueError:
        raise AuthorityInvalid(
            "This is no certificate. Give the authority that signed the service's certificate, as PEM: a text that "
            "begins with -----BEGIN CERTIFICATE-----."
        ) from None
    if len(certificates) > MOST_CERTIFICATES:
        raise AuthorityInvalid(
            f"These are {len(certificates)} certificates. Give that of the authority alone which signed the service's: "
            f"{MOST_CERTIFICATES} at most."
        )
    return certificates
