"""A naive oracle of docs/contract.md: all facts in memory, every finding computed from scratch.

    oracle.py --catalogue DIR [--until T] events.jsonl...

Prints one finding a line, sorted as the contract says. Besides the contract's members a line has `may_events`: facts
a finding may name besides the ones in `events`, since "what it rests on" leaves that open. A member the contract
does not settle for a code is left out.
"""
import argparse
import json
import sys
from dataclasses import dataclass

import catalogue
import clocks
import detectors
from facts import Fact, cases_of, first, visits_of
from workdays import WorkCalendar, parse_instant


@dataclass
class Case:
    id: str
    facts: list
    visits: list
    accepted: Fact
    item: dict | None
    calendar: WorkCalendar
    officers: dict
    regions: dict


def findings_of_case(case, now):
    """All findings of one accepted case, as dicts with facts in `events` and `may`."""
    found = []

    def add(point, kind, results):
        for result in results:
            found.append({"point": point, "kind": kind, **result})

    item = case.item or {}
    withdrawn = first(case.facts, "case.withdrawn")
    late_extensions = []
    for limit in item.get("limits") or []:
        running = clocks.clocks_of(case.facts, case.visits, case.accepted, limit)
        late_extensions += clocks.apply_extensions(case.calendar, case.facts, limit, running, withdrawn)
        for point in item.get("points") or []:
            if point["kind"] != "time_limit" or point["limit"] != limit["id"]:
                continue
            for clock in running:
                results = clocks.judge(case.calendar, limit, clock, withdrawn, now)
                for result in results:
                    result["may"] = clocks.may_rest_on(case.facts, limit, clock)
                add(point["id"], "time_limit", results)
    for point in item.get("points") or []:
        if point["kind"] in detectors.DETECTORS:
            add(point["id"], point["kind"], detectors.DETECTORS[point["kind"]](case, point))
    add("data_quality", "data_quality", detectors.data_quality(case, late_extensions))
    return found


def is_shadow(item, result):
    """Was the rule broken while the item, or the point that watches it, was on trial?"""
    points = [p for p in item.get("points") or [] if p["id"] == result["point"]]
    trials = [parse_instant(t["shadow_until"]) for t in [item, *points] if "shadow_until" in t]
    return any(result["violated_at"] < until for until in trials)


def null_first(value):
    return (0, b"") if value is None else (1, value.encode() if isinstance(value, str) else value)


def sort_key(row):
    return (row["case"].encode(), row["violated_at"], row["point"].encode(), row["code"].encode(),
            null_first(row["step"]), null_first(row["visit"]))


def ids(facts):
    unique = {f.pos: f for f in facts}
    return [unique[pos].id for pos in sorted(unique)]


def run(reference, lines, now=None):
    """The findings as JSON-ready dicts, in order. `reference` is a loaded catalogue."""
    cases = cases_of(lines)
    if now is None:
        now = max((f.time for facts in cases.values() for f in facts), default=0)
    rows = []
    for name, facts in cases.items():
        accepted = first(facts, "case.accepted")
        if accepted is None:
            continue
        code = accepted.get("item")
        case = Case(name, facts, visits_of(facts), accepted, reference.items.get(code), reference.calendar,
                    reference.officers, reference.regions)
        for result in findings_of_case(case, now):
            rows.append({"state": result["state"], "case": name, "item": code,
                         "shadow": is_shadow(case.item or {}, result), **result})
    rows.sort(key=sort_key)
    text = reference.calendar.text
    for row in rows:
        may = row.pop("may")
        row["may_events"] = ids(row["events"] + may)
        row["events"] = ids(row["events"])
        row["violated_at"] = text(row["violated_at"])
        row["due"] = None if row["due"] is None else text(row["due"])
        if row["code"] == "late_extension":
            del row["due"], row["late_by_ms"]   # the contract does not say whether they are shown
    return rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--catalogue", required=True)
    parser.add_argument("--until")
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()
    lines = []
    for path in options.files:
        with open(path, encoding="utf-8") as file:
            lines += file.read().split("\n")
    now = None if options.until is None else parse_instant(options.until)
    for row in run(catalogue.load(options.catalogue), lines, now):
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
