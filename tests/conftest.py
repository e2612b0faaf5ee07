"""Real engines, for all tests that are rigs: each is started at most once, when the first test asks for it."""

from collections.abc import Iterator

import pytest

from tests.rigs.ceph import Ceph, running_ceph
from tests.rigs.postgres import Postgres, running_postgres


@pytest.fixture(scope="session")
def ceph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ceph]:
    """Give a Ceph cluster. A test that killed one of its programs leaves it started again."""
    with running_ceph(tmp_path_factory.mktemp("engines") / "ceph") as ceph:
        yield ceph


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Give a PostgreSQL server. A test that killed it leaves it started again."""
    with running_postgres() as postgres:
        yield postgres
