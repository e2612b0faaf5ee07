"""Processes held to a share of a core each, by the kernel: as if each ran on a small machine of its own."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

_GROUPS = Path("/sys/fs/cgroup")
_PERIOD = 20_000  # microseconds; short, so that nobody waits long for their share


@contextmanager
def held(processes: Iterable[psutil.Process], share: float) -> Iterator[None]:
    """Let each of the processes have no more than a share of one core's time. Raises `OSError` where that can't be.

    It takes root and the kernel's cgroups, of version 2 or 1 (kernel.org, cgroup-v2, "cpu.max"; sched-bwc).
    """
    root = _GROUPS if (_GROUPS / "cgroup.controllers").exists() else _GROUPS / "cpu"
    if root is _GROUPS:
        (root / "cgroup.subtree_control").write_text("+cpu")
    made: list[Path] = []
    try:
        for process in processes:
            group = root / f"attune-benchmark-{process.pid}"
            group.mkdir()
            made.append(group)
            _limit(group, round(share * _PERIOD))
            (group / "cgroup.procs").write_text(f"{process.pid}")
        yield
    finally:
        for group in made:
            for process_id in (group / "cgroup.procs").read_text().split():
                (root / "cgroup.procs").write_text(process_id)
            group.rmdir()


def _limit(group: Path, quota: int) -> None:
    if (group / "cpu.max").exists():
        (group / "cpu.max").write_text(f"{quota} {_PERIOD}")
    else:
        (group / "cpu.cfs_period_us").write_text(f"{_PERIOD}")
        (group / "cpu.cfs_quota_us").write_text(f"{quota}")
