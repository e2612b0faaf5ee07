"""The real NetworkManager with a D-Bus of its own and cables of its own: the machine's network is not touched.

It runs in namespaces of network and mounts, and can't write the machine's `/etc`. Only the bus's socket can be reached
from outside, so `nmcli` and whoever else speaks D-Bus run as they are. There is no
radio here: profiles of Wi-Fi are read and kept, but nothing joins. Needs root.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DOCK, TELEPHONE = "dock0", "phone0"
# Who may ask what is as on a kit: what NetworkManager's own package allows, over the defaults of D-Bus's system.conf.
_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth><policy context="default">
<allow user="*"/><deny own="*"/><deny send_type="method_call"/><allow send_type="signal"/>
<allow send_requested_reply="true" send_type="method_return"/><allow send_requested_reply="true" send_type="error"/>
<allow receive_type="method_call"/><allow receive_type="method_return"/><allow receive_type="error"/>
<allow receive_type="signal"/><allow send_destination="org.freedesktop.DBus"/></policy>
<include>/usr/share/dbus-1/system.d/org.freedesktop.NetworkManager.conf</include></busconfig>
"""
# The far ends of the cables are somebody else's; names of services are nobody's here.
_OURS = "[main]\ndns=none\ndhcp=internal\n[keyfile]\nunmanaged-devices=interface-name:far-*\n[logging]\nlevel=INFO\n"
_BOOT = """
mount --bind /etc /etc; mount -o remount,ro,bind /etc
for place in /run /etc/NetworkManager /var/lib/NetworkManager; do mount -t tmpfs tmpfs "$place"; done
mount -t sysfs -o ro sysfs /sys  # read-only: devices are not waited for until udev has seen them
cp -r "$1"/. /etc/NetworkManager/
ip link set lo up
for cable in dock0 phone0; do ip link add "$cable" type veth peer name "far-$cable"; done
dbus-daemon --config-file="$2/bus.conf" --nofork --nopidfile &
while [ ! -S "$2/bus" ]; do sleep 0.05; done
export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$2/bus"
exec NetworkManager --debug
"""


class RealNetworkManager:
    """Give it orders through `nmcli`; `environment` is for others who are to find its bus."""

    def __init__(self, folder: Path, process: "subprocess.Popen[bytes]") -> None:
        self._folder = folder
        self._process = process
        self.environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={folder / 'bus'}", "LC_ALL": "C.UTF-8"}

    def nmcli(self, *order: str, check: bool = True) -> str:
        """Return what nmcli says."""
        done = subprocess.run(
            ["nmcli", *order], env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert not check or done.returncode == 0, (order, done.stdout, done.stderr, self.log()[-3000:])
        return done.stdout.strip()

    def setting(self, profile: str, name: str) -> str:
        """Return a profile's setting, secrets too."""
        return self.nmcli("--show-secrets", "--escape", "no", "--get-values", name, "connection", "show", profile)

    def plug(self, cable: str) -> None:
        """Connect a cable's far end."""
        self._ip("link", "set", f"far-{cable}", "up")

    def pull(self, cable: str) -> None:
        """Disconnect it."""
        self._ip("link", "set", f"far-{cable}", "down")

    def kill(self) -> None:
        """Kill NetworkManager and its bus."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def log(self) -> str:
        """Return what NetworkManager said."""
        return (self._folder / "log").read_text("utf-8", "replace")

    def _ip(self, *order: str) -> None:
        subprocess.run(["nsenter", f"--target={self._process.pid}", "--net", "ip", *order], check=True)


@contextmanager
def network_manager(folder: Path, etc: Path) -> Iterator[RealNetworkManager]:
    """Run NetworkManager with a kit's `/etc/NetworkManager`, of which it gets a copy; no cable is plugged in."""
    (folder / "bus.conf").write_text(_BUS.format(socket=folder / "bus"))
    conf = etc / "conf.d" / "rig.conf"
    conf.parent.mkdir(parents=True, exist_ok=True)
    conf.write_text(_OURS)
    # Not of processes: who asks from outside would have no number, and NetworkManager would not answer.
    namespaces = ["unshare", "--net", "--mount", "--propagation=private"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*namespaces, "sh", "-euc", _BOOT, "boot", str(etc), str(folder)],
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    real = RealNetworkManager(folder, process)
    try:
        deadline = time.monotonic() + 30
        while real.nmcli("--get-values", "RUNNING", "general", check=False) != "running":
            assert time.monotonic() < deadline, real.log()
            time.sleep(0.1)
        yield real
    finally:
        real.kill()
