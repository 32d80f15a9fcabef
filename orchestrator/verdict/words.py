"""A verdict in sentences, the same in the terminal, on the page and in messages."""

from ..store.sweep_record import SweepRecord
from .verdicts import SURE, Leader, Verdict


def verdict_sentence(verdict: Verdict, record: SweepRecord) -> str:
    """Return the verdict. While the sweep runs it may still change."""
    first, winner = verdict.first, verdict.winner
    so_far = " so far" if record.state == "running" else ""
    if verdict.is_seed_unused:
        return (
            f"nothing won{so_far}: all runs of a combination have exactly the same value, so the "
            "seed changes nothing. Check that the script uses it"
        )
    of = f"of {verdict.n_candidates} combinations"
    if winner is not None:
        return (
            f"winner{so_far}: {leader_name(winner)}, the best {of} with a probability of "
            f"{percent(winner.probability)}"
        )
    return (
        f"nothing won{so_far}: {of} none is the best with a probability of {percent(SURE)}. "
        f"{leader_name(first)} comes nearest with {percent(first.probability)}"
    )


def leader_text(leader: Leader) -> str:
    """Return ``0.8713 ± 0.012 in 5 runs, corrected 0.869``."""
    spread = "" if leader.std is None else f" ± {leader.std:.2g}"
    runs = "1 run" if leader.n == 1 else f"{leader.n} runs"
    corrected = "" if leader.corrected is None else f", corrected {leader.corrected:.6g}"
    return f"{leader.mean:.6g}{spread} in {runs}{corrected}"


def noise_text(verdict: Verdict) -> str | None:
    """Return how much runs differ beside the effect that a seed has on all combinations.

    None if the seed changes nothing.
    """
    if verdict.is_seed_unused:
        return None
    what = "standard deviation of a run, without the effect of its seed on all combinations"
    return f"{what}: {verdict.noise:.2g}"


def leader_name(leader: Leader) -> str:
    return leader.candidate.run or f"combination {leader.candidate.number}"


def percent(probability: float | None) -> str:
    """Return a probability as people write it, never 0 % or 100 %, which no data can show."""
    if probability is None:
        return "–"
    if probability > 0.995:
        return "over 99 %"
    if probability < 0.005:
        return "under 1 %"
    return f"{probability * 100:.0f} %"
