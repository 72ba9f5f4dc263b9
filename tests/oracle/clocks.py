"""Time limits: counting days and hours, suspensions, extensions, stages (contract 3, readings 10 to 19)."""
import math
from dataclasses import dataclass, field
from fractions import Fraction

from facts import Fact, first, of_type
from workdays import ONE_DAY, parse_instant

HOUR = 3_600_000
DAY = 24 * HOUR
LIGHTS = ["yellow", "red"]


@dataclass
class Clock:
    start: Fact                     # where the counting starts (with accumulate: the first visit's start)
    opened: Fact                    # the start of this visit (or of the scope)
    own_end: Fact | None
    step: str | None = None
    visit: int | None = None
    carried: int | None = None
    suspensions: list = field(default_factory=list)     # (from, to or None), instants
    extensions: list = field(default_factory=list)      # the facts that were in time


# ---------------------------------------------------------------- counting days

def stands_forever(cal, day, suspensions):
    """Is this day after the date of a suspension that never ended?"""
    return any(to is None and cal.civil_date(frm) < day for frm, to in suspensions)


def is_suspended(cal, day, suspensions):
    return any(cal.civil_date(frm) < day and (to is None or day <= cal.civil_date(to)) for frm, to in suspensions)


def is_counted(cal, unit, day, suspensions):
    return (unit == "calendar_day" or cal.is_working(day)) and not is_suspended(cal, day, suspensions)


def nth_counted_day(cal, unit, after, n, suspensions):
    """The n-th counted day after a date (the date itself for 0); None if the clock stands before."""
    day = after
    while n > 0:
        day += ONE_DAY
        if stands_forever(cal, day, suspensions):
            return None
        if is_counted(cal, unit, day, suspensions):
            n -= 1
    return day


def roll(cal, day, suspensions):
    """The day itself if it is a working day, else the next one that is and is not suspended."""
    while not cal.is_working(day) or is_suspended(cal, day, suspensions):
        day += ONE_DAY
        if stands_forever(cal, day, suspensions):
            return None
    return day


# ---------------------------------------------------------------- counting hours

def countable_pieces(cal, unit, day, suspensions):
    """The counted time of one day as pairs of instants, in order."""
    if unit == "hour":
        pieces = [(cal.midnight(day), cal.end_of(day))]
    else:
        pieces = cal.office_pieces(day)
    for frm, to in suspensions:
        cut = []
        for a, b in pieces:
            cut.append((a, min(b, frm)))
            if to is not None:
                cut.append((max(a, to), b))
        pieces = [(a, b) for a, b in cut if a < b]
    return sorted(pieces)


def instant_after(cal, unit, start, amount, suspensions):
    """The earliest instant at which `amount` of counted time has passed since `start`; None if never."""
    if amount <= 0:
        return start
    day = cal.civil_date(start)
    while not stands_forever(cal, day, suspensions):
        for a, b in countable_pieces(cal, unit, day, suspensions):
            a = max(a, start)
            if a >= b:
                continue
            if b - a >= amount:
                return a + amount
            amount -= b - a
        day += ONE_DAY
    return None


def counted_between(cal, unit, start, end, suspensions):
    total, day = 0, cal.civil_date(start)
    while cal.midnight(day) < end:
        for a, b in countable_pieces(cal, unit, day, suspensions):
            total += max(0, min(b, end) - max(a, start))
        day += ONE_DAY
    return total


# ---------------------------------------------------------------- one limit

def in_hours(limit):
    return limit["unit"] in ("hour", "working_hour")


def length_of(cal, limit, extensions):
    """n: days, or milliseconds for the hour units, with the extensions in time."""
    extra = sum(e.data["days"] for e in extensions)
    if not in_hours(limit):
        return limit["days"] + extra
    base = limit["hours"] * HOUR if limit.get("hours") is not None else limit["minutes"] * 60_000
    return base + extra * (DAY if limit["unit"] == "hour" else cal.office_day_ms())


def last_day_of(cal, limit, clock, extensions):
    """The (rolled) last day of a limit in days, or None while the clock stands."""
    start = cal.civil_date(clock.start.time)
    day = nth_counted_day(cal, limit["unit"], start, length_of(cal, limit, extensions), clock.suspensions)
    if day is not None and limit["unit"] == "calendar_day" and limit.get("roll_forward", True):
        day = roll(cal, day, clock.suspensions)
    return day


def due_of(cal, limit, clock, extensions):
    if clock.carried is not None:
        return clock.carried
    if in_hours(limit):
        return instant_after(cal, limit["unit"], clock.start.time, length_of(cal, limit, extensions),
                             clock.suspensions)
    day = last_day_of(cal, limit, clock, extensions)
    return None if day is None else cal.end_of(day)


def stages_of(limit):
    """The stages as configured, or what is understood without them."""
    stages = list(limit.get("stages") or [])
    if not stages and limit.get("warn_days") is not None:
        stages.append({"before": limit["warn_days"], "light": "yellow"})
    if not any("late" in s for s in stages):
        stages.append({"late": 0, "light": "red"})
    return stages


def own_unit(limit):
    """The unit in which an hour limit and its stages are given, ms."""
    return HOUR if limit.get("hours") is not None else 60_000


def early_instant(cal, limit, clock, stage, due):
    """When a `before` or `used` stage is reached; None if the clock stands before it."""
    unit, susp, start = limit["unit"], clock.suspensions, clock.start.time
    first_day = cal.civil_date(start)
    if in_hours(limit):
        if clock.carried is not None:
            n = counted_between(cal, unit, start, due, susp)
        else:
            n = length_of(cal, limit, clock.extensions)
        if "used" in stage:
            return instant_after(cal, unit, start, int(Fraction(str(stage["used"])) * n), susp)
        before = stage["before"] * own_unit(limit)
        return start if before >= n else instant_after(cal, unit, start, n - before, susp)

    if clock.carried is not None:
        due_date = cal.civil_date(due - 1)
        if "before" in stage:
            day = due_date
            for _ in range(stage["before"]):
                day -= ONE_DAY
                while day > first_day and not is_counted(cal, unit, day, susp):
                    day -= ONE_DAY
            return cal.end_of(max(day, first_day))
        n, day = 0, first_day
        while day < due_date:
            day += ONE_DAY
            n += is_counted(cal, unit, day, susp)
    else:
        n = length_of(cal, limit, clock.extensions)
    nth = math.ceil(Fraction(str(stage["used"])) * n) if "used" in stage else max(0, n - stage["before"])
    day = nth_counted_day(cal, unit, first_day, nth, susp)
    return None if day is None else cal.end_of(day)


def late_instant(cal, limit, clock, stage, due):
    """When a `late` stage is reached."""
    if stage["late"] == 0:
        return due
    if in_hours(limit):
        return instant_after(cal, limit["unit"], due, stage["late"] * own_unit(limit), clock.suspensions)
    day = nth_counted_day(cal, limit["unit"], cal.civil_date(due - 1), stage["late"], clock.suspensions)
    return None if day is None else cal.end_of(day)


# ---------------------------------------------------------------- the clocks of a case

def suspensions_of(facts, step):
    """The suspensions of one scope: a step, or the whole case (None)."""
    intervals, since = [], None
    for fact in facts:
        if fact.type == "clock.suspended" and fact.get("step") == step and since is None:
            since = fact.time
        elif fact.type == "clock.resumed" and fact.get("step") == step and since is not None:
            intervals.append((since, fact.time))
            since = None
    if since is not None:
        intervals.append((since, None))
    return intervals


def carried_of(fact, limit):
    dues = fact.get("due", {})
    return parse_instant(dues[limit["id"]]) if dues.get(limit["id"]) is not None else None


def clocks_of(facts, visits, accepted, limit):
    """The clocks of one limit, extensions not yet applied."""
    scope, carried = limit["scope"], carried_of(accepted, limit)
    whole_case = suspensions_of(facts, None)
    if scope == "case":
        return [Clock(accepted, accepted, first(facts, "case.closed"), carried=carried, suspensions=whole_case)]
    if "from" in scope:
        starts = [f for f in of_type(facts, "step.started") if f.get("step") == scope["from"]]
        ends = [f for f in of_type(facts, "step.completed") if f.get("step") == scope["to"]]
        still_open = any(v.step == scope["to"] and v.end is None for v in visits)
        if not starts:
            return []
        end = ends[-1] if ends and not still_open else None
        return [Clock(starts[0], starts[0], end, carried=carried, suspensions=whole_case)]

    step = scope["step"]
    mine = [v for v in visits if v.step == step]
    suspensions = whole_case + suspensions_of(facts, step)
    accumulate = limit.get("visits") == "accumulate"
    if accumulate:
        for left, entered in zip(mine, mine[1:]):
            if left.end is not None and left.end.pos < entered.start.pos:
                suspensions = suspensions + [(left.end.time, entered.start.time)]
    clocks = []
    for visit in mine:
        own = visit.start.get("due")
        clocks.append(Clock(mine[0].start if accumulate else visit.start, visit.start, visit.end, step, visit.number,
                            carried if own is None else parse_instant(own), suspensions))
    return clocks


def apply_extensions(cal, facts, limit, clocks, withdrawn):
    """Gives each clock its extensions in time; returns the late ones."""
    late = []
    for extension in of_type(facts, "limit.extended"):
        if extension.get("scope") != limit["id"] or not clocks:
            continue
        started = [i for i, c in enumerate(clocks) if c.opened.pos < extension.pos]
        mine = started[-1] if started else 0
        if not runs(clocks[mine], withdrawn):
            continue
        due = due_of(cal, limit, clocks[mine], clocks[mine].extensions)
        if limit.get("open_ended") or due is None or extension.time < due:
            receivers = clocks[mine:] if limit.get("visits") == "accumulate" else [clocks[mine]]
            for clock in receivers:
                clock.extensions.append(extension)
        else:
            late.append(extension)
    return late


def runs(clock, withdrawn):
    return withdrawn is None or clock.opened.time <= withdrawn.time


def judge(cal, limit, clock, withdrawn, now):
    """The findings of one clock as dicts without case, item and point."""
    if not runs(clock, withdrawn):
        return []
    end = clock.own_end
    if withdrawn is not None and (end is None or withdrawn.time < end.time):
        end = withdrawn
    until = now if end is None else end.time
    due = due_of(cal, limit, clock, clock.extensions)
    if limit.get("open_ended") and (end is None or end is withdrawn):
        return []

    findings = []
    overdue = None
    late = [s for s in stages_of(limit) if "late" in s]
    if due is not None:
        reached = []
        for stage in late:
            instant = late_instant(cal, limit, clock, stage, due)
            if instant is not None and instant <= until:
                reached.append(stage["light"])
        if reached:
            overdue = {"code": "overdue", "light": max(reached, key=LIGHTS.index), "violated_at": due, "due": due,
                       "late_by_ms": None if end is None else end.time - due, "state": "raised",
                       "step": clock.step, "visit": clock.visit,
                       "events": [clock.opened] + ([] if end is None else [end])}
            findings.append(overdue)

    if not limit.get("open_ended"):
        early = []
        for stage in stages_of(limit):
            if "late" not in stage:
                instant = early_instant(cal, limit, clock, stage, due)
                if instant is not None and (due is None or instant < due):
                    early.append((instant, stage["light"]))
        reached = [light for instant, light in early if instant <= until]
        if reached:
            findings.append({"code": "due_soon", "light": max(reached, key=LIGHTS.index),
                             "violated_at": min(instant for instant, _ in early), "due": due,
                             "state": "cleared" if end is not None or overdue else "raised",
                             "step": clock.step, "visit": clock.visit, "events": [clock.opened]})
    return findings


def may_rest_on(facts, limit, clock):
    """Facts a finding of this clock may name besides the ones it must: whatever bears on the instant due."""
    scope = limit["scope"]
    step = scope.get("step") if isinstance(scope, dict) else None
    steps = set(scope.values()) if isinstance(scope, dict) else set()
    return [f for f in facts
            if f.type in ("case.accepted", "case.closed", "case.withdrawn")
            or f.type in ("clock.suspended", "clock.resumed") and f.get("step") in (None, step)
            or f.type == "limit.extended" and f.get("scope") == limit["id"]
            or f.type in ("step.started", "step.completed") and f.get("step") in steps
            or f.type == "step.returned" and f.get("from") in steps]
