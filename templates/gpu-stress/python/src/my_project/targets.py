"""What a worker loads, whatever it is: the makers of workloads, and their memory."""

from abc import ABC, abstractmethod

from .errors import DeviceError
from .kernels.names import Kernel
from .kernels.workload import Workload
from .precisions import Precision
from .shares import LEAST


class Target(ABC):
    """Makes workloads on one device."""

    failures: tuple[type[Exception], ...] = (DeviceError,)
    """What the device's driver raises."""

    @abstractmethod
    def workload(
        self, kernel: Kernel, precision: Precision | None, budget: int, seed: int
    ) -> Workload:
        """Return a kernel with its memory; raise `MemoryError`."""


def allocate(  # noqa: PLR0913, PLR0917  # as many as a workload takes, and its least size
    target: Target,
    kernel: Kernel,
    precision: Precision | None,
    budget: int,
    seed: int,
    least: int = LEAST,
) -> Workload:
    """Return a workload within a budget; where memory runs out, 5 % less, and again.

    Raises `DeviceError` where there is not even the least, or what the budget was if that is less.
    """
    least = min(budget, least)
    while True:
        try:
            return target.workload(kernel, precision, budget, seed)
        except MemoryError as error:
            budget = budget * 95 // 100
            if budget < least:
                sentence = f"out of memory: there are no {least} bytes for {kernel}"
                raise DeviceError(sentence) from error
