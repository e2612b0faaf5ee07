import pytest

from companion_api.staff.person import Role
from tests.companion_api.builders import Kit, Service
from tests.companion_api.library.builders import hand
from tests.companion_api.staff.builders import Staff
from tests.footage.builders import Film


@pytest.fixture
def practitioner(service: Service) -> Staff:
    """Whoever holds the kit."""
    practitioner = Staff(service, Role.PRACTITIONER, name="P. Holder")
    hand(service, service.agency.kit, practitioner)
    return practitioner


@pytest.fixture
def supervisor(service: Service) -> Staff:
    return Staff(service, Role.SUPERVISOR, name="S. Visor")


@pytest.fixture
def lead(service: Service) -> Staff:
    return Staff(service, Role.SERVICE_LEAD, name="L. Ead")


@pytest.fixture
def sent(kit: Kit, film: Film) -> Film:
    """A film that the service has whole."""
    kit.put_film(film)
    return film
