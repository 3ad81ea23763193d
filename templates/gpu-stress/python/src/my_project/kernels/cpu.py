"""The CPU, through NumPy."""

from my_project.precisions import Precision
from my_project.targets import Target

from .cpu_fma import CpuFma
from .cpu_matmul import CpuMatmul
from .cpu_memory import CpuMemory
from .names import Kernel
from .workload import Workload


class CpuTarget(Target):
    """One core, or a share of it."""

    def workload(
        self, kernel: Kernel, precision: Precision | None, budget: int, seed: int
    ) -> Workload:
        """Return a kernel with its memory; raise `MemoryError`."""
        if precision is None:
            return CpuMemory(budget, seed)
        if kernel is Kernel.FMA:
            return CpuFma(precision, seed)
        return CpuMatmul(precision, budget, seed)
