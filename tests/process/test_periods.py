"""Periods as people write them (A03 期间): the days that they name, and nothing where they name none."""

from __future__ import annotations

from datetime import date

import pytest

from mailflow.process.dates import read_period, read_term

TUESDAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("11-28 至 11-29", "11-28", "11-29"),
        ("2026-11-23 - 2026-11-27", "11-23", "11-27"),
        ("11月23日-27日", "11-23", "11-27"),
        ("2026-11-23到27", "11-23", "11-27"),
        ("28日至3日", "11-28", "12-03"),
        ("11月28日", "11-28", "11-28"),
        ("11月24日 9:00-12:00", "11-24", "11-24"),
        ("11-25起3天", "11-25", "11-27"),
        ("下周一到下周五", "11-30", "12-04"),
        ("本周", "11-23", "11-29"),
        ("12月份", "12-01", "12-31"),
        ("2026-12", "12-01", "12-31"),
        ("至12月5日", "", "12-05"),
        ("12月5日前", "", "12-05"),
        ("自2026-12-01起至验收", "12-01", ""),
        ("两周左右", "", ""),
        ("割接期间", "", ""),
    ],
)
def test_the_days_of_a_period(text: str, first: str, last: str) -> None:
    assert read_period(text, TUESDAY) == tuple(date.fromisoformat(f"2026-{day}") if day else None for day in (first, last))


def test_a_period_over_new_year() -> None:
    assert read_period("12-28 至 1-3", TUESDAY) == (date(2026, 12, 28), date(2027, 1, 3))
    assert read_period("12月到1月", TUESDAY) == (date(2026, 12, 1), date(2027, 1, 31))


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("202609", "202609"),
        ("2026年9月", "202609"),
        ("2026-09", "202609"),
        ("2026.9", "202609"),
        ("9月份", "202609"),
        ("2026Q4", "2026Q4"),
        ("2026年Q4季", "2026Q4"),
        ("2026年4季", "2026Q4"),
        ("2026 年第四季度", "2026Q4"),
        ("四季度", "2026Q4"),
        ("2026年", "2026"),
        ("2026年度", "2026"),
        ("202613", ""),
        ("XJ7", ""),
        ("第二批", ""),
    ],
)
def test_a_year_quarter_or_month_is_one_term_however_it_is_written(text: str, term: str) -> None:
    assert read_term(text, TUESDAY) == term
