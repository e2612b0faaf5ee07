from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.companion_api.builders import Kit, Service, running
from tests.footage.builders import Agency, Film, make_film


@pytest.fixture(scope="session")
def agency() -> Agency:
    return Agency()


@pytest.fixture
def service(tmp_path: Path, agency: Agency) -> Iterator[Service]:
    with running(tmp_path, agency) as service:
        yield service


@pytest.fixture
def kit(service: Service) -> Kit:
    return Kit(service).begin()


@pytest.fixture
def film(agency: Agency) -> Film:
    return make_film(agency)
