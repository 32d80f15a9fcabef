"""The state of NVIDIA's GPUs, from NVML if its Python bindings (`pynvml`) are installed."""

import os

from ..gpu_names import nvml_text, visible_entries

TYPE_CHECKING = False  # importing it from typing would cost more than the rest of the logger
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_BYTES_PER_MB = 1e6


class GpuReader:
    """Reads GPUs by index or UUID, each at most once between two calls of `begin`."""

    def __init__(self) -> None:
        self._nvml: Any = None
        self._has_tried = False
        self._handles: dict[str, Any] = {}
        self._read: dict[str, dict[str, float]] = {}

    def begin(self) -> None:
        """Forget the values of the last look at the GPUs."""
        self._read.clear()

    def values(self, name: str) -> "dict[str, float]":
        """Return the state of a GPU: utilization (%), memory (MB), power (W), temperature (°C)."""
        if name not in self._read:
            self._read[name] = dict(self._ask(name))
        return self._read[name]

    def visible(self) -> tuple[str, ...]:
        """Return the GPUs that this process may use."""
        chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
        if chosen is not None:
            return tuple(visible_entries(chosen))
        if not self._is_ready():
            return ()
        try:
            return tuple(str(index) for index in range(self._nvml.nvmlDeviceGetCount()))
        except self._nvml.NVMLError:
            return ()

    def close(self) -> None:
        if self._nvml is not None:
            try:
                self._nvml.nvmlShutdown()
            except self._nvml.NVMLError:
                return
            finally:
                self._nvml = None

    def _is_ready(self) -> bool:
        if not self._has_tried:
            self._has_tried = True
            try:
                import pynvml
            except ImportError:
                return False
            try:
                pynvml.nvmlInit()
            except pynvml.NVMLError:  # no driver
                return False
            self._nvml = pynvml
        return self._nvml is not None

    def _ask(self, name: str) -> "Iterator[tuple[str, float]]":
        if not self._is_ready():
            return
        nvml = self._nvml
        if name not in self._handles:
            try:
                self._handles[name] = _open(nvml, name)
            except nvml.NVMLError:
                return
        for metric, ways in _QUESTIONS:
            for ask in ways:
                try:
                    yield metric, float(ask(nvml, self._handles[name]))
                    break
                except (nvml.NVMLError, AttributeError, TypeError):
                    # this driver, model or part of one (MIG), or these bindings, do not support it
                    continue


def _open(nvml: "Any", name: str) -> "Any":
    """Return a GPU by its index, its UUID or, as in CUDA, the beginning of its UUID."""
    if name.isdecimal():
        return nvml.nvmlDeviceGetHandleByIndex(int(name))
    try:
        return nvml.nvmlDeviceGetHandleByUUID(name)
    except nvml.NVMLError:
        for index in range(nvml.nvmlDeviceGetCount()):
            device = nvml.nvmlDeviceGetHandleByIndex(index)
            if nvml_text(nvml.nvmlDeviceGetUUID(device)).startswith(name):
                return device
        raise


def _memory(nvml: "Any", device: "Any") -> float:
    """Return the used memory as `nvidia-smi` shows it, without what the driver reserves."""
    used: float = nvml.nvmlDeviceGetMemoryInfo(device, nvml.nvmlMemory_v2).used
    return used / _BYTES_PER_MB


def _memory_with_reserved(nvml: "Any", device: "Any") -> float:
    used: float = nvml.nvmlDeviceGetMemoryInfo(device).used
    return used / _BYTES_PER_MB


def _utilization(nvml: "Any", device: "Any") -> float:
    percent: float = nvml.nvmlDeviceGetUtilizationRates(device).gpu
    return percent


def _power(nvml: "Any", device: "Any") -> float:
    milliwatts: float = nvml.nvmlDeviceGetPowerUsage(device)
    return milliwatts / 1e3


def _temperature(nvml: "Any", device: "Any") -> float:
    degrees: float = nvml.nvmlDeviceGetTemperatureV(device, nvml.NVML_TEMPERATURE_GPU)
    return degrees


def _temperature_of_old(nvml: "Any", device: "Any") -> float:
    degrees: float = nvml.nvmlDeviceGetTemperature(device, nvml.NVML_TEMPERATURE_GPU)
    return degrees


_QUESTIONS: "tuple[tuple[str, tuple[Callable[[Any, Any], float], ...]], ...]" = (
    ("utilization", (_utilization,)),
    ("memory", (_memory, _memory_with_reserved)),
    ("power", (_power,)),
    ("temperature", (_temperature, _temperature_of_old)),
)
"""The ways to query each metric, those of newer drivers first."""
