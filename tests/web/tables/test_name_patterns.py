"""Searches by a regular expression, and which of these are not taken."""

import time

import pytest

from ml_tracking_ops.web.runs.name_patterns import (
    NamePatternError,
    is_pattern,
    name_test,
    parse_pattern,
)


def test_expression_between_slashes_finds_names() -> None:
    finds = name_test("/exp_0[1-5]$/")
    assert [finds((name,)) for name in ("exp_03", "EXP_05", "exp_06", "exp_031")] == [
        True,
        True,
        False,
        False,
    ]


def test_other_text_is_searched_literally() -> None:
    assert not is_pattern("/")
    assert name_test("a/b")(("x", "A/B"))


@pytest.mark.parametrize(
    ("search", "why"),
    [
        ("/(a+)+b/", "repeats what repeats"),
        ("/((a|b)c)*/", "repeats what repeats"),
        (r"/(a)\1/", "refers to a group"),
        ("/(?=a)/", "special kind"),
        ("/a*b*c*d*/", "more than 3"),
        ("/[a-/", "not a regular expression"),
        ("/(a/", "not a regular expression"),
        (f"/{'a' * 300}/", "longer than"),
    ],
)
def test_expression_that_could_take_long_is_refused(search: str, why: str) -> None:
    with pytest.raises(NamePatternError, match=why):
        parse_pattern(search)


@pytest.mark.parametrize("search", [r"/\(a+\)+/", "/[(a+)]+/", "/(ab)+c?/", "/a|b/", "/x{2,3}/"])
def test_harmless_patterns_are_accepted(search: str) -> None:
    assert parse_pattern(search).compiled.pattern == search[1:-1]


def test_slow_search_is_ended() -> None:
    pattern = parse_pattern("/a/")
    late = type(pattern)(pattern.compiled, time.monotonic() - 1)
    assert not late.finds(("a",))
