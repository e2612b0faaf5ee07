"""Rights as people read them: the table in docs/companion-api.md, and what the routes of a service declare."""

from collections.abc import Iterator
from pathlib import Path

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from companion_api.staff.asking import Asks
from companion_api.staff.person import Role

Right = tuple[str, str]  # resource and verb


def table(heading: str) -> list[list[str]]:
    """Return the cells of the table in docs/companion-api.md that begins with `heading`."""
    document = (Path(__file__).parents[3] / "docs" / "companion-api.md").read_text()
    rows = document.split(f"{heading}\n", 1)[1].split("\n\n", 1)[0].splitlines()[1:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def rights() -> dict[Right, dict[Role, frozenset[str]]]:
    """Return the table of rights: to whom each is given, by which ties."""
    return {
        (thing, verb): {role: frozenset(cell.split(", ")) - {"-"} for role, cell in zip(Role, cells, strict=True)}
        for thing, verb, *cells in table(f"| thing | verb | {' | '.join(Role)} |")
    }


def routes(app: FastAPI) -> Iterator[tuple[str, str, Dependant]]:
    """Yield method, path and dependencies of every request."""
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute):
            assert route.methods
            assert route.path
            for method in sorted(route.methods):
                yield method, route.path, route.original_route.dependant


def calls(dependant: Dependant) -> Iterator[object]:
    """Yield whatever a route depends on."""
    yield dependant.call
    for each in dependant.dependencies:
        yield from calls(each)


def declared(dependant: Dependant) -> Right | None:
    """Return what a route declares that it asks for. Twice is once too often."""
    found = [(call.resource.value, call.verb.value) for call in calls(dependant) if isinstance(call, Asks)]
    assert len(found) <= 1
    return found[0] if found else None
