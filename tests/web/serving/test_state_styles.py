"""The style sheet of the run states."""

from ml_tracking_ops.orchestrator.store.run_states import RUN_STATES, STATES
from ml_tracking_ops.web.serving.state_styles import state_styles
from ml_tracking_ops.web.serving.static_files import STYLE, static_files, with_theme_choice


def test_every_state_has_colours_in_both_themes_and_an_icon() -> None:
    light, _, dark = state_styles().partition("@media")
    for state in RUN_STATES:
        assert f"--state-{state}: {STATES[state].text.light};" in light
        assert f"--fill-{state}: {STATES[state].fill.light};" in light
        assert f"--icon-{state}: url(" in light
        assert f"--state-{state}: {STATES[state].text.dark};" in dark
        assert f"--fill-{state}: {STATES[state].fill.dark};" in dark


def test_icon_has_no_character_that_ends_its_address() -> None:
    for line in state_styles().splitlines():
        if line.startswith("--icon-"):
            drawing = line.split('url("')[1].removesuffix('");')
            assert not set('"#<>\n') & set(drawing)


def test_pages_get_the_style_with_the_others() -> None:
    whole = static_files().files[STYLE].data.decode()
    assert whole.endswith(with_theme_choice(state_styles()))


def test_theme_that_was_chosen_goes_before_that_of_the_system() -> None:
    whole = static_files().files[STYLE].data.decode()
    assert "prefers-color-scheme: dark) { :root {" not in whole
    n_dark = whole.count("@media (prefers-color-scheme: dark)")
    assert n_dark == whole.count(':root:not([data-theme="light"])')
    assert n_dark + 1 == whole.count(':root[data-theme="dark"] {')  # and its meaning for controls
