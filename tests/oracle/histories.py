"""Random catalogues and case histories for the comparison; the same seed gives the same files.

    histories.py --seed N --cases K --out DIR [--simple]

Writes DIR/catalogue, DIR/events.jsonl and DIR/until (a logical clock that suits the events).
`histories.py --coverage A..B --cases K` generates seeds in memory and counts what the oracle finds in them.
"""
import argparse
import collections
import json
import random
import sys
import tempfile
from datetime import date
from pathlib import Path

import catalogue
import oracle
from facts import parse
from random_case import DAY, Writer
from random_catalogue import write_catalogue
from workdays import WorkCalendar, parse_instant

WINDOWS = ["2025-12-20", "2026-02-02", "2026-03-25", "2026-04-20", "2026-06-08", "2026-09-10", "2026-11-25"]


def instants_to_text(rng, cal, event):
    """Writes the instants of an event as texts: in the local offset, sometimes in UTC."""
    def text(instant):
        written = cal.text(instant)
        if rng.random() < 0.2:
            utc = WorkCalendar("UTC").text(instant)
            return utc.replace("+00:00", "Z")
        return written.replace(".000+", "+")

    for name in ("time", "recordedtime"):
        if name in event:
            event[name] = text(event[name])
    due = event["data"].get("due")
    if isinstance(due, dict):
        event["data"]["due"] = {name: text(instant) for name, instant in due.items()}
    elif due is not None:
        event["data"]["due"] = text(due)


def choose_until(rng, cal, events, open_dues):
    """A logical clock inside or after the history, never more than a day before its last instant."""
    last = max(max(e["time"], e.get("recordedtime", 0)) for e in events)
    midnight = cal.end_of(cal.civil_date(last))
    near = [due + shift for due in open_dues for shift in (-1, 0, 1) if due + shift > last - DAY]
    return rng.choice([last, last - DAY, last - rng.randint(0, DAY), last + rng.randint(0, 30 * DAY), midnight,
                       midnight - 1, midnight + rng.randint(1, 9) * DAY] + (near and [rng.choice(near)] * 5))


def make_lines(rng, cal, events):
    """The events as lines in random order, with duplicates and malformed lines between them."""
    for event in events:
        instants_to_text(rng, cal, event)
    extra = []
    for event in events:
        if rng.random() < 0.05:
            copy = json.loads(json.dumps(event))
            if rng.random() < 0.3:
                copy["data"]["note"] = "unknown members are kept"
                if event["type"] != "officers.authorized":
                    copy["data"].pop("officers", None)
            elif rng.random() < 0.1:
                copy["subject"] = "c-elsewhere"
            extra.append(copy)
    lines = [json.dumps(e, ensure_ascii=False) for e in events + extra]
    if rng.random() < 0.7:
        rng.shuffle(lines)
    bad = ["{", "[]", '{"specversion":"1.0","id":"bad","source":"urn:z","type":"case.closed"}',
           json.dumps({**events[0], "id": "bad-2", "type": "case.reopened"}),
           json.dumps({**events[0], "id": "bad-3", "type": "step.started", "data": {"officers": []}})]
    for line in bad:
        if rng.random() < 0.3:
            lines.insert(rng.randint(0, len(lines)), line)
    return lines


def write_history(seed, cases, out, simple=False):
    """Writes DIR/catalogue, DIR/events.jsonl and DIR/until; returns the until text."""
    rng = random.Random(f"xiezhi {seed} {cases} {simple}")
    out = Path(out)
    window = date.fromisoformat(rng.choice(WINDOWS))
    items, bare = write_catalogue(rng, out / "catalogue", window, simple)
    cal = catalogue.load(out / "catalogue").calendar
    begin = cal.midnight(window)
    horizon = begin + rng.randint(20, 75) * DAY
    events, open_dues = [], []
    for number in range(cases):
        item = rng.choice(items)
        code = item["code"]
        if not simple and rng.random() < 0.06:
            item, code = bare, bare["code"]
        elif not simple and rng.random() < 0.04:
            code = "no-such-item"
        name = f"{rng.choice(['c', 'C', '案'])}-{number:04d}"
        writer = Writer(rng, cal, name, item, 0, simple)
        earliest = begin if rng.random() < 0.5 else max(begin, horizon - 18 * DAY)
        writer.t = writer.nice(rng.randint(earliest, max(earliest, horizon - 2 * DAY)))
        told = [e for e in writer.tell(code) if e["time"] <= horizon or e["type"] == "case.accepted"]
        events += told
        for event in told:
            for limit in item["limits"]:
                if event["type"] == "step.started" and limit["scope"] == {"step": event["data"]["step"]} \
                        or event["type"] == "case.accepted" and limit["scope"] == "case":
                    open_dues.append(writer.due_near(event["time"], limit))
    until = cal.text(choose_until(rng, cal, events, open_dues))
    (out / "events.jsonl").write_text("\n".join(make_lines(rng, cal, events)) + "\n", encoding="utf-8")
    (out / "until").write_text(until + "\n", encoding="utf-8")
    return until


# ---------------------------------------------------------------- coverage

CODES = ["overdue", "due_soon", "too_few_officers", "unqualified_officer", "rollback", "repeated_rollback",
         "implicit_rollback", "evidence_missing", "evidence_reduced", "no_basis", "blank_field", "negative_decision",
         "unknown_tier", "out_of_tier", "tier_mismatch", "no_voucher", "over_executed", "under_executed",
         "executed_undecided", "unknown_item", "unknown_step", "after_close", "late_extension", "missing_start",
         "entry_lag", "not_supervised", "unknown_evidence"]


def print_coverage(counts):
    for key in sorted(counts):
        print(f"{counts[key]:8}  {key}")
    missing = [code for code in CODES if not any(key.startswith(code + " ") for key in counts)]
    print("no finding of: " + (", ".join(missing) or "none"))
    return not missing


def count(counts, row):
    due = "due" if row.get("due") else "no due"
    counts[f"{row['code']} {row['light']} {row['state']} {due} {row.get('detail', '')}".rstrip()] += 1


def coverage(first, last, cases, directory):
    counts = collections.Counter()
    for seed in range(first, last + 1):
        out = Path(directory) / str(seed)
        until = parse_instant(write_history(seed, cases, out))
        lines = (out / "events.jsonl").read_text(encoding="utf-8").split("\n")
        counts["events kept"] += sum(1 for line in lines if parse(line))
        for row in oracle.run(catalogue.load(out / "catalogue"), lines, until):
            count(counts, row)
    return print_coverage(counts)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int)
    parser.add_argument("--cases", type=int, default=50)
    parser.add_argument("--out")
    parser.add_argument("--simple", action="store_true", help="fewer features")
    parser.add_argument("--coverage", metavar="A..B")
    options = parser.parse_args()
    if options.coverage:
        first, last = (int(n) for n in options.coverage.split(".."))
        with tempfile.TemporaryDirectory() as directory:
            sys.exit(0 if coverage(first, last, options.cases, directory) else 1)
    if options.seed is None or options.out is None:
        parser.error("--seed and --out are needed")
    write_history(options.seed, options.cases, options.out, options.simple)


if __name__ == "__main__":
    main()
