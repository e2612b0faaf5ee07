"""A service in which there is something to ask for: films, cases, kits, recipients and holds, to which somebody with
these roles stands in every way. For a fuzzer, which would never guess an id.

Prints one line of JSON, the headers of that person's browser and all ids by the names that paths give them, and serves.
"""

import json
import sys
import tempfile
from pathlib import Path

import uvicorn

from companion_api.films.withdrawal import withdraw
from companion_api.staff.person import Role
from companion_api.staff.sign_in import COOKIE
from footage.erasure import Reason
from tests.companion_api.builders import ORIGIN, Service, running
from tests.companion_api.films.agency_life import filed
from tests.companion_api.staff.builders import Staff
from tests.companion_api.staff.test_matrix import stand
from tests.footage.builders import Agency

WAYS = ("none", "holder", "member", "grantee", "own")
OF_EACH = 3  # some are withdrawn, ended or deactivated on the way
NAMES = ("film", "case", "kit", "fingerprint", "account", "hold")  # of parameters in paths


def things(service: Service, asker: Staff) -> dict[str, list[str]]:
    """Plant them and return their ids."""
    other = Staff(service, Role.PRACTITIONER, Role.SERVICE_LEAD)
    stood = [stand(service, way, asker, other) for way in WAYS for _ in range(OF_EACH)]
    ids = {name: sorted({values[name] for values in stood}) for name in NAMES}
    whole, gone = (filed(service, case=values["case"]).film for values in stood[:2])
    withdraw(service.eraser, [gone], Reason.FAMILY_ASKED, other.person.actor)
    ids["film"] += [whole, gone] * OF_EACH
    ids["number"] = ["0"]
    return ids


def _serve(port: int, roles: list[Role]) -> None:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), Agency()) as service:
        asker = Staff(service, *roles)
        headers = {"Cookie": f"{COOKIE}={asker.cookie}", "Origin": ORIGIN}
        print(json.dumps({"headers": headers, "ids": things(service, asker)}), flush=True)
        uvicorn.run(service.app, port=port, log_level="error")


if __name__ == "__main__":
    _serve(int(sys.argv[1]), [Role(word) for word in sys.argv[2:]])
