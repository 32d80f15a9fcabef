"""Report what pip-audit found: python scripts/audit_report.py RESULT.json

Exit code: 0 no vulnerability is known, 1 some are, 3 no package could be looked up.
"""

import json
import sys
from pathlib import Path
from typing import Any

NOT_DONE = 3


def report(dependencies: list[dict[str, Any]]) -> tuple[int, list[str]]:
    """Return the exit code, and the report."""
    unknown = [one["name"] for one in dependencies if "skip_reason" in one]
    if len(unknown) == len(dependencies):
        return NOT_DONE, []
    lines = [
        f"{one['name']} {one['version']}: {found['id']}, "
        f"mended in {', '.join(found['fix_versions']) or 'no version yet'}"
        for one in dependencies
        for found in one.get("vulns", [])
    ]
    if unknown:
        lines.append(f"not looked up: {', '.join(unknown)}")
    has_any = any(one.get("vulns") for one in dependencies)
    n_known = len(dependencies) - len(unknown)
    return int(has_any), [f"{n_known} packages were looked up", *lines]


if __name__ == "__main__":
    code, lines = report(json.loads(Path(sys.argv[1]).read_text())["dependencies"])
    for line in lines:
        print(f"audit: {line}")
    sys.exit(code)
