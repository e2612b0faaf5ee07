from collections.abc import Iterator

import pytest

from tests.scenarios.stack import Stack


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, str]]:
    """An agency and the address of its running service."""
    stack = Stack(tmp_path_factory.mktemp("agency"))
    with stack.service() as address:
        yield stack, address
