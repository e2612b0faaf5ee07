"""What a recorder runs on: a camera, sensors, and pins with a panel on them. Three kinds are put together elsewhere.

`pi`     a kit: the camera module, a microphone, real pins (`device.pi.rig`)
`bench`  real pins without a camera: a simulated one films, so that a panel can be tried on a bench
`sim`    no hardware at all: simulated camera, pins and hands (`device.sim.rig`)
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from device.ports import Camera, Sensors
from device.selftest.hands import Hands


class Rig(NamedTuple):
    """`pin_factory` is gpiozero's, None for the machine's own; `visit` plays hands until the visit is over, if any.

    `hands` do what a self-test asks of a person; None where people have their own.
    """

    camera: Camera
    sensors: Sensors
    pin_factory: Any = None
    visit: Callable[[], None] | None = None
    hands: Hands | None = None
