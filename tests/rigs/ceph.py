"""A real S3 engine on loopback: Ceph with one monitor, one BlueStore OSD on a file, and one radosgw, from Debian.

No manager is needed for objects, and no keys among its programs, which trust loopback; S3 requests are signed as ever.
"""

import base64
import hashlib
import hmac
import time
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.parse import quote

from tests.rigs.engine import Program, free_port, run_to_end
from tests.rigs.rig_stack import wait_until

_BUCKET = "films"
_ACCESS_KEY, _SECRET_KEY = "rig-access-key", "rig-secret-key"
_DISK_BYTES = 16 << 30  # sparse
_SETTINGS = """[global]
fsid = {cluster}
mon_host = [v2:127.0.0.1:{monitor_port}/0]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
# radosgw alone insists on encryption to the monitor, which would need keys
ms_mon_client_mode = crc
admin_socket =
run_dir = {folder}
log_file =
log_to_stderr = true
err_to_stderr = true
mon_data = {folder}/monitor
# the share of this machine's disk that is free is no business of the rig
mon_data_avail_crit = 0
mon_data_avail_warn = 0
# one monitor needs no time to agree with itself; each pool that radosgw makes would wait for a second else
paxos_propose_interval = 0.05
paxos_min_wait = 0.01
osd_data = {folder}/osd
bluestore_block_size = {disk_bytes}
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
rgw_data = {folder}/gateway
rgw_frontends = beast endpoint=127.0.0.1:{gateway_port}
rgw_thread_pool_size = 64
# how many objects there are is counted anew for each
rgw_bucket_quota_ttl = 0
"""


class Ceph:
    """A cluster in `folder`. `osd` holds the objects, `gateway` speaks S3: either may be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._settings = folder / "ceph.conf"
        self._folder = folder
        monitor_port, gateway_port = free_port(), free_port()
        self._cluster = str(uuid.uuid4())
        self._monitor_address = f"[v2:127.0.0.1:{monitor_port}]"
        self.endpoint = f"http://127.0.0.1:{gateway_port}"
        self._settings.write_text(
            _SETTINGS.format(
                cluster=self._cluster,
                folder=folder,
                disk_bytes=_DISK_BYTES,
                monitor_port=monitor_port,
                gateway_port=gateway_port,
            )
        )
        self._monitor = self._program("ceph-mon", "-i", "a")
        self.osd = self._program("ceph-osd", "-i", "0")
        self.gateway = self._program("radosgw", "-n", "client.rgw")

    @property
    def environment(self) -> Mapping[str, str]:
        """What a program that uses the bucket needs in its environment."""
        return {
            "AWS_ENDPOINT": self.endpoint,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": _ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": _SECRET_KEY,
            "NO_PROXY": "127.0.0.1",
        }

    def address(self, prefix: str = "") -> str:
        """Return the address of a store in the rig's bucket; by default of one that nobody else uses."""
        return f"s3://{_BUCKET}/{prefix or uuid.uuid4().hex}"

    def new_bucket(self, name: str, *, versions: bool = False) -> str:
        """Make a bucket, which keeps versions if asked for, and return its address."""
        self._request("PUT", f"/{name}")
        if versions:
            body = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
            self._request("PUT", f"/{name}?versioning", body)
        return f"s3://{name}"

    def limit(self, objects: int | None) -> None:
        """Set a quota: how many objects each bucket may hold. None: any number."""
        user = ("--uid=rig", "--quota-scope=bucket")
        if objects is None:
            self._administer("quota", "disable", *user)
        else:
            self._administer("quota", "set", *user, f"--max-objects={objects}")
            self._administer("quota", "enable", *user)

    def wait_until_ready(self) -> None:
        """Wait until a bucket can be listed, which needs the gateway, the OSD and the monitor."""
        wait_until(self._answers)

    def start(self) -> None:
        """Make the cluster and start it, with a user and a bucket."""
        for program_folder in ("osd", "gateway"):
            (self._folder / program_folder).mkdir()
        osd, map_file, settings = str(uuid.uuid4()), str(self._folder / "monitors"), ["-c", str(self._settings)]
        run_to_end(["monmaptool", "--create", "--fsid", self._cluster, "--addv", "a", self._monitor_address, map_file])
        run_to_end(["ceph-mon", "--mkfs", "-i", "a", "--monmap", map_file, *settings])
        self._monitor.start()
        run_to_end(["ceph", "osd", "new", osd, *settings])
        run_to_end(["ceph-osd", "--mkfs", "-i", "0", "--osd-uuid", osd, *settings])
        self.osd.start()
        self.gateway.start()
        self._administer(
            "user",
            "create",
            "--uid=rig",
            "--display-name=rig",
            f"--access-key={_ACCESS_KEY}",
            f"--secret={_SECRET_KEY}",
        )
        wait_until(self._listens)
        self.new_bucket(_BUCKET)

    def cpu_seconds(self) -> float:
        """Return the user and system time of all programs, from their start."""
        return sum(program.cpu_seconds() for program in self._programs)

    def stop(self) -> None:
        """End all programs."""
        for program in self._programs:
            program.kill()

    @property
    def _programs(self) -> tuple[Program, ...]:
        return self.gateway, self.osd, self._monitor

    def _program(self, name: str, *words: str) -> Program:
        return Program([name, *words, "-f", "-c", str(self._settings)], self._folder / f"{name}.log")

    def _administer(self, *words: str) -> None:
        run_to_end(["radosgw-admin", "-c", str(self._settings), *words])

    def _listens(self) -> bool:
        for program in (self._monitor, self.osd, self.gateway):
            program.assert_running()
        try:
            with _DIRECT.open(self.endpoint, timeout=5):
                return True
        except (URLError, OSError):
            return False

    def _answers(self) -> bool:
        try:
            self._request("GET", f"/{_BUCKET}?max-keys=1", seconds=5)
        except (URLError, OSError):
            return False
        return True

    def _request(self, method: str, resource: str, body: bytes = b"", seconds: float = 60) -> None:
        """Send a request that obstore has not, signed by AWS Signature Version 2 in its query (the shortest)."""
        expires = int(time.time()) + 60
        signed = resource.partition("?")[0] if "=" in resource else resource
        text = f"{method}\n\n\n{expires}\n{signed}".encode()
        signature = base64.b64encode(hmac.digest(_SECRET_KEY.encode(), text, hashlib.sha1)).decode()
        query = f"AWSAccessKeyId={_ACCESS_KEY}&Expires={expires}&Signature={quote(signature, safe='')}"
        url = f"{self.endpoint}{resource}{'&' if '?' in resource else '?'}{query}"
        request = urllib.request.Request(url, body or None, {"Content-Type": ""} if body else {}, method=method)
        with _DIRECT.open(request, timeout=seconds) as answer:
            answer.read()


_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@contextmanager
def running_ceph(folder: Path) -> Iterator[Ceph]:
    """Start a cluster in the new folder `folder`; end it by its process ids. Raises `AssertionError`."""
    folder.mkdir()
    ceph = Ceph(folder)
    try:
        ceph.start()
        yield ceph
    finally:
        ceph.stop()
