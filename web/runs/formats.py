"""Format numbers and times for people. `static/lib/format.js` has the same rules."""

import hashlib
import math
from collections.abc import Sequence
from datetime import UTC, datetime

from ml_tracking_ops.orchestrator.store.combinations import rounded_mean

_MOST = 10**308
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400


def format_long(value: object, most: int = 500) -> str:
    """Return a text, with its middle cut out if it is longer than `most` characters.

    Its length and a digest are added then, so that two texts that differ remain different.
    """
    text = str(value)
    if len(text) <= most:
        return text
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=3).hexdigest()
    head, tail = text[: most // 4], text[-(most // 8) :]
    return f"{head}…{tail} ({format_count(len(text))} characters, #{digest})"


def format_number(value: object) -> str:
    """Return a number with as many digits as distinguish values: at most five significant ones.

    Anything else is a text, shortened if it is very long.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return format_long(value)
    if isinstance(value, int) and abs(value) >= _MOST:
        return "∞" if value > 0 else "−∞"
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    if value == 0:
        return "0"
    if float(value).is_integer() and abs(value) < 1e6:
        return _minus(str(int(value)))
    exponent = math.floor(math.log10(abs(value)))
    if -4 <= exponent < 6:
        text = f"{value:.{max(0, 4 - exponent)}f}"
        return _minus(text.rstrip("0").rstrip(".") if "." in text else text)
    mantissa, _, power = f"{value:.3e}".partition("e")
    return _minus(f"{mantissa.rstrip('0').rstrip('.')}e{int(power)}")


def format_signed(value: float) -> str:
    """Return a number with its sign and two decimals, as for correlations: ``+0.42``, ``−0.10``."""
    return f"{value:+.2f}".replace("-", "−")


def format_mean(mean: float, spread: float | None) -> str:
    """Return a mean ± its standard deviation, to two significant digits of the latter."""
    if spread is None:
        return format_number(mean)
    if not (math.isfinite(mean) and 1e-8 < spread < 1e6 and abs(mean) < 1e6):
        return f"{format_number(mean)} ± {format_number(float(f'{spread:.2g}'))}"
    return _minus(" ± ".join(rounded_mean(mean, spread)))


def format_step(step: object) -> str:
    """Return a step, its digits in groups of three by thin spaces."""
    return _minus(f"{step:,}".replace(",", "\u2009")) if isinstance(step, int) else "–"


def format_count(count: int) -> str:
    """Return a count for a sentence: ``5,000``."""
    return f"{count:,}"


def whole_percents(parts: Sequence[float]) -> list[int]:
    """Return the parts of their sum in whole per cent, which add up to 100.

    Those with the largest remainders are rounded up.
    """
    whole = sum(parts)
    if whole <= 0:
        return [0 for _ in parts]
    exact = [100 * part / whole for part in parts]
    found = [math.floor(one) for one in exact]
    by_rest = sorted(range(len(parts)), key=lambda n: found[n] - exact[n])
    for n in by_rest[: 100 - sum(found)]:
        found[n] += 1
    return found


def format_duration(seconds: float | None) -> str:
    """Return two units at most: ``0.4 s``, ``12 s``, ``3 m 05 s``, ``2 h 10 m``, ``4 d 03 h``."""
    if seconds is None:
        return "–"
    seconds = max(0.0, seconds)
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _MINUTE_S:
        return f"{whole} s"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} m {whole % _MINUTE_S:02d} s"
    if whole < _DAY_S:
        return f"{whole // _HOUR_S} h {whole % _HOUR_S // _MINUTE_S:02d} m"
    return f"{whole // _DAY_S} d {whole % _DAY_S // _HOUR_S:02d} h"


def format_cause(reason: str) -> str:
    """Return why a run ended, without the state, which is shown beside it."""
    return format_long(reason.removeprefix("stopped early "))


def format_ago(then: float | None, now: float) -> str:
    """Return the time since: ``just now``, ``4 min ago``, ``3 h ago``, ``2 d ago``. Older: the
    date."""
    if then is None:
        return "–"
    seconds = now - then
    if seconds < _MINUTE_S:
        return "just now"
    if seconds < _HOUR_S:
        return f"{int(seconds // _MINUTE_S)} min ago"
    if seconds < _DAY_S:
        return f"{int(seconds // _HOUR_S)} h ago"
    if seconds < 7 * _DAY_S:
        return f"{int(seconds // _DAY_S)} d ago"
    return datetime.fromtimestamp(then).astimezone().strftime("%Y-%m-%d")


def format_age(then: float | None, now: float) -> str:
    """Return a short form: ``now``, ``4 min``, ``3 h``, ``2 d``. Older: ``20 Nov``, ``Nov
    2025``."""
    if then is None or now - then < 7 * _DAY_S:
        return format_ago(then, now).removesuffix(" ago").replace("just now", "now")
    day, today = (datetime.fromtimestamp(at).astimezone() for at in (then, now))
    if day.year != today.year:
        return f"{_MONTHS[day.month - 1]} {day.year}"
    return f"{day.day} {_MONTHS[day.month - 1]}"


def format_clock(then: float | None) -> str:
    """Return the local date and time, with the zone: ``2026-11-23 10:15:02 CET``.

    A browser writes it in its own zone instead.
    """
    if then is None:
        return "–"
    return datetime.fromtimestamp(then, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


def _minus(text: str) -> str:
    """Return the text with a real minus sign, as wide as the digits."""
    return "−" + text[1:] if text.startswith("-") else text


def format_size(size_bytes: int) -> str:
    """Return ``512 B``, ``1.4 kB``, ``3.2 GB``."""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    size = float(size_bytes)
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 999.5:
            return f"{size:.3g} {unit}"
    return f"{size / 1000:.3g} TB"
