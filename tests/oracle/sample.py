"""Compares findings that are already there with the oracle's, over a few cases picked by their name.

    sample.py --catalogue DIR --until T --events FILE --rejects FILE --findings FILE [--one-in N]

Only cases whose name's checksum is divisible by N are looked at. The lines that REJECTS names, as `xiezhi detect` writes
them, are no events: which those are is tested elsewhere.
Exit 1 on any mismatch. The last line is `N passed, M failed`, counted in findings.
"""
import argparse
import json
import sys
import zlib
from pathlib import Path

import catalogue
import compare
import oracle
from workdays import parse_instant


def rows_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def events_of(path, rejected, picked):
    """The lines of the picked cases, in order."""
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if line and number not in rejected and picked(json.loads(line)["subject"]):
            yield line.decode("utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--catalogue", required=True, type=Path)
    parser.add_argument("--until", required=True)
    parser.add_argument("--events", required=True, type=Path)
    parser.add_argument("--rejects", required=True, type=Path)
    parser.add_argument("--findings", required=True, type=Path)
    parser.add_argument("--one-in", type=int, default=1)
    options = parser.parse_args()

    def picked(case):
        return zlib.crc32(case.encode()) % options.one_in == 0

    rejected = {row["line"] for row in rows_of(options.rejects)}
    lines = list(events_of(options.events, rejected, picked))
    wanted = oracle.run(catalogue.load(options.catalogue), lines, parse_instant(options.until))
    got = rows_of(options.findings)
    equal, wrong = compare.pair([compare.normal(row) for row in wanted],
                                [compare.normal(row) for row in got if picked(row["case"])], set(), False)
    for left, right, members in wrong[:5]:
        print(f"oracle {left}\nfound  {right}\n       {', '.join(members)}")
    print(f"{len(equal)} passed, {len(wrong)} failed")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
