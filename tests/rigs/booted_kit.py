"""Debian with the kit's package installed, booted by its own systemd in namespaces of this machine.

Nothing of it outlives the process that holds it: the root is an overlay whose changes are in memory, the network is a
loopback of its own, and the machine's devices are not there.
"""

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.rigs.debian_mirror import debian_mirror
from tests.rigs.rig_stack import wait_until

SUITE = "trixie"  # Raspberry Pi OS 13 is made of it
_INCLUDE = "systemd,systemd-sysv,dbus,udev,python3,libasound2-data,procps,ca-certificates"
_CACHE = Path(__file__).parents[2] / ".cache"
_CGROUP = "attune-kit-rig-{}"

# $1 base folder, $2 an empty folder, $3 the package, $4 the cgroup's name.
_ENTER = """
set -eu
mount --make-rprivate /
mount -t cgroup2 cgroup2 "$2"
mkdir "$2/$4"
echo $$ > "$2/$4/cgroup.procs"
umount "$2"
exec unshare --pid --fork --kill-child --mount --ipc --uts --cgroup --net sh -euc "$BOOT" boot "$@"
"""
_BOOT = """
mount -t tmpfs tmpfs "$2"
mkdir "$2/upper" "$2/work" "$2/root"
mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$2/root"
cp "$3" "$2/root/kit.deb"
cd "$2/root"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
for node in null zero full random urandom tty; do touch "dev/$node"; mount --bind "/dev/$node" "dev/$node"; done
mkdir dev/pts dev/shm old
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t tmpfs tmpfs dev/shm
mount -t tmpfs -o mode=755 tmpfs run
ip link set lo up
pivot_root . old
cd /
umount -l old
export PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive
dpkg --install kit.deb
exec env -i container=rig PATH="$PATH" /lib/systemd/systemd --show-status=no
"""


class BootedKit:
    """A running system. Its processes are reached through `systemd`, the process id of its first one."""

    def __init__(self, systemd: int) -> None:
        self.systemd = systemd
        self.root = Path(f"/proc/{systemd}/root")

    @property
    def network(self) -> Sequence[str]:
        """The words that run a program of this machine in the system's network."""
        return ("nsenter", "--target", str(self.systemd), "--net")

    def run(self, *command: str, check: bool = True) -> str:
        """Run a command in the system and return what it printed."""
        words = ["nsenter", "--target", str(self.systemd), "--all", *command]
        done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
        if check and done.returncode:
            raise AssertionError(f"{shlex.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout

    def show(self, unit: str, setting: str) -> str:
        """Return what systemd knows of a unit."""
        return self.run("systemctl", "show", "--property", setting, "--value", unit).strip()

    def log(self, unit: str) -> str:
        """Return a unit's log."""
        return self.run("journalctl", "--no-pager", "--output=cat", "--unit", unit)

    def main_process(self, unit: str) -> int:
        """Return the process of a unit by its number in the system; 0 while there is none that is ready."""
        return int(self.show(unit, "MainPID")) if self.show(unit, "SubState") == "running" else 0

    def kill(self, unit: str, signal: str = "KILL") -> float:
        """Kill a service's process and return the seconds until another one says that it is ready."""
        before = self.main_process(unit)
        assert before, self.log(unit)
        began = time.monotonic()
        self.run("kill", "-s", signal, str(before))
        wait_until(lambda: self.main_process(unit) not in (0, before))
        return time.monotonic() - began

    def drop_in(self, unit: str, name: str, *lines: str, section: str = "Service") -> None:
        """Change a unit as an administrator would: a service, unless its name says otherwise."""
        whole_name = unit if "." in unit else f"{unit}.service"
        file = self.root / f"etc/systemd/system/{whole_name}.d/{name}.conf"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"[{section}]\n" + "".join(f"{line}\n" for line in lines))
        self.run("systemctl", "daemon-reload")


def base_system() -> Path:
    """Return the folder of a small Debian, made once for all rigs."""
    folder = _CACHE / f"{SUITE}-booted"
    if not folder.exists():
        making = folder.with_suffix(".new")
        shutil.rmtree(making, ignore_errors=True)
        making.parent.mkdir(parents=True, exist_ok=True)
        command = [
            "mmdebstrap",
            "--quiet",
            "--variant=minbase",
            f"--include={_INCLUDE}",
            SUITE,
            str(making),
            f"deb {debian_mirror()} {SUITE} main",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        making.rename(folder)
    return folder


@contextmanager
def booted_kit(package: Path, log: Path) -> Iterator[BootedKit]:
    """Boot a system with the package until the context ends."""
    empty = log.with_suffix(".mnt")
    empty.mkdir()
    cgroup = _CGROUP.format(os.getpid())
    command = ["unshare", "--mount", "sh", "-c", _ENTER, "enter", str(base_system()), str(empty), str(package), cgroup]
    with log.open("wb") as output:
        holder = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, "BOOT": _BOOT})
        try:
            wait_until(lambda: holder.poll() is not None or _first_process(holder.pid) != 0)
            assert holder.poll() is None, log.read_text()
            kit = BootedKit(_first_process(holder.pid))
            wait_until(lambda: kit.run("systemctl", "is-system-running", check=False).strip() == "running")
            yield kit
        finally:
            holder.kill()  # the namespaces' first process goes with it, and all others with that one
            holder.wait()
            _remove_cgroup(empty, cgroup)


def _first_process(holder: int) -> int:
    """Return the system's systemd, or 0 as long as it is not that yet."""
    children = psutil.Process(holder).children() if psutil.pid_exists(holder) else []
    return next((child.pid for child in children if child.name() == "systemd"), 0)


def _remove_cgroup(empty: Path, name: str) -> None:
    script = (
        'mount -t cgroup2 cgroup2 "$1"; '
        '[ ! -d "$1/$2" ] || for _ in 1 2 3 4 5 6 7 8 9 10; do '
        'find "$1/$2" -depth -type d -exec rmdir {} + 2>/dev/null && break; sleep 0.2; done'
    )
    subprocess.run(["unshare", "--mount", "sh", "-c", script, "sh", str(empty), name], check=False)
