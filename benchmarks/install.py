"""What the wheel installs into an empty environment: distributions, bytes, seconds.

    python benchmarks/install.py [CHECKOUT …]

Builds the wheel of this checkout, and of any others, such as a worktree of an earlier commit, and
installs each with pip into a virtual environment. A first installation fills pip's cache and is not
counted, so the seconds do not include the network.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIST = """
import importlib.metadata, json, os
found = []
for one in importlib.metadata.distributions():
    files = [path for path in map(one.locate_file, one.files or ()) if os.path.isfile(path)]
    files = [path for path in files if not str(path).endswith(".pyc")]
    found.append((one.metadata["Name"], one.version, sum(map(os.path.getsize, files)), len(files)))
print(json.dumps([one for one in found if one[0] not in ("pip", "setuptools", "wheel")]))
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for checkout in [ROOT, *map(Path, sys.argv[1:])]:
            measure(checkout.resolve(), folder)


def measure(checkout: Path, folder: Path) -> None:
    """Install the wheel of a checkout, and print all distributions, the largest first."""
    wheel = build(checkout, Path(tempfile.mkdtemp(dir=folder)))
    install(wheel, folder / "first")
    seconds, cpu_s = install(wheel, folder / "again")
    command = [folder / "again" / "bin" / "python", "-c", LIST]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = sorted(json.loads(listed), key=lambda one: -one[2])
    print(
        f"\n{checkout}: wheel {wheel.stat().st_size / 1e6:.2f} MB, {len(found)} distributions, "
        f"{sum(one[2] for one in found) / 1e6:.1f} MB in {sum(one[3] for one in found)} files; "
        f"{seconds:.1f} s, {cpu_s:.1f} s of CPU, load {os.getloadavg()[0]:.1f}"
    )
    for name, version, size_bytes, n_files in found:
        print(f"  {size_bytes / 1e6:7.2f} MB {n_files:5} files  {name} {version}")


def build(checkout: Path, folder: Path) -> Path:
    """Build the wheel of the commit of a checkout."""
    source = folder / "source"
    source.mkdir()
    command = ["git", "-C", str(checkout), "archive", "HEAD"]
    archive = subprocess.run(command, capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", str(source)], input=archive, check=True)
    _pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", str(folder), str(source))
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(wheel: Path, folder: Path) -> tuple[float, float]:
    """Install a wheel into an empty environment. Return the seconds and the CPU seconds."""
    venv.create(folder, with_pip=True, clear=True)
    began, before = time.perf_counter(), os.times()
    _pip(folder / "bin" / "python", "install", str(wheel))
    after = os.times()
    cpu_s = after.children_user + after.children_system
    cpu_s -= before.children_user + before.children_system
    return time.perf_counter() - began, cpu_s


def _pip(python: str | Path, *arguments: str) -> None:
    command = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
