"""The programs compared with, and the CPU that a process used."""

import hashlib
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

import psutil

from benchmarks.errors import PeerFailed, PeerMissing
from footage.age import HybridIdentity, X25519Identity

_FIRST_HYBRID_AGE = (1, 3)


class AgePeer(NamedTuple):
    """The `age` on PATH: its name with version and kind of recipient, and a recipient for it."""

    name: str
    recipient: str


def program(name: str) -> str:
    """Return the path of a program. Raises `PeerMissing`."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")
    if path is None:
        raise PeerMissing(
            f"There is no {name} on PATH. Next step: sudo apt-get install ffmpeg age nginx-light curl rsync"
        )
    return path


def age_peer() -> AgePeer:
    """Return `age` with a post-quantum recipient, or a classic one if it is too old for that. Raises `PeerMissing`."""
    answer = subprocess.run([program("age"), "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"(\d+)\.(\d+)[\d.]*", answer)
    hybrid = version is not None and (int(version[1]), int(version[2])) >= _FIRST_HYBRID_AGE
    recipient = HybridIdentity.generate().recipient.text if hybrid else X25519Identity.generate().recipient.text
    return AgePeer(f"age {version[0] if version else '?'} ({'hybrid' if hybrid else 'X25519'})", recipient)


def ffmpeg_name() -> str:
    """Return "ffmpeg" with its version."""
    answer = subprocess.run([program("ffmpeg"), "-version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"version n?(\d+[\d.]*\d)", answer)
    return f"ffmpeg {version[1]}" if version else "ffmpeg"


def copy_and_seal(film: Path, age: AgePeer, sealed: Path) -> float:
    """Copy `film` into fragmented MP4 piped into `age` writing `sealed`; return the CPU seconds of both processes.

    Raises `PeerMissing` and `PeerFailed`.
    """
    fragmented = ["-movflags", "frag_keyframe+empty_moov+default_base_moof", "-f", "mp4", "pipe:1"]
    copying = subprocess.Popen(
        [program("ffmpeg"), "-v", "error", "-nostdin", "-i", film, "-c", "copy", *fragmented], stdout=subprocess.PIPE
    )
    sealing = subprocess.Popen([program("age"), "-r", age.recipient, "-o", sealed], stdin=copying.stdout)
    assert copying.stdout is not None
    copying.stdout.close()  # so that ffmpeg ends should age end first
    return cpu_seconds(sealing, copying)


def hash_and_sync(sealed: Path) -> float:
    """Hash a file by the same library as ours and make it durable; return the CPU seconds."""
    before = time.process_time()
    with sealed.open("rb") as file:
        hashlib.file_digest(file, "sha256")
        os.fsync(file.fileno())
    return time.process_time() - before


def cpu_seconds_of(process: psutil.Process) -> float:
    """Return the user and system time of a running process and all that it started, ended ones too."""
    seconds = 0.0
    for one in [process, *process.children(recursive=True)]:
        times = one.cpu_times()
        seconds += times.user + times.system + times.children_user + times.children_system
    return seconds


def cpu_seconds(*processes: subprocess.Popen[bytes]) -> float:
    """Wait for all processes and return their user and system time, start included. Raises `PeerFailed`."""
    seconds = 0.0
    for process in processes:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds += usage.ru_utime + usage.ru_stime
    for process in processes:
        if process.returncode != 0:
            name = Path(os.fsdecode(process.args[0] if isinstance(process.args, list) else "?")).name
            raise PeerFailed(f"{name} ended with exit code {process.returncode}. Its own message stands above.")
    return seconds
