"""What a failed request does not tell of itself: whether there is a network, and who it was that answered."""

import socket
import ssl
from ipaddress import ip_address

from cryptography import x509

_SOMEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))  # RFC 5737, RFC 3849: nobody's
_ANY_PORT = 9
_LOOK_SECONDS = 10.0


def is_routed() -> bool:
    """Return whether a route leads out of the kit. Nothing is sent: the kernel looks into its table."""
    for family, address in _SOMEWHERE:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as asking:
                asking.connect((address, _ANY_PORT))
        except OSError:
            continue
        return True
    return False


def has_certificate_of(host: str, port: int) -> bool:
    """Return whether who answers there has a certificate of that name, whoever signed it. It is told nothing.

    True also if nobody can know: that is the graver case.
    """
    try:
        pem = ssl.get_server_certificate((host, port), timeout=_LOOK_SECONDS)
        names = x509.load_pem_x509_certificate(pem.encode()).extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
    except x509.ExtensionNotFound:
        return False
    except (OSError, ValueError):
        return True
    try:
        return ip_address(host) in names.value.get_values_for_type(x509.IPAddress)
    except ValueError:
        return any(covers(name, host) for name in names.value.get_values_for_type(x509.DNSName))


def covers(name: str, host: str) -> bool:
    """Return whether a certificate's name is a host's: a wildcard stands for the first label (RFC 9525, 6.3)."""
    label, _, rest = host.lower().partition(".")
    return name.lower() in (f"{label}.{rest}" if rest else label, f"*.{rest}")
