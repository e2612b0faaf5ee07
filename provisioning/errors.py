"""What can go wrong for IT staff. Each has a `code`; each message says what to do next."""

from typing import ClassVar


class ProvisioningError(Exception):
    """Base of this tool's own refusals."""

    code: ClassVar[str] = "provisioning-error"


class AgencyInvalid(ProvisioningError):
    """The agency's folder can't be used, or is there already."""

    code = "agency-invalid"


class PassphraseMissing(ProvisioningError):
    """The root key is wrapped by a passphrase, and none was given."""

    code = "passphrase-missing"


class KitExists(ProvisioningError):
    """A kit of this name is in the directory already."""

    code = "kit-exists"


class RequestsUnreadable(ProvisioningError):
    """The file of requests for admission can't be used."""

    code = "requests-unreadable"


class RecipientExists(ProvisioningError):
    """The directory lists the recipient already."""

    code = "recipient-exists"


class RecipientUnknown(ProvisioningError):
    """The directory lists no such member of staff, or several."""

    code = "recipient-unknown"


class StoreInvalid(ProvisioningError):
    """The store to recover from can't be read."""

    code = "store-invalid"


class RecoveryIdentityInvalid(ProvisioningError):
    """The file of the recovery identity can't be used."""

    code = "recovery-identity-invalid"


class FilmUnplayable(ProvisioningError):
    """A film opened, but what it holds is no video."""

    code = "film-unplayable"


class NetworksInvalid(ProvisioningError):
    """The file of networks can't be used."""

    code = "networks-invalid"
