"""Real engines, for all tests that are rigs: each is started at most once, when the first test asks for it.

What they need is imported then, because some tests run with a kit's own Python, which has none of it.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.rigs.ceph import Ceph
    from tests.rigs.postgres import Postgres


@pytest.fixture(scope="session")
def ceph(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Ceph]":
    """Give a Ceph cluster. A test that killed one of its programs leaves it started again."""
    with import_module("tests.rigs.ceph").running_ceph(tmp_path_factory.mktemp("engines") / "ceph") as ceph:
        yield ceph


@pytest.fixture(scope="session")
def postgres() -> "Iterator[Postgres]":
    """Give a PostgreSQL server. A test that killed it leaves it started again."""
    with import_module("tests.rigs.postgres").running_postgres() as postgres:
        yield postgres
