"""How this process ends, as far as a logger that nobody closed can know it.

The interpreter reports its exit code to no one. What can be known: an uncaught error leaves
`sys.last_type`, `sys.exit`, `exit` and `quit` can be replaced by functions that keep the code, and
the frame of the main script shows whether it returned or was left by an exception.
"""

import sys

from ..records import FAILED, FINISHED, UNKNOWN

TYPE_CHECKING = False  # importing it from typing would cost more than the rest of the logger
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType, FrameType, ModuleType
    from typing import NoReturn

_exit_code: object = None
_has_exited = False
_exit: "Callable[..., NoReturn] | None" = None
_main_frame: "FrameType | None" = None
_COMPARE = {"isinstance", "issubclass", "suppress", "raises"}
"""Functions that receive the class."""


def watch() -> None:
    """Begin to observe how this process ends. A second call does nothing."""
    global _exit, _main_frame
    if _exit is None:
        _exit, sys.exit = sys.exit, _noted_exit
        _replace_other_names(_exit)
    if _main_frame is None:
        _main_frame = _find_main_frame()


class _NotedSystemExit(SystemExit):
    """The exception that the main script raises itself."""

    def __init__(self, *arguments: object) -> None:
        global _exit_code, _has_exited
        super().__init__(*arguments)
        _exit_code, _has_exited = self.code, True


_NotedSystemExit.__name__ = _NotedSystemExit.__qualname__ = "SystemExit"


def watch_main_script() -> None:
    """Observe the code of a main script that has `raise SystemExit(main())`.

    To be called on import: Python looks the name up before it calls `main`, where loggers are made.
    """
    frame = _find_main_frame()
    if frame is None:
        return
    names = frame.f_globals
    is_main = names.get("__name__") == "__main__" and "SystemExit" not in names
    if is_main and _raises_system_exit(frame.f_code):
        names["SystemExit"] = _NotedSystemExit


def _raises_system_exit(code: "CodeType") -> bool:
    """Return whether a script names SystemExit, and only to raise it: a handler must catch all of
    them."""
    users = [one for one in _codes_in(code) if "SystemExit" in one.co_names]
    if not users:
        return False
    import opcode

    catches = opcode.opmap["CHECK_EXC_MATCH"]
    return not any(catches in one.co_code[::2] or _COMPARE & set(one.co_names) for one in users)


def _codes_in(code: "CodeType") -> "Iterator[CodeType]":
    yield code
    for constant in code.co_consts:
        if isinstance(constant, type(code)):
            yield from _codes_in(constant)


def _noted_exit(status: object = None, /) -> "NoReturn":
    """Exit the interpreter by raising SystemExit(status)."""
    global _exit_code, _has_exited
    _exit_code, _has_exited = status, True
    raise SystemExit(status)


def _replace_other_names(exit_function: object) -> None:
    """Replace other names: the script may have `from sys import exit`, or call the prompt's
    `exit`."""
    names = vars(sys.modules["__main__"])
    for name in [name for name, value in names.items() if value is exit_function]:
        names[name] = _noted_exit
    site = sys.modules.get("_sitebuiltins")
    if site is not None:
        quit_as_before = site.Quitter.__call__

        def noted_quit(quitter: object, code: object = None) -> None:
            global _exit_code, _has_exited
            _exit_code, _has_exited = code, True
            quit_as_before(quitter, code)

        site.Quitter.__call__ = noted_quit


def outcome() -> int:
    """Return FINISHED, FAILED or UNKNOWN, at the end of the interpreter (`atexit`)."""
    if is_interactive():
        return FINISHED  # at a prompt an earlier mistake does not mean that the run failed
    if getattr(sys, "last_type", None) is not None:
        return FAILED
    if _main_frame is None or _has_returned(_main_frame):
        return FINISHED
    return outcome_of_exit(_exit_code) if _has_exited else _outcome_of_raise(_main_frame)


def outcome_of_exit(code: object) -> int:
    """Return the outcome of `SystemExit(code)`: a text is printed and counts as 1."""
    return FINISHED if code is None or (isinstance(code, int) and code == 0) else FAILED


def outcome_of_error(error: BaseException | None) -> int:
    """Return the outcome of an exception that is about to end the process."""
    if isinstance(error, SystemExit):
        return outcome_of_exit(error.code)
    return FINISHED if error is None else FAILED


def is_interactive() -> bool:
    """Return whether this is a prompt or a notebook."""
    return hasattr(sys, "ps1") or "ipykernel" in sys.modules


def _find_main_frame() -> "FrameType | None":
    """Return the outermost frame of the main thread."""
    frame: FrameType | None = sys._getframe()
    threading = sys.modules.get("threading")
    if threading is not None:
        frame = sys._current_frames().get(threading.main_thread().ident, frame)
    while frame is not None and frame.f_back is not None:
        frame = frame.f_back
    return frame


def _has_returned(frame: "FrameType") -> bool:
    """Return whether a finished frame was left by its `return`, not by an exception."""
    import opcode

    last = frame.f_code.co_code[frame.f_lasti]
    return opcode.opname[last].startswith("RETURN_")


def _outcome_of_raise(frame: "FrameType") -> int:
    """Return the outcome of a script whose last statement is `raise SystemExit`, perhaps with a
    constant."""
    import dis

    found: list[dis.Instruction] = []
    for instruction in dis.get_instructions(frame.f_code):
        if instruction.offset > frame.f_lasti:
            break
        if instruction.opname not in ("CACHE", "PRECALL", "CALL", "PUSH_NULL"):
            found.append(instruction)
    names = [instruction.opname.partition("_")[0] for instruction in found[-3:]]
    if names[-2:] == ["LOAD", "RAISE"] and found[-2].argval == "SystemExit":
        return FINISHED
    is_constant = names == ["LOAD", "LOAD", "RAISE"] and "CONST" in found[-2].opname
    if is_constant and found[-3].argval == "SystemExit":
        return outcome_of_exit(found[-2].argval)
    return UNKNOWN


def multiprocessing_child() -> "ModuleType | None":
    """Return `multiprocessing.util` in a process that `multiprocessing` started, elsewhere None."""
    process = sys.modules.get("multiprocessing.process")
    if process is None or process.parent_process() is None:
        return None
    from multiprocessing import util

    return util
