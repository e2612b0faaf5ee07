"""Every way in which sealed footage can be refused, as one tree.

Each class has a stable `code` (for logs, vectors and problem details) and each message says what to do next.
Messages never carry key material or footage.
"""

from typing import ClassVar


class FootageError(Exception):
    """Base of all refusals by this package."""

    code: ClassVar[str] = "footage-error"


# age files --------------------------------------------------------------------------------------------------


class AgeError(FootageError):
    """An age file, recipient or identity that can't be used."""

    code = "age-error"


class InvalidRecipient(AgeError):
    """Not a recipient string of a kind that we support."""

    code = "invalid-recipient"


class InvalidIdentity(AgeError):
    """Not an identity string of a kind that we support."""

    code = "invalid-identity"


class NoRecipients(AgeError):
    """Sealing to nobody would make a file that nobody can open."""

    code = "no-recipients"


class MixedRecipients(AgeError):
    """Post-quantum and classic recipients in one file: the classic one would undo the post-quantum protection."""

    code = "mixed-recipients"


class ArmoredFile(AgeError):
    """An ASCII-armored age file; sealed footage is always binary."""

    code = "armored-file"


class PassphraseFile(AgeError):
    """An age file sealed to a passphrase; sealed footage never is."""

    code = "passphrase-file"


class HeaderInvalid(AgeError):
    """The age header breaks the specification."""

    code = "header-invalid"


class NoIdentityMatched(AgeError):
    """The file is well-formed but sealed to somebody else."""

    code = "no-identity-matched"


class HeaderMacMismatch(AgeError):
    """The header was changed after the file was sealed."""

    code = "header-mac-mismatch"


class PayloadInvalid(AgeError):
    """The payload was cut, extended, reordered or changed."""

    code = "payload-invalid"


# signed messages --------------------------------------------------------------------------------------------


class SignedMessageError(FootageError):
    """A directory, manifest, receipt or erasure certificate that can't be accepted."""

    code = "signed-message-error"


class MessageMalformed(SignedMessageError):
    """Not a JWS of the expected type and form."""

    code = "message-malformed"


class MessageForged(SignedMessageError):
    """The signature is not by the key that the directory names."""

    code = "message-forged"


class DirectoryForged(MessageForged):
    """The directory is not signed by the agency root."""

    code = "directory-forged"


class DirectoryRolledBack(SignedMessageError):
    """The directory is older than one already accepted, or another one of the same version."""

    code = "directory-rolled-back"


class KitUnknown(SignedMessageError):
    """The directory does not list the kit."""

    code = "kit-unknown"


class ManifestForged(MessageForged):
    """The manifest is not signed by the kit that it names."""

    code = "manifest-forged"


class ReceiptForged(MessageForged):
    """The receipt is not signed by a receipt key of the directory."""

    code = "receipt-forged"


class ReceiptMismatch(SignedMessageError):
    """A true receipt, but for another film or another manifest."""

    code = "receipt-mismatch"


class ErasureForged(MessageForged):
    """The erasure certificate is not signed by a receipt key of the directory."""

    code = "erasure-forged"


class ErasureMismatch(SignedMessageError):
    """A true erasure certificate, but for another film."""

    code = "erasure-mismatch"


class TimeForged(MessageForged):
    """The time is not signed by a receipt key of the directory."""

    code = "time-forged"


class TimeMismatch(SignedMessageError):
    """A true time, but for another kit or another question."""

    code = "time-mismatch"


# films ------------------------------------------------------------------------------------------------------


class FilmError(FootageError):
    """A film whose files do not agree with its manifest."""

    code = "film-error"


class ManifestMissing(FilmError):
    """The film has no manifest: it is still being recorded or uploaded."""

    code = "manifest-missing"


class WrongFilm(FilmError):
    """The manifest is of another film than the folder says."""

    code = "wrong-film"


class FilmKeyMissing(FilmError):
    """`film.key` is not there."""

    code = "film-key-missing"


class WrongFilmKey(FilmError):
    """`film.key` is not the one of the manifest, or holds the identity of another film."""

    code = "wrong-film-key"


class PartMissing(FilmError):
    """A part that the manifest lists is not there."""

    code = "part-missing"


class PartTruncated(FilmError):
    """A part is shorter than the manifest says."""

    code = "part-truncated"


class PartMisplaced(FilmError):
    """A part of this film stands in another part's place."""

    code = "part-misplaced"


class PartForeign(FilmError):
    """A part is not of this film, or was changed."""

    code = "part-foreign"


class PartKindUnknown(FilmError):
    """A part's file name says neither init, media nor note."""

    code = "part-kind-unknown"


class NoteInvalid(FilmError):
    """A note part does not hold what the format says."""

    code = "note-invalid"
