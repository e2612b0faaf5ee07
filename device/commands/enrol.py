"""`kit-device enrol`: join an agency by a ticket from IT."""

import argparse

from device.enrolment import TICKET, enrol
from device.standing import Standing


def run(options: argparse.Namespace) -> None:
    """As its help says. Raises `DeviceError`, `FootageError`, `OSError`."""
    ticket = options.ticket or options.config.parent / TICKET
    joined = enrol(options.config, ticket, simulated=options.simulated)
    print(f"{joined.kit} is enrolled. The thumbprint of its key is\n\n    {joined.key}\n")
    if joined.standing is Standing.LISTED:
        print("The agency has admitted it. Next step: start its services (docs/kit-services.md).")
    else:
        print(
            "Next step: IT admits it (`kit admit`), where the same thumbprint must be shown. It may film from now on; "
            "its films stay on it until then."
        )
