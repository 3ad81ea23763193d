"""A GPU through wgpu: pipelines, and what is submitted to it."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np

from my_project.precisions import Precision
from my_project.shaders import shader_text

from .gpu_buffers import RECORD, Binding, Buffer, FaultRecord

_FEATURES = {"shader-f16": Precision.F16, "shader-f64": Precision.F64}
LIMITS = (
    "max-buffer-size",
    "max-storage-buffer-binding-size",
    "max-compute-workgroup-storage-size",
)
_BLOCK = 1 << 30  # bytes that are asked for at once, at most
_MOST_GROUPS = 16384  # of 256 invocations that go over a buffer: enough for any device
DTYPES = {Precision.F64: np.float64, Precision.F32: np.float32, Precision.F16: np.float16}

Adapter = Any  # wgpu brings no types
Pipeline = Any


def precisions_of(adapter: Adapter) -> list[Precision]:
    """Return what an adapter can compute in."""
    extra = [each for name, each in _FEATURES.items() if name in adapter.features]
    return [Precision.F32, *extra]


@dataclass(frozen=True, slots=True)
class Step:
    """One dispatch of a pipeline."""

    pipeline: Pipeline
    bindings: Any
    groups: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BitFlip:
    """A bit that is flipped between dispatches, for `selftest`."""

    buffer: Buffer
    offset: int
    """Of its word, in bytes."""
    bit: int


class Gpu:
    """An open device; its methods may be called from several threads."""

    def __init__(self, adapter: Adapter) -> None:
        self.device = adapter.request_device_sync(
            required_features=[name for name in _FEATURES if name in adapter.features],
            required_limits={name: adapter.limits[name] for name in LIMITS},
        )
        limits = self.device.limits
        self.largest_binding = min(
            limits["max-storage-buffer-binding-size"] // 4 * 4, limits["max-buffer-size"]
        )
        self.largest_buffer = min(limits["max-buffer-size"], _BLOCK)
        self.is_software = adapter.info["adapter_type"] == "CPU"
        self._pipelines: dict[tuple[str, str], Any] = {}
        self._lock = Lock()

    def pipeline(self, name: str, entry: str, precision: Precision | None = None) -> Pipeline:
        """Return a compiled shader; each is compiled once."""
        text = shader_text(name, precision)
        with self._lock:
            if (text, entry) not in self._pipelines:
                module = self.device.create_shader_module(code=text)
                self._pipelines[text, entry] = self.device.create_compute_pipeline(
                    layout="auto", compute={"module": module, "entry_point": entry}
                )
            return self._pipelines[text, entry]

    def step(
        self, pipeline: Pipeline, bindings: list[Buffer | Binding], groups: tuple[int, ...]
    ) -> Step:
        """Return a dispatch on buffers, or parts of them, in the order of their bindings."""
        entries = []
        for place, bound in enumerate(bindings):
            buffer, offset, size = bound if isinstance(bound, tuple) else (bound, 0, bound.size)
            resource = {"buffer": buffer, "offset": offset, "size": size}
            entries.append({"binding": place, "resource": resource})
        layout = pipeline.get_bind_group_layout(0)
        group = self.device.create_bind_group(layout=layout, entries=entries)
        return Step(pipeline, group, groups)

    def submit(
        self,
        steps: Sequence[Step | BitFlip],
        clear: FaultRecord | None = None,
        read: FaultRecord | None = None,
    ) -> None:
        """Begin dispatches, one after the other.

        Before them a record of faults may be cleared, and after them one is made readable.
        """
        encoder = self.device.create_command_encoder()
        if clear is not None:
            encoder.clear_buffer(clear.faults)
        for step in steps:
            if isinstance(step, BitFlip):
                self.device.queue.submit([encoder.finish()])
                self._flip(step)
                encoder = self.device.create_command_encoder()
                continue
            compute = encoder.begin_compute_pass()
            compute.set_pipeline(step.pipeline)
            compute.set_bind_group(0, step.bindings)
            compute.dispatch_workgroups(*step.groups)
            compute.end()
        if read is not None:
            encoder.copy_buffer_to_buffer(read.faults, 0, read.readable, 0, RECORD)
        self.device.queue.submit([encoder.finish()])
        if read is not None:
            read.begin()

    def copy_corner(self, source: Binding, stride: int, target: Buffer, rows: int) -> None:
        """Copy the begin of each of some rows, which are so many bytes apart."""
        buffer, offset, _ = source
        length = target.size // rows
        encoder = self.device.create_command_encoder()
        for row in range(rows):
            begin = offset + row * stride
            encoder.copy_buffer_to_buffer(buffer, begin, target, row * length, length)
        self.device.queue.submit([encoder.finish()])

    def read(self, buffer: Buffer, offset: int, size: int) -> memoryview:
        """Return bytes of a buffer."""
        return memoryview(self.device.queue.read_buffer(buffer, offset, size))

    def write(self, buffer: Buffer, offset: int, data: bytes) -> None:
        """Write bytes into a buffer, before whatever is submitted later."""
        self.device.queue.write_buffer(buffer, offset, data)

    def _flip(self, flip: BitFlip) -> None:
        (old,) = struct.unpack("<I", self.read(flip.buffer, flip.offset, 4))
        self.write(flip.buffer, flip.offset, struct.pack("<I", old ^ 1 << flip.bit))


def groups_over(words: int) -> tuple[int]:
    """Return the workgroups of 256 invocations that go over so many words, four or more each."""
    return (max(1, min(_MOST_GROUPS, (words + 1023) // 1024)),)
