"""The buffers of a GPU's workload, and the record of faults that its batches leave."""

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import wgpu

from my_project.errors import DeviceError

from .workload import MOST_PLACES, Faults

_STORAGE = wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_SRC | wgpu.BufferUsage.COPY_DST
_READABLE = wgpu.BufferUsage.MAP_READ | wgpu.BufferUsage.COPY_DST
RECORD = 4 * (2 + MOST_PLACES)  # bytes: the invocations that saw faults, the words, the places
UNIFORM_STEP = 256  # bytes: no device wants a larger alignment

Device = Any  # wgpu brings no types
Buffer = Any
Binding = tuple[Buffer, int, int]  # with the offset and the size in bytes


class Buffers:
    """The buffers of a workload, given back together."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._buffers: list[Buffer] = []
        self.allocated = 0

    def storage(self, size: int) -> Buffer:
        """Return a new buffer; raise `MemoryError` where the device has no room for it."""
        return self._keep(self._device.create_buffer(size=size, usage=_STORAGE))

    def uniform(self, *values: int) -> Binding:
        """Return a new buffer of parameters."""
        return self.uniforms([values])[0]

    def uniforms(self, parameters: Sequence[tuple[int, ...]]) -> list[Binding]:
        """Return parameters of many dispatches, as parts of one buffer."""
        data = b"".join(parameter_block(*each) for each in parameters)
        usage = wgpu.BufferUsage.UNIFORM | wgpu.BufferUsage.COPY_DST
        buffer = self._keep(self._device.create_buffer_with_data(data=data, usage=usage))
        length = 4 * len(parameters[0])
        return [(buffer, place * UNIFORM_STEP, length) for place in range(len(parameters))]

    def readable(self, size: int) -> Buffer:
        """Return a new buffer that the host can read."""
        return self._keep(self._device.create_buffer(size=size, usage=_READABLE))

    @contextmanager
    def closed_on_error(self) -> Iterator[None]:
        """Give all memory back if a workload cannot have what it needs."""
        try:
            yield
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give all memory back, once the device no longer uses it."""
        for buffer in self._buffers:
            buffer.destroy()
        self._buffers.clear()

    def _keep(self, buffer: Buffer) -> Buffer:
        self._buffers.append(buffer)
        self.allocated += buffer.size
        return buffer


class FaultRecord:
    """The number of wrong words of a batch, and the first places, as the device counts them."""

    def __init__(self, buffers: Buffers) -> None:
        self.faults = buffers.storage(RECORD)
        self.readable = buffers.readable(RECORD)
        self._promise: Any = None

    def begin(self) -> None:
        """Ask for the record of the batch that was just submitted."""
        self._promise = self.readable.map_async("READ_NOSYNC")

    def wait(self) -> Faults:
        """Return the record once the batch has ended; raise `DeviceError` if it never does."""
        try:
            self._promise.sync_wait()
            found = bytes(self.readable.read_mapped(copy=False))
            self.readable.unmap()
        except RuntimeError as error:  # what wgpu makes of a device that is gone
            raise DeviceError(str(error)) from error
        return faults_of(found)


def faults_of(record: bytes) -> Faults:
    """Return the faults that a record of compare.wgsl or memory.wgsl tells.

    The number of words wraps around where very many are wrong, that of invocations does not.
    """
    seen, count, *places = struct.unpack(f"<{2 + MOST_PLACES}I", record)
    return Faults(max(seen, count), tuple(places[:seen]))


def parameter_block(*values: int) -> bytes:
    """Return the parameters of a dispatch, modulo 2^32, as long as uniforms stand apart."""
    words = (value % (1 << 32) for value in values)
    return struct.pack(f"<{len(values)}I", *words).ljust(UNIFORM_STEP, b"\0")
