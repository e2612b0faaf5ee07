"""The SQL of who stands how to which film, against a few lines of Python that try everything."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import URL, Connection, make_url

from companion_api.database.database import Database
from companion_api.database.migration import migrate
from companion_api.films.case_rows import CaseRows
from companion_api.films.description_rows import Description, DescriptionRows
from companion_api.films.film_rows import FilmRows
from companion_api.library.film_access import FilmAccess
from companion_api.library.grant_rows import Grant, GrantRows
from companion_api.library.holder_rows import HolderRows
from companion_api.library.member_rows import MemberRows
from companion_api.staff.account_rows import AccountRows
from companion_api.staff.authorisation import Tie, Ties
from tests.companion_api.builders import sqlite

ACCOUNTS, KITS, CASES, FILMS = ("ann", "bob", "cat"), ("kit-1", "kit-2"), ("A-1", "A-2"), ("f0", "f1", "f2", "f3")
TIMES = [f"2026-11-20T10:00:0{second}Z" for second in range(6)]

accounts, kits, times = st.sampled_from(ACCOUNTS), st.sampled_from(KITS), st.sampled_from(TIMES)
cases = st.none() | st.sampled_from(CASES)
told = st.none() | st.tuples(st.none() | times)  # not closed, or closed with the time that the kit knew, if it did
films_drawn = st.tuples(*[st.tuples(kits, cases, times, told)] * len(FILMS))
holders_drawn = st.dictionaries(st.tuples(kits, times), st.none() | accounts, max_size=6)
members_drawn = st.sets(st.tuples(st.sampled_from(CASES), accounts), max_size=4)
grants_drawn = st.dictionaries(st.tuples(st.sampled_from(FILMS), accounts), st.tuples(times, st.booleans()), max_size=6)

Films = tuple[tuple[str, str | None, str, tuple[str | None] | None], ...]
Holders = dict[tuple[str, str], str | None]
Members = set[tuple[str, str]]
Grants = dict[tuple[str, str], tuple[str, bool]]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.rig)])
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    if request.param == "sqlite":
        yield sqlite(tmp_path_factory.mktemp("access") / "c.sqlite3")
    else:
        with request.getfixturevalue("postgres").database() as address:
            yield make_url(address)


@pytest.fixture(scope="module")
def database(address: URL) -> Iterator[Database]:
    database = Database(address)
    migrate(database)
    with database.writing() as connection:
        for account in ACCOUNTS:
            AccountRows(connection).add(account, account, [], TIMES[0])
        for case in CASES:
            CaseRows(connection).open(case, TIMES[0])
    yield database
    database.close()


class Undo(Exception):
    """What was planted is not to stay."""


@contextmanager
def planted(
    database: Database, films: Films, holders: Holders, members: Members, grants: Grants
) -> Iterator[Connection]:
    try:
        with database.writing() as connection:
            for film, (kit, case, received_at, told) in zip(FILMS, films, strict=True):
                FilmRows(connection).add_film(film, kit, received_at)
                if case is not None:
                    FilmRows(connection).set_case(film, case)
                if told is not None:
                    DescriptionRows(connection).add(film, Description("interaction", told[0], 1, 1))
            for (kit, held_from), account in holders.items():
                HolderRows(connection).hand(kit, account, held_from)
            for case, account in members:
                MemberRows(connection).add(case, account)
            for (film, account), (expires_at, revoked) in grants.items():
                GrantRows(connection).put(
                    Grant(film, account, "ann", TIMES[0], "supervision", expires_at, TIMES[0] if revoked else None),
                    None,
                )
            yield connection
            raise Undo
    except Undo:
        pass


def true_ties(  # the oracle
    account: str, now: str, film: str, films: Films, holders: Holders, members: Members, grants: Grants
) -> Ties:
    kit, case, received_at, told = films[FILMS.index(film)]
    filmed_at = (told and told[0]) or received_at
    holder = None
    for (of_kit, held_from), held_by in sorted(holders.items()):
        if of_kit == kit and held_from <= filmed_at:
            holder = held_by
    ties = {Tie.ANY}
    if case is None and holder == account:
        ties.add(Tie.HOLDER)
    if (case, account) in members:
        ties.add(Tie.MEMBER)
    expires_at, revoked = grants.get((film, account), ("", False))
    if expires_at > now and not revoked:
        ties.add(Tie.GRANTEE)
    return frozenset(ties)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    films=films_drawn,
    holders=holders_drawn,
    members=members_drawn,
    grants=grants_drawn,
    now=times,
    wanted=st.frozensets(st.sampled_from([Tie.ANY, Tie.HOLDER, Tie.MEMBER, Tie.GRANTEE])),
    case=cases,
)
def test_ties_to_one_film_and_lists_are_what_brute_force_finds(
    database: Database,
    films: Films,
    holders: Holders,
    members: Members,
    grants: Grants,
    now: str,
    wanted: Ties,
    case: str | None,
) -> None:
    with planted(database, films, holders, members, grants) as connection:
        for account in ACCOUNTS:
            access = FilmAccess(connection, account, now)
            true = {film: true_ties(account, now, film, films, holders, members, grants) for film in FILMS}
            found = {film: access.film(film) for film in FILMS}
            assert {film: seen and seen.ties for film, seen in found.items()} == true
            listed = [film for film in FILMS if true[film] & wanted and case in (None, films[FILMS.index(film)][1])]
            listed.sort(key=lambda film: (films[FILMS.index(film)][2], film), reverse=True)
            assert [seen.film for seen in access.films(wanted, case=case, before=None, limit=9)] == listed
            pages = []
            before = None
            while page := access.films(wanted, case=case, before=before, limit=1):
                before = page[0].film
                pages.append(before)
            assert pages == listed


def test_a_film_that_is_not_there_is_none(database: Database) -> None:
    with database.reading() as connection:
        assert FilmAccess(connection, "ann", TIMES[0]).film("f9") is None
