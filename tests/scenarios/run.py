#!/usr/bin/env python3
"""Runs every scenario of this directory through `xiezhi detect` and compares what it finds with what is expected.

    run.py --xiezhi BINARY [NAME...]      all scenarios, or those named

A scenario is a directory with `events.jsonl` and `scenario.yaml`:

    title: {zh, en}    slide: of the training deck, or null    catalogue: a directory beside this script
    until: the clock   rejects: [reason of each rejected line]  expected: [findings]

The findings must be the expected ones and no others. Of each, the members case, point, kind, code, light, step, visit,
violated_at, due, state and detail are compared (absent is null); others, such as late_by_ms or provisional, where they
are given. `explanation: {zh: [...], en: [...]}` names texts that must occur. Needs PyYAML.
The last line is `N passed, N failed`, counted in scenarios; exit 1 if one failed.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
COMPARED = ["case", "point", "kind", "code", "light", "step", "visit", "violated_at", "due", "state", "detail"]
INSTANTS = {"violated_at", "due"}
KEYS = {"title", "slide", "catalogue", "until", "rejects", "expected"}


def value(row, member):
    found = row.get(member)
    return datetime.fromisoformat(found) if member in INSTANTS and found is not None else found


def lacking(wanted, found):
    """Texts that the explanation should have and has not."""
    texts = wanted.get("explanation") or {}
    return [f"{language}: {text!r}" for language, parts in texts.items() for text in parts
            if text not in found["explanation"][language]]


def agrees(wanted, found):
    """Whether the members agree; the explanation is judged apart."""
    members = COMPARED + [m for m in wanted if m not in COMPARED and m != "explanation"]
    return all(value(wanted, m) == value(found, m) for m in members)


def brief(row):
    shown = {m: row[m] for m in COMPARED if row.get(m) is not None}
    return json.dumps(shown, ensure_ascii=False)


def match(expected, found):
    """What is wrong. Among findings with equal members the one whose explanation fits is taken."""
    problems, rest = [], list(found)
    for wanted in expected:
        candidates = sorted((f for f in rest if agrees(wanted, f)), key=lambda f: len(lacking(wanted, f)))
        if not candidates:
            problems.append(f"not found: {brief(wanted)}")
            continue
        rest.remove(candidates[0])
        for text in lacking(wanted, candidates[0]):
            problems.append(f"{wanted['code']}: the explanation lacks {text}\n"
                            f"    it is: {json.dumps(candidates[0]['explanation'], ensure_ascii=False)}")
    return problems + [f"not expected: {brief(f)} {json.dumps(f['explanation'], ensure_ascii=False)}" for f in rest]


def json_lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def problems_of(xiezhi, directory):
    scenario = yaml.safe_load((directory / "scenario.yaml").read_text(encoding="utf-8"))
    unknown = set(scenario) - KEYS
    if unknown:
        return [f"scenario.yaml: unknown keys {sorted(unknown)}"]
    with tempfile.TemporaryDirectory() as temporary:
        out, rejects = Path(temporary, "findings.jsonl"), Path(temporary, "rejects.jsonl")
        command = [xiezhi, "detect", "--catalogue", HERE / scenario["catalogue"], "--until", scenario["until"],
                   "--out", out, "--rejects", rejects, directory / "events.jsonl"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            return [f"exit {done.returncode}: {done.stderr.strip()}"]
        found = json_lines(out)
        reasons = sorted(row["reason"] for row in json_lines(rejects))
    problems = match(scenario["expected"], found)
    if reasons != sorted(scenario.get("rejects", [])):
        problems.append(f"rejected: {reasons}")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--xiezhi", required=True, type=Path, help="the program")
    parser.add_argument("names", nargs="*", metavar="NAME", help="scenarios; all where none is named")
    arguments = parser.parse_args()
    directories = [HERE / name for name in arguments.names]
    directories = directories or sorted(path.parent for path in HERE.glob("*/scenario.yaml"))
    failed = 0
    for directory in directories:
        problems = problems_of(arguments.xiezhi.resolve(), directory)
        failed += bool(problems)
        for problem in problems:
            print(f"{directory.name}: {problem}")
    print(f"{len(directories) - failed} passed, {failed} failed")
    return 1 if failed or not directories else 0


if __name__ == "__main__":
    sys.exit(main())
