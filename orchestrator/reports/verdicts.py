"""The verdict in the output of `show`."""

from ..store.sweep_folder import Sweep
from ..verdict.evidence import sweep_verdict
from ..verdict.verdicts import Leader, Verdict
from ..verdict.words import leader_name, noise_text, verdict_sentence
from .shapes import LeaderEntry, VerdictReport


def report_verdict(sweep: Sweep) -> VerdictReport | None:
    """Return which combination won, or None without repeated runs."""
    verdict = sweep_verdict(sweep.record)
    if verdict is None:
        return None
    first, winner = leader_entry(verdict.first, verdict), verdict.winner
    texts = (verdict_sentence(verdict, sweep.record), noise_text(verdict))
    return {
        "winner": None if winner is None else leader_name(winner),
        "probability": first["probability"],
        "mean": first["mean"],
        "std": first["std"],
        "n": first["n"],
        "corrected": first["corrected"],
        "n_candidates": verdict.n_candidates,
        "noise": verdict.noise,
        "is_seed_unused": verdict.is_seed_unused,
        "text": ". ".join(text for text in texts if text is not None),
        "leaders": [leader_entry(leader, verdict) for leader in verdict.leaders],
    }


def leader_entry(leader: Leader, verdict: Verdict) -> LeaderEntry:
    names = {one.candidate.number: leader_name(one) for one in verdict.leaders}
    return {
        "run": leader_name(leader),
        "combination": leader.candidate.number,
        "hyperparameters": dict(leader.candidate.hyperparameters),
        "probability": leader.probability,
        "mean": leader.mean,
        "std": leader.std,
        "n": leader.n,
        "corrected": leader.corrected,
        "low": leader.low,
        "high": leader.high,
        "beats": {names[number]: chance for number, chance in leader.beats.items()},
    }
