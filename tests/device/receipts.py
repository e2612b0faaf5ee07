"""Receipts for films on a kit: true ones, and whatever else may lie under their name."""

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from device.spooled_film import SpooledFilm
from footage.keys import thumbprint
from footage.receipt import Receipt, manifest_digest, sign_receipt
from tests.footage.builders import NOW


def signed_receipt(
    film: SpooledFilm,
    by: EllipticCurvePrivateKey,
    *,
    named: EllipticCurvePrivateKey | None = None,
    manifest: str | None = None,
) -> str:
    """Return a receipt for a closed film, or for another `manifest` of it, by a key that may call itself `named`."""
    signer = thumbprint((named or by).public_key())
    digest = manifest_digest(film.manifest() if manifest is None else manifest)
    return sign_receipt(Receipt(1, film.film, digest, 1, 1, NOW, signer), by)
