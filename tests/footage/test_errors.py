"""Each refusal has a name of its own, for logs, vectors and problem details."""

import re

from footage import authority, errors, film_key, http_signatures, keys
from footage.errors import FootageError


def all_errors() -> list[type[FootageError]]:
    """Every refusal of the package, wherever it is defined."""
    found, todo = [], [FootageError]
    while todo:
        error = todo.pop()
        found.append(error)
        todo.extend(kind for kind in error.__subclasses__() if kind.__module__.startswith("footage."))
    return found


def test_codes_are_unique_and_written_like_the_names() -> None:
    codes = [error.code for error in all_errors()]
    assert len(set(codes)) == len(codes)
    for error in all_errors():
        assert error.code == re.sub(r"(?<!^)(?=[A-Z])", "-", error.__name__).lower()
        assert "code" in vars(error), "a code of its own"


def test_each_says_what_it_means() -> None:
    elsewhere = {film_key.FilmKeyFailed, http_signatures.RequestForged, keys.KeyUnreadable, authority.AuthorityInvalid}
    assert elsewhere < set(all_errors())
    assert {kind for kind in vars(errors).values() if isinstance(kind, type)} < set(all_errors())
    assert all((error.__doc__ or "").strip().endswith(".") for error in all_errors())
