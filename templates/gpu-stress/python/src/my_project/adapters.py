"""Finds the GPUs that wgpu and torch offer; runs in a process of its own, as drivers may crash."""

import logging
from dataclasses import dataclass
from functools import cache
from typing import Any

import wgpu
from wgpu.backends.wgpu_native.extras import set_instance_extras

from .kernels.gpu import precisions_of

_KINDS = {"DiscreteGPU": "discrete", "IntegratedGPU": "integrated", "CPU": "software"}
_BACKENDS = {"Vulkan": "vulkan", "Metal": "metal", "D3D12": "dx12"}  # the first one counts


@dataclass(frozen=True, slots=True)
class Adapter:
    """What a driver says about a device."""

    name: str
    kind: str
    backend: str
    driver: str | None
    vendor_id: int
    device_id: int
    precisions: list[str]
    uuid: str | None = None
    pci: str | None = None
    memory_bytes: int | None = None


def find_adapters() -> list[tuple[Any, Adapter]]:
    """Return wgpu's adapters, each device once; OpenGL's never count."""
    _leave_out_opengl()
    found = [(each, _describe(each)) for each in wgpu.gpu.enumerate_adapters_sync()]
    best: dict[tuple[int, int, str], str] = {}
    order = list(_BACKENDS.values())
    for _, adapter in found:
        if adapter.backend in order:
            key = (adapter.vendor_id, adapter.device_id, adapter.name)
            best[key] = min(best.get(key, adapter.backend), adapter.backend, key=order.index)
    return [
        (each, adapter)
        for each, adapter in found
        if best.get((adapter.vendor_id, adapter.device_id, adapter.name)) == adapter.backend
    ]


def find_cuda() -> list[Adapter]:
    """Return the devices that torch sees, in its order."""
    import torch  # noqa: PLC0415  # slow to load, and an extra

    from .kernels.torch_target import torch_precisions  # noqa: PLC0415  # loads torch

    found = []
    for number in range(torch.cuda.device_count()):
        has = torch.cuda.get_device_properties(number)
        found.append(
            Adapter(
                name=has.name,
                kind="integrated" if has.is_integrated else "discrete",
                backend="cuda",
                driver=f"CUDA {torch.version.cuda}",
                vendor_id=0x10DE,
                device_id=0,
                precisions=[str(each) for each in torch_precisions(f"cuda:{number}")],
                uuid=f"GPU-{has.uuid}",
                pci=f"{has.pci_domain_id:04x}:{has.pci_bus_id:02x}:{has.pci_device_id:02x}.0",
                memory_bytes=has.total_memory,
            )
        )
    return found


@cache
def _leave_out_opengl() -> None:
    """Choose the backends, which can be done once in a process; and log nothing."""
    # What wgpu would log is in its exceptions, too.
    logging.getLogger("wgpu").setLevel(logging.CRITICAL + 1)
    set_instance_extras(backends=["Vulkan", "Metal", "DX12"])


def _describe(adapter: Any) -> Adapter:  # noqa: ANN401  # wgpu brings no types
    info = adapter.info
    return Adapter(
        name=info["device"],
        kind=_KINDS.get(info["adapter_type"], "virtual"),
        backend=_BACKENDS.get(info["backend_type"], ""),
        driver=f"{info['vendor']} {info['description']}".strip() or None,  # its name and version
        vendor_id=info["vendor_id"],
        device_id=info["device_id"],
        precisions=[str(each) for each in precisions_of(adapter)],
    )
