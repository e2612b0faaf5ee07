"""The kit itself: camera module, microphone and real pins."""

from device.board import Board
from device.ports import CameraFailed, PictureFormat
from device.rig import Rig


def pi_rig(board: Board, *, picture: PictureFormat, sound: bool) -> Rig:
    """Return the rig of a Raspberry Pi. Raises `CameraFailed`."""
    raise CameraFailed(f"not built yet: {board}, {picture}, {sound}")
