"""libcamera's virtual camera in the place of a Raspberry Pi's, for picamera2 as it is.

What differs from a Pi stands here and nowhere in the product: it has no raw modes, wants both planes of NV12 in one
buffer, has no contiguous memory to take buffers from, and makes a picture the moment that it is asked for one. A sensor
makes them at its own pace, so requests are handed to it at that pace; a pulled cable hands it none.
"""

import contextlib
import mmap
import os
import queue
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import libcamera
import picamera2.picamera2
from picamera2 import Picamera2
from picamera2.allocators import DmaAllocator

PULLED = Path(os.environ.get("VIRTUAL_CABLE_PULLED", "/run/virtual-cable-pulled"))
"""While this file exists, no picture comes, and nobody says so."""


class Sensor:
    """A libcamera `Camera` that makes pictures at the rate that its controls ask for."""

    def __init__(self, camera: Any) -> None:
        self._camera = camera
        self._requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._camera, name)

    def __eq__(self, other: object) -> bool:
        return bool(self._camera == other)

    def __hash__(self) -> int:
        return hash(self._camera)

    def start(self, controls: Mapping[Any, Any]) -> None:
        frame_us = next(value for control, value in controls.items() if control.name == "FrameDurationLimits")[0]
        self._camera.start(controls)
        self._stopping.clear()
        self._requests = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._expose, args=(frame_us / 1e6,), name="sensor", daemon=True)
        self._thread.start()

    def queue_request(self, request: Any) -> None:
        self._requests.put(request)

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        while not self._requests.empty():  # those that are dropped spoil the status of their buffers for the next film
            self._camera.queue_request(self._requests.get())
        self._camera.stop()

    def _expose(self, seconds: float) -> None:
        due = time.monotonic()
        while not self._stopping.wait(max(0.0, due - time.monotonic())):
            due += seconds
            if not PULLED.exists():
                with contextlib.suppress(queue.Empty):  # no buffer is free: this picture is lost, as on a Pi
                    self._camera.queue_request(self._requests.get_nowait())


class MemoryAllocator(DmaAllocator):  # type: ignore[misc]  # picamera2 has no types
    """Buffers in ordinary memory, each with both planes of an NV12 picture."""

    def __init__(self) -> None:
        self.dmaHeap = None
        self.mapped_buffers: dict[Any, mmap.mmap] = {}
        self.mapped_buffers_used: dict[int, bool] = {}
        self.frame_buffers: dict[Any, list[Any]] = {}
        self.open_fds: list[int] = []
        self.libcamera_fds: list[int] = []
        self.sync = _NoSync

    def allocate(self, libcamera_config: Any, _use_case: Any) -> None:
        for stream in libcamera_config:
            luma = stream.stride * stream.size.height
            self.frame_buffers[stream.stream] = [
                self._buffer(luma, stream.frame_size) for _ in range(stream.buffer_count)
            ]

    def _buffer(self, luma: int, size: int) -> Any:
        fd = os.memfd_create("picture")
        os.ftruncate(fd, size)
        planes = []
        for offset, length in ((0, luma), (luma, size - luma)):
            plane = libcamera.FrameBuffer.Plane()
            plane.fd, plane.offset, plane.length = fd, offset, length
            planes.append(plane)
        buffer = _buffer_without_error(planes)
        self.open_fds.append(fd)
        for known in {fd, *(plane.fd for plane in buffer.planes)}:  # libcamera has copies of its own
            self.libcamera_fds.append(known)
            self.mapped_buffers_used[known] = False
        self.mapped_buffers[buffer] = mmap.mmap(fd, size)
        return buffer


def _buffer_without_error(planes: list[Any]) -> Any:
    # The virtual camera of libcamera 0.4 never writes a buffer's status, which is whatever lay in that memory before;
    # picamera2 leaves out pictures whose status is not success.
    unfit = []
    while (buffer := libcamera.FrameBuffer(planes)).metadata.status != libcamera.FrameMetadata.Status.Success:
        unfit.append(buffer)
        if len(unfit) > 10_000:
            raise RuntimeError("no buffer without an error")
    return buffer


class _NoSync:
    """Ordinary memory needs no cache to be flushed."""

    def __init__(self, allocator: MemoryAllocator, buffer: Any, _write: bool) -> None:
        self._map = allocator.mapped_buffers[buffer]

    def __enter__(self) -> mmap.mmap:
        return self._map

    def __exit__(self, *_: object) -> None:
        pass


def _initialise(opened: Any, original: Any = Picamera2._initialize_camera) -> None:
    original(opened)
    opened.camera = Sensor(opened.camera)


def _modes(opened: Any) -> list[dict[str, Any]]:
    sizes = opened.camera.generate_configuration([libcamera.StreamRole.VideoRecording]).at(0).formats
    return [
        {"format": str(pixels), "size": (size.width, size.height)}
        for pixels in sizes.pixel_formats
        for size in sizes.sizes(pixels)
    ]


Picamera2._initialize_camera = _initialise
Picamera2._get_raw_modes = _modes
picamera2.picamera2.DmaAllocator = MemoryAllocator
