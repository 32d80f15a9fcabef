"""How this process ends: what a logger can know of it that nobody closed.

The interpreter tells nobody its exit code. What can be known: an uncaught error leaves
`sys.last_type`, `sys.exit`, `exit` and `quit` can be replaced by functions that keep the code, and
the frame of the main script says whether it returned or was left by an exception.
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
"""Functions that are given the class."""


def watch() -> None:
    """Begin to watch how this process ends. A second call does nothing."""
    global _exit, _main_frame
    if _exit is None:
        _exit, sys.exit = sys.exit, _noted_exit
        _replace_other_names(_exit)
    if _main_frame is None:
        _main_frame = _find_main_frame()


class _NotedSystemExit(SystemExit):
    """What the main script raises itself."""

    def __init__(self, *arguments: object) -> None:
        global _exit_code, _has_exited
        super().__init__(*arguments)
        _exit_code, _has_exited = self.code, True


_NotedSystemExit.__name__ = _NotedSystemExit.__qualname__ = "SystemExit"


def watch_main_script() -> None:
    """Let a main script that says `raise SystemExit(main())` tell the code.

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
    """Whether a script names SystemExit, and only to raise it: a handler must catch every one."""
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
    """The script may have said `from sys import exit`, and may call the `exit` of the prompt."""
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
    """FINISHED, FAILED or UNKNOWN, at the end of the interpreter (`atexit`)."""
    if is_interactive():
        return FINISHED  # at a prompt an earlier mistake does not mean that the run failed
    if getattr(sys, "last_type", None) is not None:
        return FAILED
    if _main_frame is None or _has_returned(_main_frame):
        return FINISHED
    return outcome_of_exit(_exit_code) if _has_exited else _outcome_of_raise(_main_frame)


def outcome_of_exit(code: object) -> int:
    """What `SystemExit(code)` means: a text is printed and counts as 1."""
    return FINISHED if code is None or (isinstance(code, int) and code == 0) else FAILED


def outcome_of_error(error: BaseException | None) -> int:
    """What an exception that is on its way out of the process means."""
    if isinstance(error, SystemExit):
        return outcome_of_exit(error.code)
    return FINISHED if error is None else FAILED


def is_interactive() -> bool:
    """Whether this is a prompt or a notebook."""
    return hasattr(sys, "ps1") or "ipykernel" in sys.modules


def _find_main_frame() -> "FrameType | None":
    """The outermost frame of the main thread."""
    frame: FrameType | None = sys._getframe()
    threading = sys.modules.get("threading")
    if threading is not None:
        frame = sys._current_frames().get(threading.main_thread().ident, frame)
    while frame is not None and frame.f_back is not None:
        frame = frame.f_back
    return frame


def _has_returned(frame: "FrameType") -> bool:
    """Whether a frame that is over was left by its `return`, and not by an exception."""
    import opcode

    last = frame.f_code.co_code[frame.f_lasti]
    return opcode.opname[last].startswith("RETURN_")


def _outcome_of_raise(frame: "FrameType") -> int:
    """Of a script whose own last statement is `raise SystemExit`, or of that with a constant."""
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
    """`multiprocessing.util` in a process that `multiprocessing` started, elsewhere None."""
    process = sys.modules.get("multiprocessing.process")
    if process is None or process.parent_process() is None:
        return None
    from multiprocessing import util

    return util
