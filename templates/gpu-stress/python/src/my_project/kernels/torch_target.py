"""A device of torch, such as `cpu` or `cuda:0`."""

import torch

from my_project.errors import DeviceError
from my_project.precisions import Precision
from my_project.targets import Target

from .names import Kernel
from .torch_matmul import TorchMatmul
from .workload import Workload


class TorchTarget(Target):
    """Makes `matmul` on one device."""

    failures = (DeviceError, RuntimeError)

    def __init__(self, device: str, threads: int) -> None:
        self._device = device
        if device == "cpu":
            torch.set_num_threads(threads)

    def workload(
        self, kernel: Kernel, precision: Precision | None, budget: int, seed: int
    ) -> Workload:
        """Return `matmul`, which is all there is; raise `MemoryError`."""
        if kernel is not Kernel.MATMUL or precision is None:
            raise DeviceError(f"torch has no kernel {kernel}")
        return TorchMatmul(self._device, precision, budget, seed)


def torch_precisions(device: str) -> list[Precision]:
    """Return what a device can multiply in; tf32 and bf16 came with compute capability 8.0."""
    common = [Precision.F64, Precision.F32]
    if device == "cpu":
        return [*common, Precision.BF16, Precision.F16]
    if torch.cuda.get_device_capability(device) >= (8, 0):
        return list(Precision)
    return [*common, Precision.F16]
