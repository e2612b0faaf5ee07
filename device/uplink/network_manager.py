"""Which link there is, as NetworkManager says over D-Bus: its primary connection, that of the best default route.

A thread waits for its signals, so that a change is known at once and nothing is asked in between. Specification:
https://networkmanager.dev/docs/api/latest/gdbus-org.freedesktop.NetworkManager.html
"""

import logging
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Any

from jeepney import DBusAddress, DBusErrorResponse, MatchRule, Message, MessageType, message_bus
from jeepney.io.blocking import DBusConnection, Proxy, open_dbus_connection
from jeepney.wrappers import Properties

from device.uplink.link import UNKNOWN, Link, Way

FIRST_SECONDS = 5.0  # to wait for its first word
_ANSWER_SECONDS = 10.0
_AGAIN_SECONDS = 30.0  # until it is looked for again where there is no D-Bus

_NAME = "org.freedesktop.NetworkManager"
_PATH = "/org/freedesktop/NetworkManager"
_AWAY = OSError, EOFError, ValueError, DBusErrorResponse  # no D-Bus, or it went, or it is none
_NO_CONNECTION = "/"
_METERED = {1, 3}  # NMMetered: yes; guessed from what the network says
_WAYS = {"802-3-ethernet": Way.CABLE, "802-11-wireless": Way.WIFI}

_log = logging.getLogger(__name__)


class NetworkManager:
    """Tells the link while it is being watched: unknown without NetworkManager, as it was while that starts anew."""

    def __init__(self) -> None:
        self._link = UNKNOWN
        self._asked = threading.Event()

    def __call__(self) -> Link:
        """Return the link as it is now."""
        return self._link

    def watch(self) -> None:
        """Watch from a thread as long as the process lives; on return the link is known, if it can be."""
        threading.Thread(target=self._run, name="links", daemon=True).start()
        self._asked.wait(FIRST_SECONDS)

    def _run(self) -> None:
        while True:
            with suppress(*_AWAY), open_dbus_connection("SYSTEM") as bus:
                self._watch(bus)
            self._asked.set()
            time.sleep(_AGAIN_SECONDS)

    def _watch(self, bus: DBusConnection) -> None:
        news: deque[Message] = deque()
        rules = _properties_changed(), _come_or_gone()
        for rule in rules:
            Proxy(message_bus, bus, timeout=_ANSWER_SECONDS).AddMatch(rule)
        with bus.filter(rules[0], queue=news), bus.filter(rules[1], queue=news):
            while True:
                news.clear()
                self._ask(bus)
                self._asked.set()
                bus.recv_until_filtered(news)

    def _ask(self, bus: DBusConnection) -> None:
        manager = DBusAddress(_PATH, bus_name=_NAME, interface=_NAME)
        reply = bus.send_and_get_reply(Properties(manager).get_all(), timeout=_ANSWER_SECONDS)
        if reply.header.message_type is MessageType.error:
            return  # it is not there, or not yet: links stay as they are without it
        link = link_of({name: value for name, (_, value) in reply.body[0].items()})
        if link != self._link:
            _log.info("link: %s", link)
            self._link = link


def link_of(properties: dict[str, Any]) -> Link:
    """Return what NetworkManager's own properties say."""
    connection = properties["PrimaryConnection"]
    if connection == _NO_CONNECTION:
        return Link(Way.NONE)
    way = _WAYS.get(properties["PrimaryConnectionType"], Way.OTHER)
    return Link(way, properties["Metered"] in _METERED, connection)


def _properties_changed() -> MatchRule:
    return MatchRule(
        type="signal",
        interface="org.freedesktop.DBus.Properties",
        member="PropertiesChanged",
        path=_PATH,
    )


def _come_or_gone() -> MatchRule:
    rule = MatchRule(
        type="signal", sender=message_bus.bus_name, interface=message_bus.interface, member="NameOwnerChanged"
    )
    rule.add_arg_condition(0, _NAME)
    return rule
