"""What tests share: the GPU that there is, be it in software."""

import os

import pytest

from my_project.adapters import find_adapters
from my_project.kernels.gpu import Gpu

from .program import need_gpu

os.environ.setdefault("XDG_RUNTIME_DIR", "/tmp")  # noqa: S108  # else Mesa warns; it writes nothing


@pytest.fixture(scope="session")
def gpu() -> Gpu:
    need_gpu()
    return Gpu(find_adapters()[0][0])
