"""The small curves of the running runs: when they are sent, and that they stay small."""

import json

import numpy as np
import pytest
from live import listening, serving
from test_feed import FakeSweep, rows_until

from ml_tracking_ops.logger.reading.reader import Series
from ml_tracking_ops.web.live.run import LiveCurves, LiveRun
from ml_tracking_ops.web.series.sparkline import draw_sparkline
from ml_tracking_ops.web.series.thinning import Points


def series(first: int, last: int) -> Series:
    step = np.arange(first, last)
    return Series(step, np.zeros(len(step)), np.sin(step / 400))


def running(tmp_path, *indices: int) -> dict[int, LiveRun]:
    return {index: LiveRun(tmp_path / f"{index}.dat", "loss", "min") for index in indices}


def sent(frame: bytes) -> list[int]:
    data = frame.decode().partition("data: ")[2]
    return [index for index, *_ in json.loads(data)["curves"]] if data else []


def test_curves_are_sent_when_they_changed_and_not_more_often_than_the_pause(tmp_path):
    now = 10.0
    curves = LiveCurves("s", lambda: now)
    runs = running(tmp_path, 1, 2)

    def look(number: int) -> list[int]:
        return sent(curves.encode_due(runs, curves.due(runs), number))

    runs[1].curve.add(series(0, 5))
    assert look(1) == [1]
    for live in runs.values():
        live.curve.add(series(5, 9))
    assert look(2) == []
    now = 11.0
    assert look(2) == [1, 2]
    now = 12.0
    assert look(3) == []
    assert sent(curves.encode_since(runs, 1)) == [1, 2]
    assert sent(curves.encode_since(runs, 2)) == []


def test_curves_of_many_runs_are_sent_less_often(tmp_path):
    now = 0.0
    curves = LiveCurves("s", lambda: now)
    runs = running(tmp_path, *range(64))
    for live in runs.values():
        live.curve.add(series(0, 5))
    assert len(sent(curves.encode_due(runs, curves.due(runs), 1))) == 64
    runs[3].curve.add(series(5, 9))
    now = 3.9
    assert curves.due(runs) == []
    now = 4.0
    assert curves.due(runs) == [3]


def test_curve_of_a_long_run_is_as_that_of_its_whole_log_and_stays_small(tmp_path):
    curve = running(tmp_path, 1)[1].curve
    for first in range(0, 100_000, 1_000):
        curve.add(series(first, first + 1_000))
    whole = series(0, 100_000)
    expected = draw_sparkline(Points(whole.step, whole.wall_time, whole.value))
    drawn = curve.draw()
    assert (drawn.low, drawn.high) == pytest.approx((expected.low, expected.high))
    assert len(drawn.path) < 800
    assert drawn.path.startswith(expected.path[:8])


@pytest.mark.anyio
async def test_curve_follows_a_value_that_is_no_better(tmp_path):
    sweep = FakeSweep(tmp_path)
    with sweep.start_run() as logger:
        logger.add_scalar("accuracy", 0.9, 0)
        async with (
            serving(tmp_path) as dashboard,
            listening(dashboard.address, ("sweep", sweep.id)) as reader,
        ):
            await rows_until(reader, lambda rows: rows.get(1, {}).get("best_value") == 0.9)
            logger.add_scalar("accuracy", 0.5, 1)
            event = await reader.next_of("curves")
    sweep.journal.close()
    assert event["sweep"] == sweep.id
    assert [(index, low, high) for index, _, low, high in event["curves"]] == [(1, 0.5, 0.9)]
