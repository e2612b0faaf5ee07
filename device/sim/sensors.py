"""What a simulated kit feels: all is well until a script or a hand says otherwise."""

from device.ports import Readings

_ROOM_TEMPERATURE = 45.0  # °C of a processor that has little to do


class SimulatedSensors:
    """As `Sensors`; `readings` is there to be replaced."""

    def __init__(self) -> None:
        self.readings = Readings(temperature=_ROOM_TEMPERATURE)

    def read(self) -> Readings:
        """Return `readings`."""
        return self.readings
