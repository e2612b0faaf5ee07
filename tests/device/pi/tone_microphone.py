"""A microphone where there is no sound card: what the simulated camera hears, at the times of CLOCK_MONOTONIC."""

import time

from device.ports import Deliver, EncodedPacket, Notify, PictureFormat, SoundFormat, Track, ignore
from device.sim.camera import SimulatedCamera


class ToneMicrophone:
    """Implements `device.ports.Microphone`: a beep each second."""

    def __init__(self) -> None:
        self._camera = SimulatedCamera(picture=PictureFormat(64, 36, 1))
        assert self._camera.sound is not None
        self.sound: SoundFormat = self._camera.sound

    def start(self, deliver: Deliver, notify: Notify = ignore) -> None:
        began_us = time.monotonic_ns() // 1000

        def hear(packet: EncodedPacket) -> None:
            if packet.track is Track.SOUND:
                deliver(packet._replace(at_us=began_us + packet.at_us))

        self._camera.start(hear, lambda _: None, notify)

    def stop(self) -> None:
        self._camera.stop()
