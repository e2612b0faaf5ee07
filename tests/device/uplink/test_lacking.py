"""What the agency lacks of a film is no refusal at first."""

from device.errors import AgencyRefused
from device.spooled_film import FilmState
from device.uplink.refusals import AGAIN_SECONDS, Refusals

FILM, CLOSED = "film", FilmState.CLOSED


def test_what_the_agency_lacks_is_asked_for_at_once_but_only_once() -> None:
    now = [0.0]
    refusals, lacking = Refusals(lambda: now[0]), AgencyRefused("parts-missing", "Send what is missing.")
    for _ in range(3):
        refusals.note(FILM, CLOSED, lacking)
        assert refusals.said == {}
        assert not refusals.hold(FILM, CLOSED)
        refusals.note(FILM, CLOSED, lacking)
        assert refusals.hold(FILM, CLOSED), "what it was asked for is not here"
        now[0] += AGAIN_SECONDS
        refusals.end(FILM)
