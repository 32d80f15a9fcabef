"""`POST /api/resume`: resume a sweep in the background of the machine that serves the page.

It runs the command in the sweep's folder, so it needs the token, or a user at the machine itself.
Everybody else gets the command to run it by hand. The command refuses what belongs to another user.
"""

import platform
import shlex
from dataclasses import dataclass
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request

from ml_tracking_ops.orchestrator.steering.asking import waiting_again
from ml_tracking_ops.orchestrator.store.run_states import RESUMED
from ml_tracking_ops.orchestrator.store.sweep_folder import Sweep

from ..serving.reach.loopback import is_loopback
from .buttons import Button, CheckField, ConfirmDialog

_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


@dataclass(frozen=True)
class ResumeView:
    """How a sweep that is not at work continues: the command, and the button that runs it.

    `waiting` lists the runs that wait for it. It is empty if there are none.
    """

    command: str
    waiting: str
    button: Button | None


def may_start(request: Request) -> bool:
    """Return whether a request may start something: it has the token, or comes from this
    machine."""
    if request.app.state.has_token:  # no other user could connect
        return True
    host = request.client.host if request.client else ""
    return is_loopback(host) and not any(name in request.headers for name in _FORWARDED)


def check_may_start(request: Request) -> None:
    """Refuse users who may not start anything.

    Raises:
        HTTPException: 403, with what to do instead.
    """
    if not may_start(request):
        raise HTTPException(
            HTTPStatus.FORBIDDEN,
            "a dashboard without a token resumes sweeps only for pages that are open on its own "
            "machine. Run the command there, or start the dashboard without --no-token",
        )


def resume_command(sweep: Sweep) -> str:
    """Return the command that resumes a sweep. The absolute path works from anywhere.

    For a study, the call in its program.
    """
    if sweep.is_study:
        return f"Study.resume({str(sweep.path)!r})"
    return f"ml-tracking-ops sweep --resume {shlex.quote(str(sweep.path))}"


def resume_view(sweep: Sweep, *, is_allowed: bool) -> ResumeView | None:
    """Return the view, or None for a sweep that is at work, or has nothing left to do."""
    if sweep.is_legacy or sweep.is_at_work:
        return None
    indices = waiting_again(sweep)
    if not indices and sweep.record.state not in RESUMED and not sweep.record.failing:
        return None
    runs = f"run{'' if len(indices) == 1 else 's'} {', '.join(map(str, indices))}"
    waiting = f"To run again when the sweep is resumed: {runs}." if indices else ""
    may_start = is_allowed and not sweep.is_study
    return ResumeView(resume_command(sweep), waiting, _button(sweep) if may_start else None)


def _button(sweep: Sweep) -> Button:
    question = ConfirmDialog(
        "Resume this sweep?",
        f"It continues in the background on {platform.node()}, with the environment of the "
        "dashboard, also after the dashboard has ended.",
        "Resume",
    )
    return Button(
        "Resume",
        "Continue the sweep in the background",
        "/api/resume",
        {"sweep": sweep.id},
        question,
    )


def resume_check(sweep: Sweep, *, is_allowed: bool) -> CheckField | None:
    """Return the additional question before a run runs again, for a sweep that is not at work."""
    if not is_allowed or sweep.is_at_work or sweep.is_legacy:
        return None
    label = f"Resume the sweep now, in the background on {platform.node()}"
    return CheckField("resume", label, is_on=True)
