"""What the pages of a sweep and of its runs say to understand and to repeat it."""

from pathlib import Path

from test_pages import Client, client, finished_run, logdir, text_of, write_sweep

__all__ = ["client", "logdir"]  # fixtures


def test_any_run_can_be_repeated_from_the_summary_and_from_its_page(
    client: Client, logdir: Path
) -> None:
    write_sweep(logdir / "s", [*finished_run(1, 0.5), *finished_run(2, 0.9), *finished_run(3)])
    best, third = "--learning_rate=0.002", "--learning_rate=0.003"
    assert best in client.get("/sweeps/s").text
    html = client.get("/sweeps/s?repeat=3&sort=duration").text
    assert third in html
    assert best not in html
    assert '<input type="hidden" name="sort" value="duration">' in html
    assert best in client.get("/sweeps/s?repeat=99").text
    html = client.get("/runs/s/run_0003").text
    assert third in html
    assert f"logs to {logdir}" in text_of(html)
