"""Whether films can be taken in, and by name why not."""

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from sqlalchemy import text

from companion_api.films.archive import Archive
from companion_api.stores.store import DIRECTORY, StoreFailed, StoreFull
from footage.directory import Directory
from footage.keys import thumbprint


def faults(archive: Archive, receipt_key: EllipticCurvePrivateKey, directory: Directory) -> dict[str, str]:
    """Return what stands in the way: code and next step. Blocks: call it in a storage thread."""
    found: dict[str, str] = {}
    try:
        with archive.database.reading() as connection:
            connection.execute(text("SELECT 1"))
    except (StoreFull, StoreFailed) as reason:
        found["database-failed"] = str(reason)
    try:
        if archive.store.get(DIRECTORY) is None:
            found["store-empty"] = "The store has lost its directory. Check that it is the right store."
    except (StoreFull, StoreFailed) as reason:
        found["store-failed"] = str(reason)
    if directory.receipt_key(thumbprint(receipt_key.public_key())) is None:
        found["receipt-key-unlisted"] = "IT must publish a directory that lists the service's receipt key."
    return found
