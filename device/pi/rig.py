"""The kit itself: camera module, microphone and real pins."""

from device.board import Board
from device.pi.camera import PiCamera
from device.pi.sensors import PiSensors
from device.ports import Microphone, PictureFormat
from device.rig import Rig


def pi_rig(board: Board, *, picture: PictureFormat, sound: bool) -> Rig:
    """Return the rig of a Raspberry Pi; its pins are gpiozero's own choice, lgpio. Nothing films or hears yet."""
    return Rig(PiCamera(picture, _microphone() if sound else None), PiSensors(board))


def _microphone() -> Microphone:
    from device.pi.microphone import AlsaMicrophone  # only here: where sound is off nothing of ALSA is loaded

    return AlsaMicrophone()
