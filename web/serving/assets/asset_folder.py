"""`ml-tracking-ops assets DIR`: fill a folder with the pages' third-party files.

They come from npm packages: from tarballs on disk, or from the registry that the user's npm is set
up for (or given). In either case a file is accepted only if its bytes are those that the pages
accept, and the folder is written only once all of them are there.
"""

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import urllib.request
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from ml_tracking_ops.logger import os_files
from ml_tracking_ops.logger.paths import make_folders
from ml_tracking_ops.orchestrator.errors import TrackingError, UsageError

from .asset_source import integrity_of
from .pinned import ASSETS, Asset

_LONGEST_UNPACKED_BYTES = 256 << 20
_LONGEST_BYTES = 64 << 20
_PATIENCE_S = 60
_NPM_PATIENCE_S = 300
_SUFFIXES = (".tgz", ".tar.gz")

Package = tuple[str, str]
"""Name and version."""


def needed_packages() -> list[Package]:
    return list(dict.fromkeys((asset.package, asset.version) for asset in ASSETS.values()))


def fill_from_tarballs(folder: Path, sources: Sequence[Path]) -> list[str]:
    """Fill `folder` from npm tarballs, or from folders with them. Return the packages.

    Raises:
        UsageError: a file is no tarball, or of another package, or one is missing.
        TrackingError: bytes that the pages do not accept, or the folder cannot be written.
    """
    tarballs: dict[Package, bytes] = {}
    for path, data in _each_tarball(sources):
        package = _package_of(data, str(path))
        if package in needed_packages():
            tarballs[package] = data
        elif path in sources:
            raise UsageError(f"{path} holds {_spec(package)}; needed: {_specs(needed_packages())}")
    missing = [package for package in needed_packages() if package not in tarballs]
    if missing:
        raise UsageError(
            f"no tarball of {_specs(missing)} in {', '.join(map(str, sources))}; where npm can "
            f"reach a registry, this gets what is missing: npm pack {_specs(missing)}"
        )
    return _write(folder, tarballs)


def fill_from_registry(folder: Path, registry: str | None) -> list[str]:
    """Fill `folder` from the given registry, or else from npm's own. Return the packages.

    Raises:
        UsageError: there is no npm, and no registry is given.
        TrackingError: it cannot be reached, lacks a package or returns other bytes, or the folder
            cannot be written.
    """
    npm = shutil.which("npm")
    if npm is not None:
        tarballs = _from_npm(npm, registry)
    elif registry is not None:
        tarballs = {package: _download(package, registry) for package in needed_packages()}
    else:
        raise UsageError(
            "there is no npm here that knows a registry: give one with --registry URL, or "
            f"tarballs of {_specs(needed_packages())} with --from"
        )
    return _write(folder, tarballs)


# --- getting the packages ----------------------------------------------------------------------


def _each_tarball(sources: Sequence[Path]) -> Iterator[tuple[Path, bytes]]:
    for source in sources:
        try:
            paths = (
                [source]
                if not source.is_dir()
                else sorted(path for path in source.iterdir() if path.name.endswith(_SUFFIXES))
            )
            for path in paths:
                yield path, path.read_bytes()
        except OSError as error:
            raise UsageError(f"--from {source}: {error.strerror or error}") from None


def _from_npm(npm: str, registry: str | None) -> dict[Package, bytes]:
    chosen = [] if registry is None else [f"--registry={registry}"]
    with tempfile.TemporaryDirectory(prefix="ml-tracking-ops-") as folder:
        command = [
            npm,
            "pack",
            "--loglevel=error",
            "--ignore-scripts",
            *chosen,
            *map(_spec, needed_packages()),
        ]
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                timeout=_NPM_PATIENCE_S,
                text=True,
                check=False,
                stdin=subprocess.DEVNULL,
                capture_output=True,
            )
        except subprocess.TimeoutExpired:
            raise TrackingError(f"npm pack did not end within {_NPM_PATIENCE_S} s") from None
        if done.returncode:
            wanted = _specs(needed_packages())
            raise TrackingError(f"npm pack did not get {wanted}: {_reason(done.stderr)}")
        found = (path.read_bytes() for path in Path(folder).iterdir())
        return {_package_of(data, "what npm got"): data for data in found}


def _reason(npm_output: str) -> str:
    """Return the first lines of npm's error message, without its codes and traces."""
    lines = [line.removeprefix("npm error ") for line in npm_output.splitlines()]
    useful = [line for line in lines if re.match(r"(?!code |errno |syscall )[A-Za-z0-9]", line)]
    return "; ".join(useful[:2]) or "no reason given"


def _download(package: Package, registry: str) -> bytes:
    """Return a package's tarball, as the registry's own description of the package names it."""
    name, version = package
    base = registry.rstrip("/")
    if not base.startswith(("http://", "https://")):
        raise UsageError(f"--registry {registry}: must begin with http:// or https://")
    about = _fetch(f"{base}/{quote(name, safe='@')}/{version}")
    try:
        address = str(json.loads(about)["dist"]["tarball"])
    except (ValueError, KeyError, TypeError):
        raise TrackingError(f"{base} does not answer as an npm registry does") from None
    return _fetch(address)


def _fetch(address: str) -> bytes:
    if not address.startswith(("http://", "https://")):
        raise TrackingError(f"the registry gives an invalid address: {address}")
    try:
        with urllib.request.urlopen(address, timeout=_PATIENCE_S) as answer:
            data: bytes = answer.read(_LONGEST_BYTES + 1)
    except (OSError, ValueError) as error:  # an URLError is an OSError
        raise TrackingError(f"{address}: {error}") from None
    if len(data) > _LONGEST_BYTES:
        raise TrackingError(f"{address}: longer than {_LONGEST_BYTES >> 20} MiB")
    return data


# --- the content of a package -------------------------------------------------------------------


def _package_of(tarball: bytes, origin: str) -> Package:
    try:
        about = json.loads(_member(tarball, "package.json"))
        return str(about["name"]), str(about["version"])
    except (tarfile.TarError, OSError, EOFError, ValueError, KeyError, TypeError):
        raise UsageError(f"{origin} is not an npm package (a .tgz made by npm pack)") from None


def _member(tarball: bytes, path: str) -> bytes:
    """Return one file of a package, below the one folder that contains all its files.

    Raises:
        KeyError: there is no such file.
        TarError, OSError, EOFError: it is no such archive, or a damaged one.
    """
    with tarfile.open(fileobj=io.BytesIO(unpacked(tarball)), mode="r:") as archive:
        for member in archive:
            if (
                PurePosixPath(member.name).parts[1:] == PurePosixPath(path).parts
                and member.isfile()
            ):
                file = archive.extractfile(member)
                if file is not None and member.size <= _LONGEST_BYTES:
                    return file.read()
    raise KeyError(path)


def unpacked(tarball: bytes, *, max_bytes: int = _LONGEST_UNPACKED_BYTES) -> bytes:
    """Return the content of a compressed archive, up to a limit: a small one can contain very much.

    Raises:
        TarError: it is damaged, or too long.
    """
    unpacking = zlib.decompressobj(wbits=31)
    try:
        data = unpacking.decompress(tarball, max_bytes)
    except zlib.error as error:
        raise tarfile.ReadError(str(error)) from None
    if unpacking.unconsumed_tail:
        raise tarfile.ReadError(f"it holds more than {max_bytes >> 20} MiB")
    return data


def _checked(asset: Asset, tarball: bytes) -> bytes:
    what = f"{asset.package} {asset.version}"
    try:
        data = _member(tarball, asset.path)
    except (KeyError, tarfile.TarError, OSError, EOFError):
        raise TrackingError(f"{what} holds no file {asset.path}: the package is damaged") from None
    found = integrity_of(data)
    if found != asset.integrity:
        raise TrackingError(
            f"{what}: {asset.path} is not the file that the pages accept (expected "
            f"{asset.integrity}, found {found}); nothing was written. Get the package from "
            "elsewhere, with --registry or --from"
        )
    return data


# --- writing -----------------------------------------------------------------------------------


def _write(folder: Path, tarballs: Mapping[Package, bytes]) -> list[str]:
    """Write all files or none: each appears as a whole, and only when all have been checked."""
    missing = [package for package in needed_packages() if package not in tarballs]
    if missing:
        raise TrackingError(f"the registry gave no {_specs(missing)}")
    files = {
        folder / asset.place: _checked(asset, tarballs[asset.package, asset.version])
        for asset in ASSETS.values()
    }
    ready = {path: path.with_name(f".{path.name}.{os.getpid()}.tmp") for path in files}
    try:
        for path, data in files.items():
            make_folders(os.fspath(path.parent))
            ready[path].write_bytes(data)
        for path, temporary in ready.items():
            os_files.replace(temporary, path)
    except OSError as error:
        raise TrackingError(f"cannot write to {folder}: {error.strerror or error}") from None
    finally:
        for temporary in ready.values():
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
    return [_spec(package) for package in needed_packages()]


def _spec(package: Package) -> str:
    return "@".join(package)


def _specs(packages: Sequence[Package]) -> str:
    return " ".join(map(_spec, packages))
