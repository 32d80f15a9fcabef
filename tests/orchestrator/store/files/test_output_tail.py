"""The last lines of an output, and the error in them."""

import pytest

from ml_tracking_ops.orchestrator.store.files.output_tail import error_line

TRACEBACK = """\
Traceback (most recent call last):
  File "train.py", line 3, in <module>
    main()
  File "train.py", line 2, in main
    raise RuntimeError("boom")
RuntimeError: boom"""


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (TRACEBACK, "RuntimeError: boom"),
        (
            f"{TRACEBACK}\nSet the environment variable HYDRA_FULL_ERROR=1 for a complete trace.",
            "RuntimeError: boom",
        ),
        (
            f"{TRACEBACK}\n\nDuring handling of the above exception, another exception occurred:\n"
            'Traceback (most recent call last):\n  File "x.py", line 1\n    x\n'
            "torch.OutOfMemoryError: CUDA out of memory.\nTried to allocate 2 GiB\nSee the docs.",
            "torch.OutOfMemoryError: CUDA out of memory.",
        ),
        (
            'Traceback (most recent call last):\n  File "x.py", line 1\nKeyboardInterrupt',
            "KeyboardInterrupt",
        ),
        (
            "  + Exception Group Traceback (most recent call last):\n"
            '  |   File "x.py", line 1\n  | ExceptionGroup: two (1 sub-exception)\n'
            "  +-+---------------- 1 ----------------\n"
            "    | Traceback (most recent call last):\n"
            '    |   File "x.py", line 2\n    | ValueError: one\n'
            "    +------------------------------------",
            "ValueError: one",
        ),
        ("loading\nERROR: no such data set\nrun with --help", "ERROR: no such data set"),
        ("x.c:3: fatal error: no header\ncompilation terminated.", "x.c:3: fatal error: no header"),
        ("test error: 0.5\nerror: 0.25\nbye", "bye"),
        ("one\ntwo", "two"),
        ("", None),
    ],
)
def test_reason_is_the_error_not_the_advice_after_it(output: str, expected: str | None) -> None:
    assert error_line([line for line in output.split("\n") if line.strip()]) == expected
