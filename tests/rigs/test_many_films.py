"""As many films as there may be, of any length, from several kits behind one link: all the same code."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from device.config import read_config
from device.spool import Spool
from tests.rigs.bad_link import AGENCY_ADDRESS, bad_link
from tests.rigs.link_scripts import Script
from tests.rigs.random_films import RandomFilms
from tests.rigs.rig_stack import RigStack, wait_until
from tests.rigs.scripted_kit import PORT, ScriptedKit, lacking, listening
from tests.rigs.wire import Shape

pytestmark = pytest.mark.rig
FAST = Shape(20e6, delay=0.015)
HOTSPOT = Shape(4e6, delay=0.05, loss=0.01)
KITS = ("kit-0001", "kit-0002", "kit-0003")


@pytest.mark.parametrize(
    "films",
    [
        pytest.param(((1,),), id="a part of one byte"),
        pytest.param(((3_000,) * 20,) * 29 + ((3_000,) * 3,), id="thirty films after a week"),
        pytest.param(((900,) * 3_600, (1,)), id="a film of an hour"),
    ],
)
def test_all_films_go(tmp_path: Path, films: tuple[tuple[int, ...], ...]) -> None:
    outcome = ScriptedKit(tmp_path / "site", Script(0, FAST, films, ())).play(240)
    assert outcome.lacking == []
    assert [(sent.gone, sent.acknowledged) for sent in outcome.account] == [
        (sent.end, True) for sent in outcome.account
    ], "each part goes once"
    assert len(outcome.account) == sum(map(len, films))


def test_several_kits_share_one_hotspot(tmp_path: Path) -> None:
    stack = RigStack(tmp_path / "site")
    with bad_link(HOTSPOT) as link, ExitStack() as running:
        stack.prefixes = {"service": link.at_agency(), **dict.fromkeys(KITS, link.at_kit())}
        configs = {}
        for kit in KITS:
            stack.agency.add_kit(kit, f"http://{AGENCY_ADDRESS}:{PORT}", simulated=True)
            configs[kit] = read_config(stack.agency.folder / "kits" / kit / "kit.toml")
        films = {kit: RandomFilms(config, seed) for seed, (kit, config) in enumerate(configs.items())}
        for of_kit in films.values():
            running.callback(of_kit.close)
        with ThreadPoolExecutor() as at_once:
            list(at_once.map(lambda one: one.film((200_000,) * 6), films.values()))
        running.enter_context(listening(stack))
        for kit in KITS:
            toml = stack.agency.folder / "kits" / kit / "kit.toml"
            running.enter_context(stack.program(kit, ["device", "--config", str(toml), "uplink"]))
        spools = [Spool(config.spool, reserve=0, last_film=config.status / "last-film") for config in configs.values()]
        wait_until(lambda: not any(spool.films() for spool in spools), 120)
    assert [lacking(stack, of_kit) for of_kit in films.values()] == [[], [], []]
