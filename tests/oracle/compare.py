"""Runs the program and the oracle over random histories and compares them finding by finding.

    compare.py --xiezhi BINARY --seeds A..B [--cases K] [--simple] [--keep DIR] [--ignore MEMBER,...]
               [--exact-events] [--show N] [--coverage]

A finding is equal if every member below is. `events` of the program must hold every fact the oracle says the finding
must rest on and none beyond those it may rest on; with --exact-events they must be the former exactly.
Exit 1 on any mismatch. The last line is `N passed, M failed`, counted in findings.
"""
import argparse
import collections
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import catalogue
import histories
import oracle
from facts import cases_of
from workdays import parse_instant

MEMBERS = ["case", "item", "point", "kind", "code", "light", "step", "visit", "violated_at", "due", "late_by_ms",
           "state", "detail", "shadow", "events"]
IDENTITY = ["case", "item", "point", "kind", "code", "step", "visit", "violated_at"]


def normal(row):
    """A row with its instants as numbers and its events sorted."""
    row = dict(row)
    for name in ("violated_at", "due"):
        if row.get(name) is not None:
            row[name] = parse_instant(row[name])
    row["events"] = sorted(row.get("events") or [])
    row["shadow"] = row.get("shadow", False)
    return row


def differences(wanted, got, ignored, exact_events):
    """The members in which two findings differ. What the oracle leaves out is not compared."""
    found = []
    for name in MEMBERS:
        if name in ignored or name not in wanted:
            continue
        if name == "events":
            must, may = set(wanted["events"]), set(wanted["may_events"])
            wrong = set(got["events"]) != must if exact_events else not must <= set(got["events"]) <= may
        else:
            wrong = wanted[name] != got.get(name)
        if wrong:
            found.append(name)
    return found


def identity(row):
    return json.dumps([row.get(name) for name in IDENTITY])


def pair(wanted, got, ignored, exact_events):
    """(equal pairs, [(wanted or None, got or None, members)]): same identity first, then whatever is equal."""
    equal, wrong = [], []
    groups = collections.defaultdict(lambda: ([], []))
    for row in wanted:
        groups[identity(row)][0].append(row)
    for row in got:
        groups[identity(row)][1].append(row)
    for left, right in groups.values():
        unmatched = []
        for row in left:
            match = next((r for r in right if not differences(row, r, ignored, exact_events)), None)
            if match is None:
                unmatched.append(row)
            else:
                right.remove(match)
                equal.append(row)
        for row in unmatched:
            other = right.pop(0) if right else None
            wrong.append((row, other, [] if other is None else differences(row, other, ignored, exact_events)))
        wrong += [(None, row, []) for row in right]
    return equal, wrong


def is_sorted(rows):
    keys = [oracle.sort_key({"step": None, "visit": None, **row}) for row in rows]
    return all(a <= b for a, b in zip(keys, keys[1:]))


def line(row, cal):
    """A finding on one line, for reading."""
    shown = {name: row[name] for name in MEMBERS if name in row and name not in ("case", "item", "events")}
    for name in ("violated_at", "due"):
        if shown.get(name) is not None:
            shown[name] = cal.text(shown[name])
    text = "  ".join(f"{name}={value}" for name, value in shown.items() if value is not None)
    return f"{text}  events={','.join(row['events'])}"


def show_case(seed, case, facts, item, wanted, got, wrong, cal):
    print(f"\n=== seed {seed}, case {case}")
    print("--- item: " + ("unknown" if item is None else item["code"]))
    if item is not None:
        for limit in item["limits"]:
            print("    " + json.dumps(limit, ensure_ascii=False))
        for point in item["points"]:
            print("    " + json.dumps(point, ensure_ascii=False))
    print("--- events in canonical order")
    for fact in facts:
        print(f"    {cal.text(fact.time)}  {fact.id:14} {fact.type:20} {json.dumps(fact.data, ensure_ascii=False)}")
    print("--- oracle")
    for row in wanted:
        print("    " + line(row, cal))
    print("--- program")
    for row in got:
        print("    " + line(row, cal))
    print("--- differences")
    for left, right, members in wrong:
        if right is None:
            print("    missing     " + line(left, cal))
        elif left is None:
            print("    unexpected  " + line(right, cal))
        else:
            print(f"    {', '.join(members)} differ:")
            print("        oracle    " + line(left, cal))
            print("        program   " + line(right, cal))
            if "events" in members:
                print("        may rest on " + ",".join(left["may_events"]))


def run_program(binary, directory, until):
    """The findings of the program, or None where it failed."""
    out = directory / "out.jsonl"
    command = [binary, "detect", "--catalogue", str(directory / "catalogue"), "--until", until, "--out", str(out),
               str(directory / "events.jsonl")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        print(f"exit {done.returncode}: {' '.join(command)}\n{done.stderr[-2000:]}")
        return None
    return [json.loads(text) for text in out.read_text(encoding="utf-8").split("\n") if text]


def compare_seed(seed, options, directory, totals, counts, by_member):
    until = histories.write_history(seed, options.cases, directory, options.simple)
    reference = catalogue.load(directory / "catalogue")
    lines = (directory / "events.jsonl").read_text(encoding="utf-8").split("\n")
    wanted = [normal(row) for row in oracle.run(reference, lines, parse_instant(until))]
    for row in wanted:
        histories.count(counts, row)
    got = run_program(options.xiezhi, directory, until)
    if got is None:
        totals["failed"] += len(wanted) or 1
        return
    got = [normal(row) for row in got]
    if not is_sorted(got):
        print(f"seed {seed}: the output is not sorted by (case, violated_at, point, code, step, visit)")
        totals["failed"] += 1
    cases = cases_of(lines)
    for case in sorted({row["case"] for row in wanted + got}):
        left = [row for row in wanted if row["case"] == case]
        right = [row for row in got if row["case"] == case]
        equal, wrong = pair(left, right, options.ignore, options.exact_events)
        totals["passed"] += len(equal)
        totals["failed"] += len(wrong)
        for a, b, members in wrong:
            what = ", ".join(members) if members else "missing" if b is None else "unexpected"
            by_member[f"{(a or b)['code']}: {what}"] += 1
        if wrong and totals["shown"] < options.show:
            totals["shown"] += 1
            print(f"\n(seed {seed}: --until {until})")
            facts = cases.get(case, [])
            code = (left or right)[0].get("item")
            show_case(seed, case, facts, reference.items.get(code), left, right, wrong, reference.calendar)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--xiezhi", required=True)
    parser.add_argument("--seeds", default="1..20", metavar="A..B")
    parser.add_argument("--cases", type=int, default=50)
    parser.add_argument("--simple", action="store_true", help="histories with fewer features")
    parser.add_argument("--keep", metavar="DIR", help="leave the files of each seed in DIR/SEED")
    parser.add_argument("--ignore", default="", metavar="MEMBER,...", help="members not to compare")
    parser.add_argument("--exact-events", action="store_true")
    parser.add_argument("--show", type=int, default=3, help="how many mismatching cases to print")
    parser.add_argument("--coverage", action="store_true", help="count what the oracle found")
    options = parser.parse_args()
    options.ignore = set(options.ignore.split(","))
    first, last = (int(n) for n in options.seeds.split(".."))

    totals, counts, by_member = collections.Counter(), collections.Counter(), collections.Counter()
    with tempfile.TemporaryDirectory() as scratch:
        for seed in range(first, last + 1):
            directory = Path(options.keep or scratch) / str(seed)
            compare_seed(seed, options, directory, totals, counts, by_member)
    if options.coverage:
        histories.print_coverage(counts)
    for what, number in by_member.most_common():
        print(f"{number:8}  {what}")
    print(f"{totals['passed']} passed, {totals['failed']} failed")
    sys.exit(1 if totals["failed"] else 0)


if __name__ == "__main__":
    main()
