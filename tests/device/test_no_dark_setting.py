"""No setting anywhere turns a light off, dims it or hides it.

Whoever adds a setting meets this list, and says here that it concerns no light.
"""

import argparse
import ast
import inspect
from pathlib import Path

import msgspec

from device import panel
from device.__main__ import _parser
from device.board import BOARD
from device.config import KitConfig
from device.panel import Panel
from device.recorder import TABLE, Effect, Event, State
from footage.directory import Policy

HARMLESS_SETTINGS = {
    "kit",
    "service",
    "agency_root",
    "authority",
    "key",
    "directory",
    "accepted",
    "spool",
    "status",
    "reserve_bytes",
    "profile",
    "agreement_minutes",
    "film_minutes",
    "room_minutes",
}
HARMLESS_POLICY = {"sound", "erase_after_days", "max_age_days", "hotspot_megabytes"}
HARMLESS_OPTIONS = {"help", "config", "rig", "source", "script", "until_empty"}
DIMMERS = {"PWMLED", "RGBLED", "PWMOutputDevice", "PWMLEDBoard", "LEDBarGraph", "pulse", "environ", "getenv"}


def test_no_setting_of_a_kit_concerns_a_light() -> None:
    assert {field.name for field in msgspec.structs.fields(KitConfig)} == HARMLESS_SETTINGS


def test_no_policy_concerns_a_light() -> None:
    assert {field.name for field in msgspec.structs.fields(Policy)} == HARMLESS_POLICY


def test_no_option_of_the_recorder_concerns_a_light() -> None:
    (commands,) = [action for action in _parser()._actions if isinstance(action, argparse._SubParsersAction)]
    parsers = [_parser(), commands.choices["recorder"], commands.choices["uplink"]]
    options = {action.dest for parser in parsers for action in parser._actions if action.option_strings}
    assert options == HARMLESS_OPTIONS


def test_the_panel_knows_on_and_off_only() -> None:
    tree = ast.parse(Path(panel.__file__).read_text("utf-8"))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert not names & DIMMERS


def test_the_panel_is_told_nothing_but_pins_and_whether_there_is_a_microphone() -> None:
    assert set(inspect.signature(Panel).parameters) == {"board", "post", "pin_factory", "microphone"}
    assert BOARD.tally not in {BOARD.microphone_power, *BOARD.consent_light, *BOARD.status_ring}


def test_the_tally_goes_dark_only_when_a_film_is_closed_or_did_not_begin() -> None:
    dark = {pair for pair, following in TABLE.items() if Effect.TALLY_OFF in following.effects}
    assert {state for state, _ in dark} == {State.CLOSING, State.RECORDING}
    assert {event for state, event in dark if state is State.RECORDING} == {Event.START_FAILED}
