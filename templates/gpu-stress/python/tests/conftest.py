"""What tests share: the GPU that there is, be it in software."""

import os

import pytest

from my_project.adapters import find_adapters
from my_project.kernels.gpu import Gpu

os.environ.setdefault("XDG_RUNTIME_DIR", "/tmp")  # noqa: S108  # else Mesa warns; it writes nothing


@pytest.fixture(scope="session")
def gpu() -> Gpu:
    adapters = find_adapters()
    if not adapters:
        pytest.skip("no driver for Vulkan, Metal or DX12; Mesa's llvmpipe would do")
    return Gpu(adapters[0][0])
