"""The GPUs of this machine, and how much of their memory is free.

NVIDIA's are found with NVML, AMD's in the kernel's list of compute nodes. A GPU that is divided
into MIG devices counts as these. What the user set in the environment is used unchanged.
"""

import contextlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml_tracking_ops.logger.gpu_names import nvml_text, visible_entries

CUDA_VARIABLE = "CUDA_VISIBLE_DEVICES"
ROCM_VARIABLE = "HIP_VISIBLE_DEVICES"
GPU_VARIABLES = (CUDA_VARIABLE, ROCM_VARIABLE, "ROCR_VISIBLE_DEVICES")
_NVIDIA_DEVICES = tuple(
    map(Path, ("/dev/nvidiactl", "/proc/driver/nvidia", "/dev/dxg", "/dev/nvhost-ctrl-gpu"))
)
_KFD_NODES = Path("/sys/class/kfd/kfd/topology/nodes")


@dataclass(frozen=True)
class Gpus:
    """GPUs that runs may use, and the environment variable that assigns them to a run.

    `names` are indices, UUIDs or MIG devices. `has_bus_order` means that the indices follow the PCI
    bus, as NVML's do, and CUDA's by default do not.
    """

    names: tuple[str, ...] = ()
    variable: str = CUDA_VARIABLE
    has_bus_order: bool = False

    def environment(self, own: Sequence[str]) -> dict[str, str]:
        """Return the environment of a run that owns some of them. Empty if there are none."""
        if not self.names:
            return {}
        order = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"} if self.has_bus_order else {}
        return {self.variable: ",".join(own), **order}


def find_gpus(environment: Mapping[str, str], kfd_nodes: Path = _KFD_NODES) -> Gpus:
    """Return the GPUs that runs may use: those the user set, else NVIDIA's, else AMD's."""
    for variable in GPU_VARIABLES:
        if variable in environment:
            return Gpus(tuple(visible_entries(environment[variable])), variable)
    if names := tuple(_nvidia_names()):
        return Gpus(names, has_bus_order="CUDA_DEVICE_ORDER" not in environment)
    return Gpus(tuple(map(str, range(_count_amd(kfd_nodes)))), ROCM_VARIABLE)


def _count_amd(nodes: Path) -> int:
    """Return the number of compute nodes with vector units. The others are CPUs."""
    return sum(_n_simd(path) > 0 for path in nodes.glob("*/properties"))


def _n_simd(properties: Path) -> int:
    with contextlib.suppress(OSError, ValueError):
        for line in properties.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(" ")
            if name == "simd_count":
                return int(value)
    return 0


def has_nvidia_driver() -> bool:
    """Return whether a driver may be present: on Linux by its devices (also WSL's and Jetson's)."""
    return sys.platform != "linux" or any(path.exists() for path in _NVIDIA_DEVICES)


@contextlib.contextmanager
def _nvml() -> Iterator[Any]:
    """Yield NVIDIA's library, or None if there is no driver."""
    if not has_nvidia_driver():
        yield None
        return
    import pynvml  # takes some 20 ms

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        yield None
        return
    try:
        yield pynvml
    finally:
        with contextlib.suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()


def _nvidia_names() -> list[str]:
    with _nvml() as nvml:
        if nvml is None:
            return []
        try:
            count = nvml.nvmlDeviceGetCount()
            return [name for index in range(count) for name in _names_of(nvml, index)]
        except nvml.NVMLError:
            return []


def _names_of(nvml: Any, index: int) -> list[str]:
    """Return a GPU by its index, or its MIG devices by their UUIDs."""
    device = nvml.nvmlDeviceGetHandleByIndex(index)
    try:
        is_cut_up = nvml.nvmlDeviceGetMigMode(device)[0] == nvml.NVML_DEVICE_MIG_ENABLE
    except nvml.NVMLError:  # older models have no such mode
        is_cut_up = False
    return _mig_names(nvml, device) if is_cut_up else [str(index)]


def _mig_names(nvml: Any, device: Any) -> list[str]:
    names = []
    for position in range(nvml.nvmlDeviceGetMaxMigDeviceCount(device)):
        with contextlib.suppress(nvml.NVMLError):  # an empty place
            part = nvml.nvmlDeviceGetMigDeviceHandleByIndex(device, position)
            names.append(nvml_text(nvml.nvmlDeviceGetUUID(part)))
    return names


def free_memory_bytes(name: str) -> int | None:
    """Return a GPU's free memory, by index or UUID, or None if not known."""
    with _nvml() as nvml:
        if nvml is None:
            return None
        try:
            device = (
                nvml.nvmlDeviceGetHandleByIndex(int(name))
                if name.isdecimal()
                else nvml.nvmlDeviceGetHandleByUUID(name)
            )
            return int(nvml.nvmlDeviceGetMemoryInfo(device).free)
        except nvml.NVMLError:
            return None


def unique_name(name: str) -> str:
    """Return a GPU's UUID, or the given name if the UUID is not known."""
    with _nvml() as nvml:
        if nvml is None or name.startswith("MIG"):
            return name
        try:
            if name.isdecimal():
                return nvml_text(nvml.nvmlDeviceGetUUID(nvml.nvmlDeviceGetHandleByIndex(int(name))))
            return nvml_text(nvml.nvmlDeviceGetUUID(nvml.nvmlDeviceGetHandleByUUID(name)))
        except nvml.NVMLError:
            return name
