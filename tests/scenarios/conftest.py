from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.site import Site
from tests.scenarios.stack import Stack


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """An agency whose service the test starts."""
    return Stack(tmp_path / "site")


@pytest.fixture
def site(stack: Stack) -> Iterator[Site]:
    """A kit beside a running service."""
    with stack.service() as address:
        site = Site(stack, address)
        yield site
        site.agency.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, str]]:
    """An agency and the address of its running service."""
    stack = Stack(tmp_path_factory.mktemp("agency"))
    with stack.service() as address:
        yield stack, address
