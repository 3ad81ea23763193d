"""The names of the kernels."""

from enum import StrEnum


class Kernel(StrEnum):
    """What a device is loaded with."""

    FMA = "fma"
    MATMUL = "matmul"
    MEMORY = "memory"

    @property
    def unit(self) -> str:
        """What its throughput is counted in."""
        return "bytes/s" if self is Kernel.MEMORY else "operations/s"
