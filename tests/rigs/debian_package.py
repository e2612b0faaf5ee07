"""Builds one of our Debian packages from this checkout, as anybody would, and looks into it."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Which folder below /usr/lib is the package's own, and the build profile that leaves the other package out.
KIT = ("attune-kit-device", "attune-kit", "pkg.attune-kit.noserver")
SERVICE = ("attune-companion-api", "attune-companion-api", "pkg.attune-kit.nodevice")
_SECONDS = 15 * 60
_QUICKLY = {
    "PIP_CACHE_DIR": str(ROOT / ".cache/pip"),
    "DPKG_DEB_COMPRESSOR_TYPE": "zstd",
    "DPKG_DEB_COMPRESSOR_LEVEL": "1",
}


class DebianPackage:
    """A built package, and its content in a folder."""

    def __init__(self, folder: Path, *, python: str, architecture: str, package: tuple[str, str, str] = KIT) -> None:
        name, self._own_folder, profile = package
        self.build_folder = folder / "source"
        self.content = folder / "content"
        self.python = python
        _copy_checkout(self.build_folder)
        command = ["dpkg-buildpackage", "-us", "-uc", "-b", "-d", f"-Pcross,nocheck,{profile}", f"-a{architecture}"]
        done = subprocess.run(
            command,
            cwd=self.build_folder,
            env={**os.environ, "PYTHON_VERSION": python, **_QUICKLY},
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        (self.file,) = folder.glob(f"{name}_*.deb")
        subprocess.run(["dpkg-deb", "-x", self.file, self.content], check=True)

    @property
    def libraries(self) -> Path:
        """Where the package's Python libraries lie."""
        return self.environment / f"lib/python{self.python}/site-packages"

    @property
    def environment(self) -> Path:
        """The package's own virtual environment."""
        return self.content / "usr/lib" / self._own_folder

    def field(self, name: str) -> str:
        """Return a field of the control file."""
        return _output("dpkg-deb", "--field", self.file, name).strip()

    def listing(self) -> list[list[str]]:
        """Return mode, owner/group, size, day, time and path of everything in the package."""
        return [line.split(maxsplit=5) for line in _output("dpkg-deb", "--contents", self.file).splitlines()]

    def shared_objects(self) -> list[Path]:
        """Return all compiled files."""
        found = [*self.content.rglob("*.so"), *self.content.rglob("*.so.*")]
        return [file for file in found if file.is_file() and not file.is_symlink()]


def python_version(system: Path) -> str:
    """Return the version of Python that a system's folder has, such as 3.13."""
    return (system / "usr/bin/python3").readlink().name.removeprefix("python")


def own_architecture() -> str:
    """Return Debian's name for this machine's kind, such as amd64."""
    return _output("dpkg", "--print-architecture").strip()


def needed(shared_object: Path) -> set[str]:
    """Return the libraries that a compiled file asks for, whatever machine it is for (`DT_NEEDED` of its ELF)."""
    words = _output("readelf", "--dynamic", "--wide", shared_object).splitlines()
    return {line.split("[")[1].rstrip("]") for line in words if "(NEEDED)" in line}


def machine(shared_object: Path) -> str:
    """Return the machine that a compiled file is for, in readelf's words."""
    header = _output("readelf", "--file-header", shared_object).splitlines()
    return next(line.split(":")[1].strip() for line in header if "Machine:" in line)


def _output(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _copy_checkout(to: Path) -> None:
    """Copy what git knows, as it stands: what a fresh checkout would have."""
    for name in _output("git", "-C", ROOT, "ls-files", "-z").split("\0"):
        if name and (ROOT / name).exists():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
