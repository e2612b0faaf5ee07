"""age v1 files (C2SP age specification), as far as sealed footage needs them: no format of our own.

* `hybrid`   the post-quantum recipient `age1pq1…` (stanza `mlkem768x25519`), which all films use
* `x25519`   the classic recipient `age1…`, read and written for interoperation, never for films
* `header`   the textual header: strict to the letter, because a lenient reader is an attack surface
* `stream`   the payload: ChaCha20-Poly1305 in chunks of 64 KiB
* `file`     `Sealer` (recipients parsed once, used for every part) and `open_file`
"""

from footage.age.file import Identity, Recipient, Sealer, open_chunks, open_file, parse_identity, parse_recipient
from footage.age.hybrid import HybridIdentity, HybridRecipient
from footage.age.x25519 import X25519Identity, X25519Recipient

__all__ = [
    "HybridIdentity",
    "HybridRecipient",
    "Identity",
    "Recipient",
    "Sealer",
    "X25519Identity",
    "X25519Recipient",
    "open_chunks",
    "open_file",
    "parse_identity",
    "parse_recipient",
]
