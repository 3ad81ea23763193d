"""A GPU, through wgpu."""

import wgpu

from my_project.errors import DeviceError
from my_project.precisions import Precision
from my_project.targets import Target

from .gpu import Adapter, Gpu
from .gpu_fma import GpuFma
from .gpu_matmul import GpuMatmul
from .gpu_memory import GpuMemory
from .names import Kernel
from .workload import Workload


class GpuTarget(Target):
    """An open device."""

    # A RuntimeError is what wgpu makes of a device that is gone.
    failures = (DeviceError, RuntimeError, wgpu.GPUError)

    def __init__(self, adapter: Adapter) -> None:
        self._gpu = Gpu(adapter)

    def workload(
        self, kernel: Kernel, precision: Precision | None, budget: int, seed: int
    ) -> Workload:
        """Return a kernel with its memory; raise `MemoryError`."""
        try:
            return self._make(kernel, precision, budget, seed)
        except wgpu.GPUError as error:
            # What wgpu's native library makes of it is a type of its own, or this text.
            if "Not enough memory" in str(error):
                raise MemoryError(str(error)) from error
            raise

    def _make(
        self, kernel: Kernel, precision: Precision | None, budget: int, seed: int
    ) -> Workload:
        if precision is None:
            return GpuMemory(self._gpu, budget, seed)
        if kernel is Kernel.FMA:
            return GpuFma(self._gpu, precision, budget, seed)
        return GpuMatmul(self._gpu, precision, budget, seed)
