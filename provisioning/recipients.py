"""Whom films are sealed to: IT decides here, on the offline root's machine, on requests that the service handed out.

The file is not believed: whoever broke into the service could have put in a recipient of his own under a colleague's
name. So nobody is admitted whose fingerprint IT has not compared with that colleague.
"""

from pathlib import Path

from footage.admission import AdmissionRequest, AdmissionRequests, grouped
from footage.age import HybridRecipient
from footage.directory import Directory, RecipientEntry
from footage.errors import FootageError
from footage.manifest import recipient_fingerprint
from footage.messages import decode
from provisioning.errors import RecipientExists, RecipientUnknown, RequestsUnreadable

_NAME_LENGTH = 64  # of a directory's entry


def read_requests(file: Path) -> tuple[AdmissionRequest, ...]:
    """Return the requests of a file. Raises `RequestsUnreadable`, also if one of their recipients can't be used."""
    try:
        requests = decode(AdmissionRequests, file.read_bytes()).requests
        for request in requests:
            HybridRecipient.parse(request.recipient)
    except (OSError, FootageError) as reason:
        why = reason.strerror if isinstance(reason, OSError) else str(reason)
        raise RequestsUnreadable(f"{file} can't be used ({why}). Download the waiting requests again.") from None
    return requests


def entry(request: AdmissionRequest) -> RecipientEntry:
    """Return what the directory says of somebody who is admitted."""
    return RecipientEntry(request.name[:_NAME_LENGTH], "staff", request.recipient)


def with_recipients(directory: Directory, new: tuple[RecipientEntry, ...]) -> tuple[RecipientEntry, ...]:
    """Return a directory's recipients and `new`. Raises `RecipientExists`."""
    listed = list(directory.recipients)
    for one in new:
        if any(one.recipient == other.recipient for other in listed):
            raise RecipientExists(f"{one.name} is in the directory already. Download the waiting requests again.")
        listed.append(one)
    return tuple(listed)


def without_recipient(directory: Directory, fingerprint: str) -> tuple[RecipientEntry, ...]:
    """Return a directory's recipients without the member of staff whose fingerprint begins so.

    Raises `RecipientUnknown` unless there is exactly one.
    """
    begins = fingerprint.replace(" ", "").lower()
    staff = {recipient_fingerprint(entry.recipient): entry for entry in directory.recipients if entry.role == "staff"}
    meant = [entry for found, entry in staff.items() if begins and found.startswith(begins)]
    if len(meant) != 1:
        listed = "; ".join(f"{entry.name}: {grouped(found)}" for found, entry in staff.items()) or "nobody"
        raise RecipientUnknown(f"Name one member of staff by fingerprint. The directory lists {listed}.")
    return tuple(entry for entry in directory.recipients if entry != meant[0])
