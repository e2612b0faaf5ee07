"""What can be wrong with a kit. Each has a `code`; each message says what to do next."""

from device.link_trouble import DESCRIBED, KEPT, LinkTrouble
from device.trouble import ADVICE, Trouble


class DeviceError(Exception):
    """Base of the kit's own refusals."""

    code: str = "device-error"


class ConfigInvalid(DeviceError):
    """The kit's configuration, key or directory can't be used."""

    code = "config-invalid"


class EnrolmentInvalid(DeviceError):
    """The kit's ticket can't be used, or the kit is prepared already as another one."""

    code = "enrolment-invalid"


class CardFull(DeviceError):
    """There is no room for another film, or for the rest of this one."""

    code = "card-full"


class DirectoryExpired(DeviceError):
    """The directory says that it is not valid any more: its recipients may have left the agency."""

    code = "directory-expired"


class KitUnfit(DeviceError):
    """The kit is in no state to film; `code` is the trouble's."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(ADVICE[trouble])
        self.code = trouble.value


class SpoolFailed(DeviceError):
    """The card refuses to write or read."""

    code = "spool-failed"


class SpoolClaimed(DeviceError):
    """Two recorders would close each other's films."""

    code = "spool-claimed"


class TallyDark(DeviceError):
    """The recording light was commanded but is not sensed: the camera must stay off."""

    code = "light-failed"


class PinsUnusable(DeviceError):
    """The pins can't be had: none there, no right to them, or another program has them."""

    code = "pins-unusable"


class NothingToTakeBack(DeviceError):
    """There is no film left on the kit."""

    code = "nothing-to-take-back"


class ScriptInvalid(DeviceError):
    """A line of a panel script that is not understood."""

    code = "script-invalid"


class AgencyUnreachable(DeviceError):
    """No answer, or none of the service's: try again later. `code` is the trouble's, `detail` for the log."""

    def __init__(self, trouble: LinkTrouble, detail: str, kept: str = KEPT) -> None:
        super().__init__(f"{DESCRIBED[trouble].advice} {kept}")
        self.code = trouble.value
        self.trouble = trouble
        self.detail = detail


class AgencyRefused(DeviceError):
    """The service answered with a named problem."""

    code = "agency-refused"

    def __init__(self, problem: str, detail: str) -> None:
        super().__init__(f"{problem}: {detail}")
        self.problem = problem
