"""Events as facts: reading, keeping the first of each (source, id), canonical order, visits."""
import json
from dataclasses import dataclass

from workdays import parse_instant

REQUIRED = {  # in the order of rank; the value names the required members of data
    "case.accepted": ["item", "org"],
    "step.started": ["step"],
    "officers.authorized": ["step", "officers"],
    "step.completed": ["step"],
    "step.returned": ["from", "to"],
    "evidence.uploaded": ["step", "evidence"],
    "evidence.removed": ["step", "ids"],
    "decision.made": ["step", "decision"],
    "charge.added": ["amount_fen"],
    "penalty.executed": ["fine_fen"],
    "clock.suspended": ["reason"],
    "clock.resumed": [],
    "limit.extended": ["scope", "days"],
    "case.closed": [],
    "case.withdrawn": [],
}
RANK = {name: rank for rank, name in enumerate(REQUIRED)}


@dataclass
class Fact:
    id: str
    source: str
    type: str
    case: str
    time: int
    recorded: int | None
    data: dict
    pos: int = 0    # the place in the canonical order of its case

    def order(self):
        return (self.time, RANK[self.type], self.source.encode(), self.id.encode())

    def get(self, name, default=None):
        value = self.data.get(name)
        return default if value is None else value


@dataclass
class Visit:
    step: str
    number: int
    start: Fact
    end: Fact | None

    def completed(self):
        return self.end is not None and self.end.type == "step.completed"


def parse(line):
    """The fact of a line, or None where it is malformed."""
    try:
        record = json.loads(line)
        if record["specversion"] != "1.0" or not isinstance(record["data"], dict):
            return None
        for name in REQUIRED[record["type"]]:
            if record["data"].get(name) is None:
                return None
        recorded = record.get("recordedtime")
        return Fact(record["id"], record["source"], record["type"], record["subject"],
                    parse_instant(record["time"]), None if recorded is None else parse_instant(recorded),
                    record["data"])
    except (ValueError, KeyError, TypeError):
        return None


def cases_of(lines):
    """All facts by case, each case in canonical order."""
    seen = set()
    cases = {}
    for line in lines:
        fact = parse(line)
        if fact is None or (fact.case, fact.source, fact.id) in seen:
            continue
        seen.add((fact.case, fact.source, fact.id))
        cases.setdefault(fact.case, []).append(fact)
    for facts in cases.values():
        facts.sort(key=Fact.order)
        for pos, fact in enumerate(facts):
            fact.pos = pos
    return cases


def of_type(facts, name):
    return [f for f in facts if f.type == name]


def first(facts, name):
    return next((f for f in facts if f.type == name), None)


def ends_step(fact, step):
    return (fact.type == "step.completed" and fact.get("step") == step
            or fact.type == "step.returned" and fact.get("from") == step)


def visits_of(facts):
    """Every visit of every step (known or not), in canonical order of their starts."""
    visits = []
    for start in of_type(facts, "step.started"):
        step = start.get("step")
        number = 1 + sum(1 for v in visits if v.step == step)
        end = next((f for f in facts if f.pos > start.pos and ends_step(f, step)), None)
        visits.append(Visit(step, number, start, end))
    return visits


def last_visit_before(visits, step, fact):
    """The number of the last visit of a step started before a fact, or None."""
    numbers = [v.number for v in visits if v.step == step and v.start.pos < fact.pos]
    return max(numbers, default=None)


def steps_named(fact):
    """The steps an event names."""
    names = [fact.get("from"), fact.get("to")] if fact.type == "step.returned" else []
    if fact.type in ("step.started", "officers.authorized", "step.completed", "evidence.uploaded",
                     "evidence.removed", "decision.made", "clock.suspended", "clock.resumed"):
        names.append(fact.get("step"))
    return [n for n in names if n is not None]
