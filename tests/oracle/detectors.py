"""All detectors but the clocks (contract 3, readings 20 to 25).

Each finding names the facts it must rest on (`events`) and those it may name besides (`may`).
"""
import re

from facts import first, last_visit_before, of_type, steps_named
from workdays import parse_date

HOUR = 3_600_000


def finding(code, light, violated_at, events, step=None, visit=None, may=(), **more):
    return {"code": code, "light": light, "violated_at": violated_at, "due": None, "late_by_ms": None,
            "state": "raised", "step": step, "visit": visit, "events": list(events), "may": list(may), **more}


def is_blank(text):
    return text is None or text.strip() == ""


# ---------------------------------------------------------------- officers

def holds(row, day):
    """Is this register row a certificate valid on that civil date?"""
    begins, ends = row["valid_from"], row["valid_to"]
    return (is_blank(begins) or parse_date(begins) <= day) and (is_blank(ends) or day <= parse_date(ends))


def names_in(cell):
    """The names that a cell of the register lists."""
    return [name.strip() for name in re.split("[、，,;；/]", cell or "") if not is_blank(name)]


def is_of_class(row, classes):
    return any(name in classes for name in names_in(row.get("class")))


def is_of_area(row, region, regions):
    """Does an area of this row contain the region? An area is a code of GB/T 2260, or the name of a region."""
    for code in [code for name in names_in(row.get("area")) for code in regions.get(name, [name])]:
        if not (code.isascii() and code.isdigit() and len(code) in (2, 4, 6)):
            continue
        while code.endswith("00"):
            code = code[:-2]
        if code and region.startswith(code):
            return True
    return False


def why_unqualified(rows, day, classes, region, regions):
    """None for a qualified officer, else the detail. Rows without a certificate are none."""
    rows = [row for row in rows if not is_blank(row["certificate_no"])]
    if not rows:
        return "not_registered"
    valid = [row for row in rows if holds(row, day)]
    if not valid:
        later = all(not is_blank(row["valid_from"]) and parse_date(row["valid_from"]) > day for row in rows)
        return "not_yet_valid" if later else "expired"
    fitting = [row for row in valid if not classes or is_of_class(row, classes)]
    if not fitting:
        return "other_class"
    if region is not None and not any(is_of_area(row, region, regions) for row in fitting):
        return "other_area"
    return None


def officer_qualification(case, point):
    found = []
    region = case.accepted.get("region") if point.get("in_area") else None
    region = None if is_blank(region) else region
    for visit in case.visits:
        if visit.step != point["step"] or not visit.completed():
            continue
        sources = [visit.start, visit.end]
        sources += [f for f in of_type(case.facts, "officers.authorized")
                    if f.get("step") == visit.step and f.pos < visit.end.pos]
        officers = {officer for f in sources for officer in f.get("officers", [])}
        day = case.calendar.civil_date(visit.end.time)
        details = {o: why_unqualified(case.officers.get(o, []), day, point.get("classes"), region, case.regions)
                   for o in officers}
        qualified = [o for o in officers if details[o] is None]
        at, where = visit.end.time, {"step": visit.step, "visit": visit.number, "may": sources}
        if len(qualified) < point.get("min_officers", 2):
            found.append(finding("too_few_officers", "red", at, [visit.end], **where))
        for officer in sorted(officers):
            if details[officer] is not None:
                found.append(finding("unqualified_officer", "red", at, [visit.end], detail=details[officer], **where))
    return found


# ---------------------------------------------------------------- rollback

def step_rollback(case, point):
    found = []
    step = point["step"]
    order = [s["id"] for s in case.item["steps"]]
    onward = next(s for s in case.item["steps"] if s["id"] == step).get("next") or []

    returns = [f for f in of_type(case.facts, "step.returned")
               if f.get("from") == step and f.get("to") not in onward]
    for index, fact in enumerate(returns):
        visit = last_visit_before(case.visits, step, fact)
        found.append(finding("rollback", "yellow", fact.time, [fact], step, visit))
        if index > 0:
            found.append(finding("repeated_rollback", "red", fact.time, [fact], step, visit, may=returns[:index]))

    for start in of_type(case.facts, "step.started"):
        entered = start.get("step")
        if entered not in order or order.index(entered) >= order.index(step) or entered in onward:
            continue
        completions = [f for f in of_type(case.facts, "step.completed") if f.pos < start.pos]
        if not completions or completions[-1].get("step") != step:
            continue
        completion = completions[-1]
        if any(f.type == "step.returned" and completion.pos < f.pos < start.pos for f in case.facts):
            continue
        ended = [v.number for v in case.visits if v.end is completion]
        found.append(finding("implicit_rollback", "yellow", start.time, [start], step, max(ended, default=None),
                             may=[completion]))
    return found


# ---------------------------------------------------------------- evidence

def evidence_standing(case, step, before):
    """{evidence id: kind} of what stands in a step just before a fact."""
    standing = {}
    for fact in case.facts:
        if fact.pos >= before.pos or fact.get("step") != step:
            continue
        if fact.type == "evidence.uploaded":
            for piece in fact.data["evidence"]:
                standing[piece["id"]] = piece["kind"]
        elif fact.type == "evidence.removed":
            for name in fact.data["ids"]:
                standing.pop(name, None)
    return standing


def evidence(case, point):
    found = []
    step = point["step"]
    about = [f for f in case.facts
             if f.type in ("evidence.uploaded", "evidence.removed", "step.started", "step.completed")
             and f.get("step") == step]
    done = [v for v in case.visits if v.step == step and v.completed()]
    for required in point["required"]:
        kind, least = required["kind"], required.get("min", 1)
        for visit in done:
            if list(evidence_standing(case, step, visit.end).values()).count(kind) < least:
                found.append(finding("evidence_missing", "red", visit.end.time, [visit.end], step, visit.number,
                                     may=about))
        for removal in of_type(case.facts, "evidence.removed"):
            completed = [v for v in done if v.end.pos < removal.pos]
            if removal.get("step") != step or not completed:
                continue
            standing = evidence_standing(case, step, removal)
            left = {name: k for name, k in standing.items() if name not in removal.data["ids"]}
            had, has = list(standing.values()).count(kind), list(left.values()).count(kind)
            if has < had and has < least:
                found.append(finding("evidence_reduced", "red", removal.time, [removal], step,
                                     max(v.number for v in completed), may=about))
    return found


# ---------------------------------------------------------------- decisions

def standing_decision(case, point):
    """The decision that stands, where it is of the point's step, with its visit."""
    decisions = of_type(case.facts, "decision.made")
    if not decisions or decisions[-1].get("step") != point["step"]:
        return None, None
    return decisions[-1], last_visit_before(case.visits, point["step"], decisions[-1])


def decision_basis(case, point):
    decision, visit = standing_decision(case, point)
    if decision is None:
        return []
    found, step = [], point["step"]
    completions = [f for f in of_type(case.facts, "step.completed") if f.get("step") == step]
    if not any(not is_blank(basis.get("law")) for basis in decision.get("basis", [])):
        found.append(finding("no_basis", "red", decision.time, [decision], step, visit))
    for name in point.get("required_fields") or []:
        if name == "reason":
            missing = is_blank(decision.get("reason"))
        else:
            carrying = [f for f in completions if name in f.get("fields", {})]
            missing = bool(completions) and (not carrying or is_blank(carrying[-1].data["fields"][name]))
        if missing:
            found.append(finding("blank_field", "red", decision.time, [decision], step, visit, may=completions))
    if decision.get("decision") in (point.get("negative") or []):
        found.append(finding("negative_decision", "yellow", decision.time, [decision], step, visit))
    return found


def discretion(case, point):
    decision, visit = standing_decision(case, point)
    if decision is None:
        return []
    found, step = [], point["step"]
    claimed, fine = decision.get("discretion", {}), decision.get("fine_fen")
    tier = None
    for standard in case.item.get("discretion") or []:
        for candidate in standard["tiers"]:
            if (standard["id"], candidate["id"]) == (claimed.get("standard"), claimed.get("tier")):
                tier = candidate
    if tier is None:
        if fine is not None and fine > 0:
            found.append(finding("unknown_tier", "red", decision.time, [decision], step, visit))
        return found
    range_ = tier.get("fine_fen") or {}
    if fine is not None and not range_.get("min", 0) <= fine <= range_.get("max", fine):
        found.append(finding("out_of_tier", "red", decision.time, [decision], step, visit))
    listed = tier.get("circumstances") or []
    if listed and not set(listed) & set(claimed.get("circumstances") or []):
        found.append(finding("tier_mismatch", "red", decision.time, [decision], step, visit))
    return found


# ---------------------------------------------------------------- execution

def owed_before(case, fact):
    decisions = [f for f in of_type(case.facts, "decision.made") if f.pos < fact.pos]
    charges = [f for f in of_type(case.facts, "charge.added") if f.pos < fact.pos]
    fine = decisions[-1].get("fine_fen", 0) if decisions else 0
    return fine + sum(f.data["amount_fen"] for f in charges)


def penalty_execution(case, point):
    found = []
    money = [f for f in case.facts if f.type in ("decision.made", "charge.added", "penalty.executed")]
    executed, passed = 0, False
    for execution in of_type(case.facts, "penalty.executed"):
        if point.get("require_voucher", True) and not execution.get("vouchers", []):
            found.append(finding("no_voucher", "red", execution.time, [execution]))
        if not any(f.type == "decision.made" and f.pos < execution.pos and f.get("fine_fen", 0) > 0 for f in money):
            found.append(finding("executed_undecided", "red", execution.time, [execution], may=money))
        executed += execution.data["fine_fen"]
        if executed > owed_before(case, execution) and not passed:
            passed = True
            found.append(finding("over_executed", "red", execution.time, [execution], may=money))
    close = first(case.facts, "case.closed")
    if close is not None:
        paid = sum(f.data["fine_fen"] for f in of_type(case.facts, "penalty.executed") if f.pos < close.pos)
        if paid < owed_before(case, close):
            found.append(finding("under_executed", "red", close.time, [close], may=money))
    return found


# ---------------------------------------------------------------- data quality

def data_quality(case, late_extensions):
    """`late_extensions`: the facts the clocks found late."""
    shown = {}      # (code, unknown name or None) -> the facts that show it, in canonical order

    def show(code, fact, name=None):
        shown.setdefault((code, name), []).append(fact)

    close = first(case.facts, "case.closed")
    ends = [v.end for v in case.visits]
    uploaded = set()
    if case.item is None:
        show("unknown_item", case.accepted)
    elif not case.item.get("limits"):
        show("not_supervised", case.accepted)
    known_steps = [] if case.item is None else [s["id"] for s in case.item["steps"]]
    lag = None if case.item is None else case.item.get("max_entry_lag_hours")
    for fact in case.facts:
        if case.item is not None:
            for name in sorted(set(steps_named(fact))):
                if name not in known_steps:
                    show("unknown_step", fact, name)
        if close is not None and fact.time > close.time:
            show("after_close", fact)
        if fact in late_extensions:
            show("late_extension", fact)
        if fact.type == "step.completed" and fact not in ends:
            show("missing_start", fact)
        if lag is not None and fact.recorded is not None and fact.recorded - fact.time > lag * HOUR:
            show("entry_lag", fact)
        if fact.type == "evidence.uploaded":
            uploaded |= {(fact.get("step"), piece["id"]) for piece in fact.data["evidence"]}
        if fact.type == "evidence.removed":
            for name in sorted(set(fact.data["ids"])):
                if (fact.get("step"), name) not in uploaded:
                    show("unknown_evidence", fact, name)

    found = []
    for (code, name), facts in shown.items():
        step = None
        if code == "unknown_step":
            step = name
        elif code == "missing_start":
            step = facts[0].get("step")
        found.append(finding(code, "yellow", facts[0].time, facts[:1], step, may=facts))
    return found


DETECTORS = {
    "officer_qualification": officer_qualification,
    "step_rollback": step_rollback,
    "evidence": evidence,
    "decision_basis": decision_basis,
    "discretion": discretion,
    "penalty_execution": penalty_execution,
}
