"""What NVIDIA's GPUs do, asked of NVML if its Python bindings (`pynvml`) are installed."""

import os

TYPE_CHECKING = False  # importing it from typing would cost more than the rest of the logger
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_BYTES_PER_MB = 1e6


class GpuReader:
    """Reads GPUs by index or UUID; each at most once between two calls of `begin`."""

    def __init__(self) -> None:
        self._nvml: Any = None
        self._has_tried = False
        self._handles: dict[str, Any] = {}
        self._read: dict[str, dict[str, float]] = {}

    def begin(self) -> None:
        """Begin a new look at the GPUs."""
        self._read.clear()

    def values(self, name: str) -> "dict[str, float]":
        """What is known of a GPU: utilization (%), memory (MB), power (W), temperature (°C)."""
        if name not in self._read:
            self._read[name] = dict(self._ask(name))
        return self._read[name]

    def visible(self) -> tuple[str, ...]:
        """The GPUs that this process may use."""
        chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
        if chosen is not None:
            names = (name.strip() for name in chosen.split(","))
            return tuple(name for name in names if name and not name.startswith("-"))
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
        try:
            device = self._handles.setdefault(name, None) or self._open(name)
        except nvml.NVMLError:
            return
        for metric, ask in _questions(nvml):
            try:
                yield metric, float(ask(device))
            except nvml.NVMLError:  # this model, or a part of one (MIG), does not tell
                continue

    def _open(self, name: str) -> "Any":
        nvml = self._nvml
        by_index = name.isdecimal()
        device = (
            nvml.nvmlDeviceGetHandleByIndex(int(name))
            if by_index
            else nvml.nvmlDeviceGetHandleByUUID(name)
        )
        self._handles[name] = device
        return device


def _questions(nvml: "Any") -> "tuple[tuple[str, Callable[[Any], float]], ...]":
    return (
        ("utilization", lambda device: nvml.nvmlDeviceGetUtilizationRates(device).gpu),
        ("memory", lambda device: nvml.nvmlDeviceGetMemoryInfo(device).used / _BYTES_PER_MB),
        ("power", lambda device: nvml.nvmlDeviceGetPowerUsage(device) / 1e3),
        (
            "temperature",
            lambda device: nvml.nvmlDeviceGetTemperature(device, nvml.NVML_TEMPERATURE_GPU),
        ),
    )
