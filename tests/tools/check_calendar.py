#!/usr/bin/env python3
"""Compares deploy/calendars, day by day, with the PyPI package `chinesecalendar`.

    python -m venv /tmp/calendar && /tmp/calendar/bin/pip install chinesecalendar pyyaml
    /tmp/calendar/bin/python tests/tools/check_calendar.py [directory of calendars]

A year that the package does not know yet is named and not compared. Exit 0 if every compared day agrees.
"""
import importlib.metadata
import sys
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import yaml

CALENDARS = Path(__file__).resolve().parents[2] / "deploy" / "calendars"


def as_date(value):
    return value if isinstance(value, date) else date.fromisoformat(value)


def is_working(day, holidays, workdays):
    """The contract's rule: a Monday to Friday that is no holiday, or a listed make-up day."""
    return day in workdays or (day.weekday() < 5 and day not in holidays)


def days_of(year):
    first = date(year, 1, 1)
    return [first + timedelta(n) for n in range((date(year + 1, 1, 1) - first).days)]


def compare(path):
    """(passed, failed) of one file, or None for a year that the package does not know."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    holidays, workdays = ({as_date(d) for d in content.get(key) or []} for key in ("holidays", "workdays"))
    passed = failed = 0
    for day in days_of(content["year"]):
        ours = is_working(day, holidays, workdays)
        try:
            theirs = chinese_calendar.is_workday(day)
        except NotImplementedError:
            return None
        if ours == theirs:
            passed += 1
        else:
            failed += 1
            print(f"{day}: {path.name} says {'work' if ours else 'off'}, the package says "
                  f"{'work' if theirs else 'off'}", file=sys.stderr)
    return passed, failed


def main():
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else CALENDARS
    files = sorted(directory.glob("*.yaml"))
    compared, passed, failed = [], 0, 0
    for path in files:
        result = compare(path)
        if result is None:
            print(f"{path.stem}: not known to the package, not compared")
            continue
        compared.append(path.stem)
        passed, failed = passed + result[0], failed + result[1]
    version = importlib.metadata.version("chinesecalendar")
    print(f"compared with chinesecalendar {version}: {', '.join(compared) or 'nothing'}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not compared else 0


if __name__ == "__main__":
    sys.exit(main())
