"""What the audit of the dependencies says, and when it fails."""

import sys

from places import ROOT

sys.path.append(str(ROOT / "scripts"))

from audit_report import NOT_DONE, report

GOOD = {"name": "good", "version": "1.0", "vulns": []}
BAD = {"name": "bad", "version": "2.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}]}
UNKNOWN = {"name": "unknown", "skip_reason": "not there"}


def test_known_vulnerability_fails_the_audit_and_is_named() -> None:
    code, message = report([GOOD, BAD, UNKNOWN])
    assert code == 1
    assert message == [
        "2 packages were looked up",
        "bad 2.0: PYSEC-1, mended in 2.1",
        "not looked up: unknown",
    ]


def test_audit_without_a_finding_passes() -> None:
    assert report([GOOD]) == (0, ["1 packages were looked up"])


def test_audit_without_lookups_fails() -> None:
    assert report([UNKNOWN]) == (NOT_DONE, [])
