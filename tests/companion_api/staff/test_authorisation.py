"""The table of rights and the question about it."""

from itertools import chain, combinations

import pytest

from companion_api.problems import NOT_ALLOWED, UNKNOWN_TO_YOU, Problem
from companion_api.staff.authorisation import TABLE, Denied, Resource, Tie, Ties, Verb, check, check_roles, may, needed
from companion_api.staff.person import Person, Role

EVERY_TIES = [frozenset(ties) for ties in chain.from_iterable(combinations(Tie, n) for n in range(len(Tie) + 1))]
BLIND = frozenset({Role.IT, Role.DATA_PROTECTION})


def person(*roles: Role) -> Person:
    return Person("an account", "A. Jones", frozenset(roles))


def denial(ties: Ties | None, verb: Verb, *roles: Role) -> Problem:
    with pytest.raises(Denied) as denied:
        check(person(*roles), Resource.FILM, verb, ties, "film:f")
    assert denied.value.subject == "film:f"
    return denied.value.problem


@pytest.mark.parametrize("ties", EVERY_TIES, ids=lambda ties: "+".join(sorted(ties)))
def test_it_and_the_data_protection_officer_open_no_film_and_share_none(ties: Ties) -> None:
    for verb in (Verb.OPEN, Verb.SHARE):
        assert not may(person(*BLIND), Resource.FILM, verb, ties)


def test_nobody_opens_a_film_without_a_tie_to_it() -> None:
    assert not may(person(*Role), Resource.FILM, Verb.OPEN)
    assert Tie.ANY not in needed(Role, Resource.FILM, Verb.OPEN)


def test_whoever_shares_a_film_may_open_it_and_a_grantee_shares_nothing() -> None:
    for role in Role:
        sharing = needed([role], Resource.FILM, Verb.SHARE)
        assert sharing <= needed([role], Resource.FILM, Verb.OPEN)
        assert Tie.GRANTEE not in sharing


def test_whoever_may_do_something_with_a_thing_may_see_that_it_is_there() -> None:
    """Otherwise the answer to a refused request would tell more than the list does."""
    for resource, verb in TABLE:
        if (resource, Verb.SEE) in TABLE and verb not in (Verb.LIST, Verb.BEGIN, Verb.ASK, Verb.EXPORT):
            for role in Role:
                seeing = needed([role], resource, Verb.SEE)
                assert needed([role], resource, verb) <= seeing or Tie.ANY in seeing


def test_several_roles_may_do_what_each_of_them_may() -> None:
    for resource, verb in TABLE:
        for role, other in combinations(Role, 2):
            each = needed([role], resource, verb) | needed([other], resource, verb)
            assert needed([role, other], resource, verb) == each


def test_without_a_role_or_a_row_nothing_is_allowed() -> None:
    everything = frozenset(Tie)
    for resource in Resource:
        for verb in Verb:
            assert not may(person(), resource, verb, everything)
            if (resource, verb) not in TABLE:
                assert not may(person(*Role), resource, verb, everything)


def test_a_film_that_one_may_not_see_is_unknown_like_one_that_does_not_exist() -> None:
    assert denial(None, Verb.OPEN, Role.PRACTITIONER) is UNKNOWN_TO_YOU
    assert denial(frozenset({Tie.ANY}), Verb.OPEN, Role.PRACTITIONER) is UNKNOWN_TO_YOU
    assert denial(None, Verb.OPEN, Role.SERVICE_LEAD) is UNKNOWN_TO_YOU
    assert denial(frozenset({Tie.ANY}), Verb.OPEN, Role.SERVICE_LEAD) is NOT_ALLOWED
    check(person(Role.PRACTITIONER), Resource.FILM, Verb.OPEN, frozenset({Tie.HOLDER}), "film:f")


def test_roles_that_never_may_are_refused_before_anything_is_looked_up() -> None:
    with pytest.raises(Denied) as denied:
        check_roles(person(Role.IT), Resource.FILM, Verb.OPEN)
    assert (denied.value.problem, denied.value.subject) == (NOT_ALLOWED, "account:an account")
    check_roles(person(Role.IT, Role.SUPERVISOR), Resource.FILM, Verb.OPEN)
