import pytest
from hypothesis import settings

from tests.footage.builders import Agency, Film, make_film

settings.register_profile("footage", deadline=None)  # the first example pays for imports, and cores are shared
settings.load_profile("footage")


@pytest.fixture
def agency() -> Agency:
    return Agency()


@pytest.fixture
def film(agency: Agency) -> Film:
    return make_film(agency)
