"""The lowest versions that pyproject.toml admits, as pins for `scripts/test-lowest`."""

import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

_LOWER_BOUND = re.compile(r"\s*([A-Za-z0-9._-]+)\s*(?:\[[^\]]*\])?[^;]*?>=\s*([0-9][0-9A-Za-z.]*)")


def lowest_pins(requirements: Iterable[str]) -> list[str]:
    """Return `anyio==4.10` for `anyio>=4.10,<5`. Of two bounds of one package the higher counts.

    Raises:
        ValueError: a requirement without a lower bound cannot be tested.
    """
    versions: dict[str, str] = {}
    for requirement in requirements:
        found = _LOWER_BOUND.match(requirement)
        if found is None:
            raise ValueError(f"{requirement}: has no lower bound; write one, as in NAME>=1.2")
        name, version = found.groups()
        name = re.sub(r"[-_.]+", "-", name).lower()
        versions[name] = max(version, versions.get(name, version), key=_parts)
    return [f"{name}=={version}" for name, version in sorted(versions.items())]


def _parts(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]


def main(extras: list[str]) -> None:
    path = Path(__file__).parents[1] / "pyproject.toml"
    project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    requirements = [*project["dependencies"], *(r for extra in extras for r in optional[extra])]
    print(*lowest_pins(requirements), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
