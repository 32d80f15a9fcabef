"""The GPUs of this machine: which there are, and how much of their memory is free.

NVIDIA's are asked for by NVML, AMD's by the kernel's list of compute nodes. A GPU that is cut up
into MIG devices counts as these. What the user set in the environment is used as it is.
"""

import contextlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CUDA_VARIABLE = "CUDA_VISIBLE_DEVICES"
ROCM_VARIABLE = "HIP_VISIBLE_DEVICES"
GPU_VARIABLES = (CUDA_VARIABLE, ROCM_VARIABLE, "ROCR_VISIBLE_DEVICES")
_NVIDIA_DEVICES = tuple(
    map(Path, ("/dev/nvidiactl", "/proc/driver/nvidia", "/dev/dxg", "/dev/nvhost-ctrl-gpu"))
)
_KFD_NODES = Path("/sys/class/kfd/kfd/topology/nodes")


@dataclass(frozen=True)
class Gpus:
    """GPUs that runs may use, and the environment variable that tells a run which are its own.

    `names` are indices, UUIDs or MIG devices. `has_bus_order` says that the indices follow the
    PCI bus, as NVML's do, and CUDA's by default do not.
    """

    names: tuple[str, ...] = ()
    variable: str = CUDA_VARIABLE
    has_bus_order: bool = False

    def environment(self, own: Sequence[str]) -> dict[str, str]:
        """The environment of a run that owns some of them, or empty if there are none."""
        if not self.names:
            return {}
        order = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"} if self.has_bus_order else {}
        return {self.variable: ",".join(own), **order}


def find_gpus(environment: Mapping[str, str], kfd_nodes: Path = _KFD_NODES) -> Gpus:
    """The GPUs that runs may use: what the user set, else NVIDIA's, else AMD's."""
    for variable in GPU_VARIABLES:
        if variable in environment:
            return Gpus(tuple(_entries(environment[variable])), variable)
    if names := tuple(_nvidia_names()):
        return Gpus(names, has_bus_order="CUDA_DEVICE_ORDER" not in environment)
    return Gpus(tuple(map(str, range(_count_amd(kfd_nodes)))), ROCM_VARIABLE)


def _entries(text: str) -> Iterator[str]:
    """As CUDA reads them: an invalid entry (-1) hides those after it."""
    for entry in map(str.strip, text.split(",")):
        if not entry or entry.startswith("-") or entry == "NoDevFiles":
            return
        yield entry


def _count_amd(nodes: Path) -> int:
    """Compute nodes with vector units. The others are CPUs."""
    return sum(_n_simd(path) > 0 for path in nodes.glob("*/properties"))


def _n_simd(properties: Path) -> int:
    with contextlib.suppress(OSError, ValueError):
        for line in properties.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(" ")
            if name == "simd_count":
                return int(value)
    return 0


def has_nvidia_driver() -> bool:
    """Whether there may be one: on Linux its devices are looked for (also WSL's and Jetson's)."""
    return sys.platform != "linux" or any(path.exists() for path in _NVIDIA_DEVICES)


@contextlib.contextmanager
def _nvml() -> Iterator[Any]:
    """NVIDIA's library, or None if there is no driver."""
    if not has_nvidia_driver():
        yield None
        return
    import pynvml  # some 20 ms

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
    """A GPU by its index, or its MIG devices by their UUIDs."""
    device = nvml.nvmlDeviceGetHandleByIndex(index)
    try:
        is_cut_up = nvml.nvmlDeviceGetMigMode(device)[0] == nvml.NVML_DEVICE_MIG_ENABLE
    except nvml.NVMLError:  # an older model has no such mode
        is_cut_up = False
    return _mig_names(nvml, device) if is_cut_up else [str(index)]


def _mig_names(nvml: Any, device: Any) -> list[str]:
    names = []
    for position in range(nvml.nvmlDeviceGetMaxMigDeviceCount(device)):
        with contextlib.suppress(nvml.NVMLError):  # a place that is not taken
            part = nvml.nvmlDeviceGetMigDeviceHandleByIndex(device, position)
            names.append(_text(nvml.nvmlDeviceGetUUID(part)))
    return names


def free_memory_bytes(name: str) -> int | None:
    """A GPU's free memory, by index or UUID, or None if it is not known."""
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
    """A GPU by its UUID, or by the given name if its UUID is not known."""
    with _nvml() as nvml:
        if nvml is None or name.startswith("MIG"):
            return name
        try:
            if name.isdecimal():
                return _text(nvml.nvmlDeviceGetUUID(nvml.nvmlDeviceGetHandleByIndex(int(name))))
            return _text(nvml.nvmlDeviceGetUUID(nvml.nvmlDeviceGetHandleByUUID(name)))
        except nvml.NVMLError:
            return name


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
