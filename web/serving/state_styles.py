"""The styles of run states, generated from `run_states.STATES`: colour, fill and icon of each.

Other styles refer to them as `var(--state-failed)`, `var(--fill-failed)`, `var(--icon-failed)`,
and templates as the classes `state-failed`, `fill-failed` and `key-failed`.
"""

from urllib.parse import quote

from ml_tracking_ops.orchestrator.store.run_states import STATES

_SVG = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>{}</svg>"

N_RAMP = 32
"""The steps of the continuous scale: their classes are `run-color-r0` to `run-color-r32`."""
_N_RAMP_COLORS = 4


def state_styles() -> str:
    """Return a style sheet: variables for both themes, then the classes."""
    light, dark, classes = [], [], []
    for state, facts in STATES.items():
        icon = quote(_SVG.format(facts.icon), safe=" '/:=.,")
        light += _colors(state, facts.text.light, facts.fill.light)
        light.append(f'--icon-{state}: url("data:image/svg+xml,{icon}");')
        dark += _colors(state, facts.text.dark, facts.fill.dark)
        classes += [
            f".state-{state} {{ --state: var(--state-{state}); --icon: var(--icon-{state}); }}",
            f".fill-{state} {{ fill: var(--fill-{state}); }}",
            f".key-{state} {{ --fill: var(--fill-{state}); }}",
            f".run-color-{state} {{ --run: var(--fill-{state}); }}",
        ]
    themes = [":root {", *light, "}", "@media (prefers-color-scheme: dark) { :root {", *dark, "} }"]
    return "\n".join([*themes, *classes, *_ramp(), ""])


def _ramp() -> list[str]:
    """Return a class for each step of the continuous scale, between four colours of the theme."""
    classes = []
    for step in range(N_RAMP + 1):
        part = step / N_RAMP * (_N_RAMP_COLORS - 1)
        low = min(int(part), _N_RAMP_COLORS - 2)
        mixed = f"var(--scale-{low + 1}) {100 * (part - low):.4g}%, var(--scale-{low})"
        classes.append(f".run-color-r{step} {{ --run: color-mix(in srgb, {mixed}); }}")
    return classes


def _colors(state: str, text: str, fill: str) -> list[str]:
    return [f"--state-{state}: {text};", f"--fill-{state}: {fill};"]
