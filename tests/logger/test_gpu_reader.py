"""GPUs by NVML, with a stand-in for its Python bindings of old and new drivers."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from ml_tracking_ops.logger.system_metrics.gpus import GpuReader

UUIDS = ("GPU-aaaa-1", "GPU-bbbb-2")


class NVMLError(Exception):
    pass


def refuse(*_: Any) -> Any:
    raise NVMLError


def by_uuid(name: str) -> int:
    if name not in UUIDS:
        raise NVMLError
    return UUIDS.index(name)


def memory(device: int, version: int | None = None) -> SimpleNamespace:
    return SimpleNamespace(used=1.5e9 if version else 2e9)


def bindings(**changes: Any) -> SimpleNamespace:
    return SimpleNamespace(
        **{
            "NVMLError": NVMLError,
            "NVML_TEMPERATURE_GPU": 0,
            "nvmlMemory_v2": 2,
            "nvmlInit": lambda: None,
            "nvmlShutdown": lambda: None,
            "nvmlDeviceGetCount": lambda: 2,
            "nvmlDeviceGetHandleByIndex": lambda index: index if index < 2 else refuse(),
            "nvmlDeviceGetHandleByUUID": by_uuid,
            "nvmlDeviceGetUUID": lambda device: UUIDS[device].encode(),
            "nvmlDeviceGetUtilizationRates": lambda device: SimpleNamespace(gpu=37),
            "nvmlDeviceGetMemoryInfo": memory,
            "nvmlDeviceGetPowerUsage": lambda device: refuse() if device else 250_500,
            "nvmlDeviceGetTemperatureV": lambda device, sensor: 61,
            **changes,
        }
    )


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Any:
    def make(**changes: Any) -> GpuReader:
        monkeypatch.setitem(sys.modules, "pynvml", bindings(**changes))
        return GpuReader()

    return make


ALL = {"utilization": 37.0, "memory": 1500.0, "power": 250.5, "temperature": 61.0}


@pytest.mark.parametrize("name", ["0", "GPU-aaaa-1", "GPU-aa"])
def test_gpu_is_asked_by_index_uuid_or_its_beginning(reader: Any, name: str) -> None:
    assert reader().values(name) == ALL


def test_unsupported_gpu_metrics_are_omitted(reader: Any) -> None:
    without_power = {name: value for name, value in ALL.items() if name != "power"}
    assert reader().values("1") == without_power
    assert reader().values("7") == {}
    assert reader().values("MIG-x") == {}


def test_old_drivers_and_bindings_are_asked_in_the_old_way(reader: Any) -> None:
    old = {
        "nvmlDeviceGetTemperatureV": refuse,
        "nvmlDeviceGetTemperature": lambda device, sensor: 60,
        "nvmlDeviceGetMemoryInfo": lambda device: memory(device),
    }
    assert reader(**old).values("0") == {**ALL, "memory": 2000.0, "temperature": 60.0}
    gone = {"nvmlDeviceGetTemperatureV": refuse, "nvmlDeviceGetUtilizationRates": refuse}
    assert reader(**gone).values("0") == {"memory": 1500.0, "power": 250.5}


def test_machine_without_a_driver_has_no_gpus(reader: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert reader().visible() == ("0", "1")
    assert reader(nvmlInit=refuse).visible() == ()
    assert reader(nvmlInit=refuse).values("0") == {}
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1, GPU-aa,-1,0")
    assert reader().visible() == ("1", "GPU-aa")
