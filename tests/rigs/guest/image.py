"""An arm64 guest from Debian's packages and PyPI's wheels, unpacked and never run on the host.

It boots from an initramfs, so that it needs no disk of its own: Debian's kernel, Python, and what the kit depends on.
It is made once and kept in `.cache/`, under the hash of what defines it.
"""

import hashlib
import lzma
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.rigs.rig_stack import ROOT

GUEST_PYTHON = "3.11"  # Debian bookworm's, the newest for which lgpio has a wheel
KIT_FOLDER = "kit"
_CODE_FOLDER = "opt/attune-kit"
_CODE = ("footage", "device", "tests/rigs")
_SITE = "opt/site"
_KERNEL = "linux-image-cloud-arm64"  # of trixie, as on a kit; its small flavour has the PL061's driver built in
_PACKAGES = (
    *("busybox-static", "libbz2-1.0", "libc6", "libcrypt1", "libexpat1", "libffi8", "libgcc-s1", "liblzma5"),
    *("libpython3.11-minimal", "libpython3.11-stdlib", "libssl3", "libstdc++6", "libuuid1"),
    *("python3.11-minimal", "zlib1g"),
)
_DISTRIBUTIONS = (  # the device extra, with all that it stands on
    *("anyio", "av", "certifi", "cffi", "colorzero", "cryptography", "gpiozero", "h11", "http-message-signatures"),
    *("http-sf", "httpcore", "httpx", "idna", "joserfc", "msgspec", "pycparser", "typing-extensions"),
)
_LGPIO = "lgpio==0.2.2.0 --hash=sha256:a2f71fb95b149d8ac82c7c6bae70f054f6dc42a006ad35c90c7d8e54921fbcf4"
_APT = """\
APT::Architecture "arm64";
APT::Architectures {{ "arm64"; }};
APT::Sandbox::User "root";
Dir::State "{folder}";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
"""
_SOURCE = "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {mirror} {suite} main\n"
_SUITES = ("bookworm", "trixie")
_CARD_MODULE = "virtio_blk.ko"
_UNNEEDED = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/lib/python3.11/test", "boot", "usr/lib/gcc")


class GuestImage(NamedTuple):
    """What QEMU boots: an uncompressed kernel, and an initramfs without the kit's own code."""

    kernel: Path
    initramfs: Path


def guest_image(cache: Path = ROOT / ".cache") -> GuestImage:
    """Return the image, made if it is not there yet: a quarter of a minute and 80 MB of downloads."""
    requirements = _requirements()
    identity = hashlib.sha256(f"{Path(__file__).read_text()}{requirements}{sys.version_info[:2]}".encode())
    folder = cache / f"guest-{identity.hexdigest()[:16]}"
    image = GuestImage(folder / "kernel", folder / "initramfs")
    if not folder.exists():
        cache.mkdir(exist_ok=True)
        for old in cache.glob("guest-*"):
            shutil.rmtree(old)
        with tempfile.TemporaryDirectory(prefix="new-guest-", dir=cache) as temporary:
            _make(Path(temporary), requirements)
            (Path(temporary) / "made").rename(folder)
    return image


def pack(root: Path, archive: Path) -> None:
    """Write a folder as an uncompressed archive for the kernel. Archives may be joined; the later ones win."""
    names = sorted(str(path.relative_to(root)) for path in root.rglob("*"))
    with archive.open("wb") as out:
        command = ["cpio", "--create", "--format=newc", "--owner=0:0", "--quiet"]
        subprocess.run(command, input="\n".join(names).encode(), stdout=out, cwd=root, check=True)


def pack_kit(kit: Path, archive: Path) -> None:
    """Write the archive of this checkout's code and one kit's folder (settings, key, directory)."""
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        code = root / _CODE_FOLDER
        ignored = shutil.ignore_patterns("__pycache__")
        for package in _CODE:
            shutil.copytree(ROOT / package, code / package, ignore=ignored)
        shutil.copytree(kit, root / KIT_FOLDER)
        shutil.copy(Path(__file__).with_name("init"), root / "init")
        pack(root, archive)


def _make(folder: Path, requirements: str) -> None:
    root, made = folder / "root", folder / "made"
    made.mkdir()
    (root / "usr").mkdir(parents=True)
    for name in ("bin", "lib", "sbin"):
        (root / name).symlink_to(f"usr/{name}")
        (root / "usr" / name).mkdir()
    _unpack_packages(folder, root)
    (kernel,) = root.glob("boot/vmlinuz-*")
    shutil.copy(kernel, made / "kernel")
    _keep_one_module(root)
    _install_wheels(folder, root, requirements)
    for name in _UNNEEDED:
        shutil.rmtree(root / name, ignore_errors=True)
    for name in ("dev", "proc", "run", "sys", "tmp"):
        (root / name).mkdir(exist_ok=True)
    if f"{sys.version_info.major}.{sys.version_info.minor}" == GUEST_PYTHON:
        _compile(root)
    pack(root, made / "initramfs")


def _unpack_packages(folder: Path, root: Path) -> None:
    """Fetch and unpack packages with a state of apt of its own; no maintainer script runs."""
    apt = folder / "apt"
    for name in ("lists/partial", "cache/archives/partial", "packages"):
        (apt / name).mkdir(parents=True)
    (apt / "status").touch()
    mirror = _mirror()
    (apt / "sources.list").write_text("".join(_SOURCE.format(mirror=mirror, suite=suite) for suite in _SUITES))
    (apt / "apt.conf").write_text(_APT.format(folder=apt))

    def run(*words: str) -> str:
        environment = {**os.environ, "APT_CONFIG": str(apt / "apt.conf")}
        return subprocess.run(
            words, env=environment, cwd=apt / "packages", check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    run("apt-get", "update", "-qq")
    kernel = re.search(r"Depends: (linux-image-\S+)", run("apt-cache", "depends", _KERNEL))
    assert kernel is not None
    run("apt-get", "download", "-qq", kernel[1], *(f"{name}/{_SUITES[0]}" for name in _PACKAGES))
    for package in sorted((apt / "packages").glob("*.deb")):
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as unpacked:
            tar = ["tar", "--extract", "--keep-directory-symlink", "--directory", str(root)]
            subprocess.run(tar, stdin=unpacked.stdout, check=True)
        assert unpacked.returncode == 0


def _mirror() -> str:
    """Return the Debian mirror that this machine uses itself."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return next(uri for uri in found if uri.rstrip("/").endswith("/debian"))


def _keep_one_module(root: Path) -> None:
    """All that a guest needs is in the kernel, but for the driver of its card."""
    modules = root / "usr/lib/modules"
    (packed,) = modules.rglob(f"{_CARD_MODULE}.xz")
    module = lzma.decompress(packed.read_bytes())
    shutil.rmtree(modules)
    modules.mkdir()
    (modules / _CARD_MODULE).write_bytes(module)


def _requirements() -> str:
    """Return the locked requirements that the guest needs, and lgpio, which only a board with pins needs."""
    locked = re.split(r"\n(?=\S)", (ROOT / "requirements/dev.txt").read_text())
    wanted = [block for block in locked if block.partition("==")[0] in _DISTRIBUTIONS]
    assert len(wanted) == len(_DISTRIBUTIONS), "a distribution is not locked any more"
    return "\n".join([*wanted, _LGPIO])


def _install_wheels(folder: Path, root: Path, requirements: str) -> None:
    locked = folder / "requirements.txt"
    locked.write_text(requirements)
    pip = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--no-compile", "--only-binary=:all:"]
    pip += ["--target", str(root / _SITE), "--python-version", GUEST_PYTHON]
    for tag in ("manylinux_2_34", "manylinux_2_28", "manylinux_2_17", "manylinux2014"):
        pip += ["--platform", f"{tag}_aarch64"]
    subprocess.run([*pip, "--require-hashes", "--requirement", str(locked)], check=True)


def _compile(root: Path) -> None:
    """Compile Python files ahead where this Python is the guest's: in emulation it takes ten seconds a start."""
    folders = [root / "usr/lib/python3.11", root / _SITE]
    command = [sys.executable, "-m", "compileall", "-q", "-s", str(root), "--invalidation-mode", "unchecked-hash"]
    subprocess.run([*command, *map(str, folders)], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    print(guest_image())
