"""GPUs, with a stand-in for NVIDIA's library: no hardware is needed."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from sweeps import write_config

from ml_tracking_ops.orchestrator import sweep
from ml_tracking_ops.orchestrator.errors import UsageError
from ml_tracking_ops.orchestrator.executors.base import Slot
from ml_tracking_ops.orchestrator.executors.local import gpus
from ml_tracking_ops.orchestrator.executors.local.executor import LocalExecutor, share_gpus
from ml_tracking_ops.orchestrator.executors.local.gpus import Gpus, find_gpus, free_memory_bytes
from ml_tracking_ops.orchestrator.executors.registry import EXECUTORS, ExecutorEntry
from ml_tracking_ops.orchestrator.store.journal import JournalTail

NOWHERE = Path("/nowhere")


class NVMLError(Exception):
    pass


class FakeNvml:
    """Some of pynvml over a made-up machine: each GPU is its free bytes, or its MIG devices."""

    NVMLError = NVMLError
    NVML_DEVICE_MIG_ENABLE = 1

    def __init__(self, gpus: list[int | list[str]]) -> None:
        self.gpus = gpus
        self.n_open = 0

    def nvmlInit(self) -> None:
        self.n_open += 1

    def nvmlShutdown(self) -> None:
        self.n_open -= 1

    def nvmlDeviceGetCount(self) -> int:
        return len(self.gpus)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int | list[str]:
        if index >= len(self.gpus):
            raise NVMLError("Invalid Argument")
        return self.gpus[index]

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> int:
        return int(uuid.removeprefix("GPU-"))

    def nvmlDeviceGetMigMode(self, device: int | list[str]) -> list[int]:
        if device == 0:
            raise NVMLError("Not Supported")
        return [int(isinstance(device, list)), 0]

    def nvmlDeviceGetMaxMigDeviceCount(self, device: list[str]) -> int:
        return 7

    def nvmlDeviceGetMigDeviceHandleByIndex(self, device: list[str], position: int) -> str:
        if position >= len(device):
            raise NVMLError("Not Found")
        return device[position]

    def nvmlDeviceGetUUID(self, device: str) -> str:
        return device

    def nvmlDeviceGetMemoryInfo(self, device: int) -> Any:
        return SimpleNamespace(free=device)


@pytest.fixture
def nvml(monkeypatch: pytest.MonkeyPatch) -> FakeNvml:
    """A machine with two GPUs, one of them of an old model."""
    fake = FakeNvml([0, 8 * 10**9])
    monkeypatch.setattr(gpus, "has_nvidia_driver", lambda: True)
    monkeypatch.setitem(sys.modules, "pynvml", fake)  # type: ignore[arg-type]
    return fake


def slots(environment: Mapping[str, str], **settings: Any) -> list[dict[str, str]]:
    executor = LocalExecutor(environment=environment, **settings)
    names = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER")
    return [
        {n: slot.environment[n] for n in names if n in slot.environment} for slot in executor.slots
    ]


def test_gpus_are_found_by_nvml_in_the_order_of_the_bus(nvml: FakeNvml) -> None:
    assert slots({}) == [
        {"CUDA_VISIBLE_DEVICES": "0", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"},
        {"CUDA_VISIBLE_DEVICES": "1", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"},
    ]
    assert nvml.n_open == 0
    assert slots({"CUDA_DEVICE_ORDER": "FASTEST_FIRST"})[0] == {"CUDA_VISIBLE_DEVICES": "0"}


def test_partitioned_gpu_counts_as_its_mig_devices(nvml: FakeNvml) -> None:
    nvml.gpus = [["MIG-a", "MIG-b"], 10**9, []]
    assert find_gpus({}).names == ("MIG-a", "MIG-b", "1")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0,1", ("0", "1")),
        ("", ()),
        ("-1", ()),
        ("NoDevFiles", ()),
        ("1,-1,0", ("1",)),
        ("GPU-8a1, MIG-7", ("GPU-8a1", "MIG-7")),
        ("MIG-GPU-8a1/1/0", ("MIG-GPU-8a1/1/0",)),
    ],
)
def test_gpus_that_the_user_named_are_used_unchanged(
    nvml: FakeNvml, value: str, expected: tuple[str, ...]
) -> None:
    assert find_gpus({"CUDA_VISIBLE_DEVICES": value}) == Gpus(expected)


@pytest.mark.parametrize("variable", ["HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"])
def test_rocms_variables_are_the_users_too(nvml: FakeNvml, variable: str) -> None:
    gpus = find_gpus({variable: "2,3"})
    assert gpus.environment(("3",)) == {variable: "3"}


def test_amds_gpus_are_the_kernels_nodes_with_vector_units(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpus, "has_nvidia_driver", lambda: True)
    monkeypatch.setitem(sys.modules, "pynvml", FakeNvml([]))  # type: ignore[arg-type]
    for node, n_simd in enumerate((0, 304, 304)):
        (tmp_path / str(node)).mkdir()
        text = f"cpu_cores_count {16 if n_simd == 0 else 0}\nsimd_count {n_simd}\n"
        (tmp_path / str(node) / "properties").write_text(text)
    assert find_gpus({}, tmp_path) == Gpus(("0", "1"), "HIP_VISIBLE_DEVICES")
    assert find_gpus({}, NOWHERE).names == ()


def test_slots_own_gpus_as_the_configuration_says() -> None:
    four = {"CUDA_VISIBLE_DEVICES": "0,1,2,3"}

    def owned(**settings: Any) -> list[str]:
        return [slot["CUDA_VISIBLE_DEVICES"] for slot in slots(four, **settings)]

    assert owned(gpus_per_run=2) == ["0,1", "2,3"]
    assert owned(gpus_per_run=3) == ["0,1,2"]
    assert owned(runs_per_gpu=2) == ["0", "1", "2", "3", "0", "1", "2", "3"]
    assert owned(gpus_per_run=2, runs_per_gpu=2) == ["0,1", "2,3", "0,1", "2,3"]
    assert owned(gpus_per_run=2, n_workers=3) == ["0,1", "2,3", "0,1"]
    assert owned(gpus_per_run=0, n_workers=2) == ["", ""]


def test_more_gpus_for_a_run_than_there_are_is_refused() -> None:
    with pytest.raises(UsageError, match=r"gpus_per_run is 3, but there are 2 GPUs .*\(0, 1\)"):
        LocalExecutor(environment={"CUDA_VISIBLE_DEVICES": "0,1"}, gpus_per_run=3)
    assert share_gpus((), gpus_per_run=3, runs_per_gpu=1) == []


def test_free_memory_is_queried_by_index_and_uuid(nvml: FakeNvml) -> None:
    assert free_memory_bytes("1") == 8 * 10**9
    assert free_memory_bytes("GPU-123") == 123
    assert free_memory_bytes("7") is None


def test_slot_without_free_memory_says_so(nvml: FakeNvml) -> None:
    executor = LocalExecutor(environment={}, min_free_gpu_memory_gb=4)
    first, second = executor.slots
    assert anyio.run(executor.shortage, second) is None
    assert anyio.run(executor.shortage, first) == (
        "GPU 0 has 0.0 GB free, less than min_free_gpu_memory_gb = 4"
    )


WITHOUT_DRIVER = """
import ctypes
from pathlib import Path

class Libraries(ctypes.CDLL):
    def __init__(self, name, *arguments, **named):
        if "nvidia" in str(name):
            raise OSError(f"{name}: cannot open shared object file")
        super().__init__(name, *arguments, **named)

ctypes.CDLL = Libraries
from ml_tracking_ops.orchestrator.executors.local.gpus import find_gpus
print(find_gpus({}, Path("/nowhere")).names)
"""


def test_missing_library_means_no_gpu() -> None:
    """The real pynvml, in a process that finds no driver's library: no error, no GPU."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_DRIVER], capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("()\n", "")


class ShortOnce(LocalExecutor):
    """Has no room for the first run until it has been asked twice."""

    n_asked = 0

    async def shortage(self, slot: Slot) -> str | None:
        self.n_asked += 1
        return "GPU 0 is full" if self.n_asked <= 2 else None


def test_run_waits_until_there_is_room_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = ExecutorEntry(
        lambda keys, n_workers, needs: ShortOnce(n_workers, min_free_gpu_memory_gb=1),
        lambda keys: (),
    )
    monkeypatch.setitem(EXECUTORS, "local", entry)
    config = write_config(tmp_path, "short.py", max_runs=2, min_free_gpu_memory_gb=1)
    result = sweep.run_sweep(config, logdir=tmp_path / "runs", workers=1)
    assert [run.state for run in result.runs] == ["finished", "finished"]
    assert result.record.warnings == ["GPU 0 is full. Runs wait until there is room"]


def test_run_and_journal_get_its_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-a,GPU-b")
    config = write_config(tmp_path, "short.py", max_runs=1, gpus_per_run=2)
    (tmp_path / "short.py").write_text("import os; print(os.environ['CUDA_VISIBLE_DEVICES'])")
    result = sweep.run_sweep(config, logdir=tmp_path / "runs")
    assert (result.folder / f"{result.runs[0].name}.log").read_text() == "GPU-a,GPU-b\n"
    events = JournalTail(result.folder / "journal.jsonl").read()
    (started,) = (event for event in events if event["event"] == "started")
    assert started["gpus"] == ["GPU-a", "GPU-b"]
