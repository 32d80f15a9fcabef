"""What the charts keep in the address, as server and script agree on it."""

import re
from pathlib import Path

from starlette.datastructures import QueryParams

from ml_tracking_ops.web import chart_params


def test_links_carry_the_parameters_of_charts_and_no_others() -> None:
    query = QueryParams("sort=index&hide=a%2Fb&hide=c&smoothing=0.6&run=x&tags=%5Eloss")
    assert chart_params.kept_parameters(query) == [
        ("hide", "a/b"), ("hide", "c"), ("smoothing", "0.6"), ("tags", "^loss"),
    ]  # fmt: skip


def test_server_and_script_know_the_same_parameters() -> None:
    script = Path(chart_params.__file__).parent / "static" / "address.js"
    found = re.search(r"CHART_NAMES = \[(.*?)\]", script.read_text(), re.DOTALL)
    assert found is not None
    assert set(re.findall(r'"(\w+)"', found[1])) == chart_params.CHART_PARAMETERS
