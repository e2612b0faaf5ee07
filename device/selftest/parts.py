"""The tests, in their order: what a later one needs is tested before. `docs/selftest.md` lists them from here."""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from device.errors import DeviceError
from device.selftest import card, condition, identity, panel, picture, sound
from device.selftest.outcome import Flaw, Passed, Result, Verdict
from device.selftest.stand import Stand
from device.trouble import Trouble
from footage.errors import FootageError

_log = logging.getLogger(__name__)


class Part(NamedTuple):
    """One part of a kit: what its test shows, and whether a person must help."""

    test: Callable[[Stand], Passed]
    shows: str
    hands: bool = False


PARTS = {
    "keys": Part(identity.keys, "the kit's key can sign, nobody else reads it, the directory lists it, not revoked"),
    "directory": Part(identity.directory, "signed by the pinned root, and not expired"),
    "clock": Part(condition.clock, "a time service has set it"),
    "card": Part(card.card, "parts of film become durable fast enough, and there is room for films"),
    "tally": Part(panel.tally, "the recording light is sensed lit when it is, and dark when it is"),
    "buttons": Part(panel.buttons, "press and hold of both buttons arrive", hands=True),
    "lights": Part(panel.lights, "each light is seen on its own", hands=True),
    "buzzer": Part(panel.buzzer, "it is heard", hands=True),
    "camera": Part(picture.camera, "pictures and key frames come in time, neither dark, white nor blurred"),
    "sound": Part(sound.sound, "as long as the picture, at 48 kHz, neither silent nor clipped; or none by policy"),
    # Last: a weak supply shows under load.
    "power": Part(condition.power, "not too hot, supply and battery well"),
}


def described() -> str:
    """Return a line for each part."""
    return "\n".join(f"{name:<11}{part.shows}{' (needs a person)' * part.hands}" for name, part in PARTS.items())


def run(stand: Stand, names: Sequence[str], *, hands: bool = True) -> Iterator[Result]:
    """Test the named parts in the table's order and yield each result as soon as it is there."""
    for name, part in PARTS.items():
        if name not in names:
            continue
        if part.hands and not hands:
            yield Result(name, Verdict.SKIP, "It needs a person. Leave --no-hands out.")
        else:
            yield _tested(name, part, stand)


def _tested(name: str, part: Part, stand: Stand) -> Result:
    try:
        passed = part.test(stand)
    except (DeviceError, FootageError) as reason:
        return Result(name, Verdict.ERROR, str(reason), reason.code)
    except OSError as reason:
        return Result(name, Verdict.ERROR, f"The card refuses ({reason}). Have it replaced.", Trouble.CARD_FAILED.value)
    except Exception as reason:
        _log.exception("the test of %s broke", name)
        text = f"The test broke ({type(reason).__name__}); the log says where. Tell IT."
        return Result(name, Verdict.ERROR, text, Flaw.SELFTEST_FAILED.value)
    return Result(name, Verdict.OK, passed.text, figures=passed.figures)
