"""What a service is asked for while it is killed, or while its disk fails: one phase of its life after the other."""

import json
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from companion_api.service import Exit
from device.errors import AgencyRefused
from tests.rigs.deeds import HEAD_SIGNED, UPKEEP, Deed
from tests.rigs.hold import ASKING, CONFIRMING
from tests.rigs.sent_film import Answers
from tests.rigs.store_rig import CASE, NEW_KIT, StoreRig

DISK_PROBLEMS = ("store-failed", "store-full")
MOST_REFUSALS = 40  # strace counts each thread's calls by itself, so that a fault may come once a thread


_KILLED = 128 + signal.SIGKILL


@dataclass(frozen=True)
class Request:
    """Something that a kit asks of the running service. `from_nothing`: at its first start."""

    ask: Callable[[StoreRig, str, Answers], None]
    from_nothing: bool = False
    traced = "service"

    def run(self, rig: StoreRig, answers: Answers) -> None:
        """Ask until it is answered: a kit asks again when the disk fails. Raises as the kit's `Agency`."""
        with rig.stack.service() as address:
            while True:
                try:
                    self.ask(rig, address, answers)
                    break
                except AgencyRefused as refusal:
                    if refusal.problem not in DISK_PROBLEMS or answers.refusals > MOST_REFUSALS:
                        raise
                    answers.refusals += 1


@dataclass(frozen=True)
class Command:
    """A command that somebody calls at the server. `answered` are those deeds that its words and its end tell of."""

    words: Callable[[StoreRig], list[str]]
    asked: Callable[[StoreRig], set[Deed]]
    answered: Callable[[StoreRig, str], set[Deed]]
    traced = "command"
    from_nothing = False

    def run(self, rig: StoreRig, answers: Answers) -> None:
        """Call it once. However it ends, its exit code has a name, unless it was killed."""
        answers.asked |= self.asked(rig)
        code, said = rig.stack.run("command", self.words(rig))
        answers.answered |= self.answered(rig, said)
        answers.refusals += code != 0
        assert code in (*Exit, _KILLED), f"exit {code}: {rig.stack.log('command')[-2000:]}"


def _meet(rig: StoreRig, address: str, _: Answers) -> None:
    with rig.kit(address) as kit:
        assert not kit.held(rig.new_film.film).parts


def _send(rig: StoreRig, address: str, answers: Answers) -> None:
    with rig.kit(address) as kit:
        rig.new_film.send(kit, answers)


def _take_back(rig: StoreRig, address: str, answers: Answers) -> None:
    with answers.asking(*_erased(rig.films[0].film, f"kit:{rig.stack.config.kit}")), rig.kit(address) as kit:
        kit.delete(rig.films[0].film)


def _enrol(rig: StoreRig, address: str, answers: Answers) -> None:
    """The kit enrols by its token; somebody who has seen the token does not."""
    with answers.asking(Deed(f"kit:{NEW_KIT}", "enrolled", f"kit:{NEW_KIT}")), rig.new_kit(address) as kit:
        kit.enrol(rig.token)
    with rig.new_kit(address, stranger=True) as kit, suppress(AgencyRefused):
        kit.enrol(rig.token)
        raise AssertionError("a token was used twice")


def _erased(film: str, decided_by: str) -> set[Deed]:
    return {Deed(decided_by, "erasure decided", f"film:{film}"), Deed("service", "erased", f"film:{film}")}


def _of_case(rig: StoreRig, decided_by: str) -> set[Deed]:
    return set().union(*(_erased(film.film, decided_by) for film in rig.films[:2]))


def _withdrawn(rig: StoreRig, said: str) -> set[Deed]:
    gone = [line.split()[0] for line in said.splitlines() if line.endswith("  erased")]
    return set().union(*(_erased(film, "operator") for film in gone))


def _kept_up(_: StoreRig, said: str) -> set[Deed]:
    if not said:
        return set()
    erased = [line["film"] for line in json.loads(said)["erased"]]
    return {UPKEEP, HEAD_SIGNED}.union(*(_erased(film, "service") for film in erased))


def _hold(rig: StoreRig) -> list[Deed]:
    subject = f"film:{rig.films[2].film}"
    return [Deed(ASKING, "hold asked", subject), Deed(CONFIRMING, "hold confirmed", subject)]


PHASES: dict[str, Request | Command] = {
    "first start": Request(_meet, from_nothing=True),
    "film": Request(_send),
    "take back": Request(_take_back),
    "enrolment": Request(_enrol),
    "withdraw": Command(
        lambda rig: rig.stack.companion_command("withdraw", "--case", CASE, "--reason", "family asked", "--yes"),
        lambda rig: _of_case(rig, "operator"),
        _withdrawn,
    ),
    "upkeep": Command(
        lambda rig: rig.stack.companion_command("upkeep", "--json"),
        lambda rig: {*_of_case(rig, "service"), UPKEEP, HEAD_SIGNED},
        _kept_up,
    ),
    "hold": Command(
        lambda rig: ["tests.rigs.hold", f"film:{rig.films[2].film}", *rig.stack.companion_command()[1:]],
        lambda rig: set(_hold(rig)),
        lambda rig, said: {deed for deed in _hold(rig) if deed.action in said},
    ),
}
