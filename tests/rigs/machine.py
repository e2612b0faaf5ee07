"""Programs in a folder that holds another system: as root, in a mount namespace that ends with the machine."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
SUPPORT = Path(__file__).parent / "virtual_pi"
INSIDE_SUPPORT = "/rig"
INSIDE_SOURCE = "/source"

_SETTINGS = {
    "virtual.yaml": "/usr/share/libcamera/pipeline/virtual/virtual.yaml",  # all that Debian's libcamera lacks
}
_FROM_THIS_SIDE = ("/etc/resolv.conf", "/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt")
_NOT_FROM_CALLER = ("PYTHON", "VIRTUAL_ENV", "LD_", "PATH", "HOME", "TMPDIR")


class Machine:
    """Runs programs in the folder. `root` is how this side sees it."""

    def __init__(self, holder: int, inside: str) -> None:
        self.root = Path(f"/proc/{holder}/root{inside}")
        self._enter = ["nsenter", f"--mount=/proc/{holder}/ns/mnt"]
        self._inside = inside

    def popen(
        self,
        command: Sequence[str],
        *,
        network: bool = False,
        environment: Mapping[str, str] | None = None,
        **options: object,
    ) -> subprocess.Popen[bytes]:
        """Start a program, as root and by default without a network; its process id is the one returned."""
        alone = [] if network else ["unshare", "--net"]
        words = [*self._enter, *alone, "chroot", self._inside, *command]
        return subprocess.Popen(words, env=_environment() | dict(environment or {}), **options)  # type: ignore[call-overload, no-any-return]

    def run(
        self, command: Sequence[str], *, network: bool = False, environment: Mapping[str, str] | None = None
    ) -> str:
        """Run a program to its end; return what it printed. Raises `AssertionError` with that if it failed."""
        process = self.popen(
            command, network=network, environment=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        output = process.communicate()[0].decode(errors="replace")
        assert process.returncode == 0, f"{' '.join(command)} ended with {process.returncode}:\n{output[-5_000:]}"
        return output


@contextmanager
def machine(*, over: Path, writable: Path, shared: Sequence[Path] = ()) -> Iterator[Machine]:
    """Lay `writable` over the folder `over`, and give it this machine's devices, the sources, and `shared` folders.

    `shared` ones are seen under the same path. With `writable` the same as `over` the folder itself is changed.
    """
    inside = str(over)
    mounts = []
    if writable != over:
        upper, work, merged = (writable / name for name in ("upper", "work", "merged"))
        for made in (upper, work, merged):
            made.mkdir(parents=True)
        inside = str(merged)
        mounts.append(f"mount -t overlay kit -o lowerdir={over},upperdir={upper},workdir={work} {inside}")
    bound = {"/dev": "/dev", "/proc": "/proc", "/sys": "/sys", str(SUPPORT): INSIDE_SUPPORT, str(ROOT): INSIDE_SOURCE}
    bound |= {f"{SUPPORT}/{name}": target for name, target in _SETTINGS.items()}
    bound |= {file: file for file in _FROM_THIS_SIDE if Path(file).exists()}
    bound |= {str(path): str(path) for path in shared}
    for outside, target in bound.items():
        make = f"mkdir -p {inside}{target}" if Path(outside).is_dir() else f"mkdir -p {inside}{Path(target).parent}"
        touch = "true" if Path(outside).is_dir() else f"touch {inside}{target}"
        mounts.append(f"{make}; {touch}; mount --rbind {outside} {inside}{target}")
    script = "; ".join(["set -e", *mounts, f"mount -t tmpfs tmpfs {inside}/run", "echo ready", "exec sleep infinity"])
    holder = subprocess.Popen(
        ["unshare", "--mount", "--propagation=private", "sh", "-c", script], stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"ready\n", "the folder could not be mounted"
        yield Machine(holder.pid, inside)
    finally:
        holder.kill()
        holder.communicate()


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_FROM_CALLER)}
    return kept | {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}
