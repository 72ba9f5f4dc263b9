"""Random catalogues: items with limits and points of every kind, calendars, office hours, an officer register."""
import csv
from datetime import date, timedelta

import yaml

STEPS = ["filing", "inquiry", "review", "decision", "execution"]
SOURCES = ["urn:cn-org:A:penalty", "urn:cn-org:B:licence", "urn:z"]
KINDS = ["video", "audio", "photo", "document"]
NEGATIVE = ["not_filed", "no_penalty", "dismissed"]
CIRCUMSTANCES = ["first_offence", "corrected_at_once", "repeat_offence", "large_sum"]


def days_off(first, count):
    return [date.fromisoformat(first) + timedelta(n) for n in range(count)]


def make_calendars(rng):
    """2025 and 2026: the real holidays of the turn of the year and 2026, and a few invented ones."""
    years = {2025: (days_off("2025-10-01", 8), [date(2025, 9, 28), date(2025, 10, 11)]),
             2026: (days_off("2026-01-01", 3) + days_off("2026-02-15", 9) + days_off("2026-04-04", 3)
                    + days_off("2026-05-01", 5) + days_off("2026-06-19", 3) + days_off("2026-09-25", 3)
                    + days_off("2026-10-01", 7),
                    [date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28), date(2026, 5, 9), date(2026, 9, 20),
                     date(2026, 10, 10)])}
    for year, (holidays, workdays) in years.items():
        for _ in range(rng.randint(0, 4)):
            day = date(year, 1, 1) + timedelta(rng.randint(0, 364))
            if day in holidays or day in workdays:
                continue
            (holidays if day.weekday() < 5 else workdays).append(day)
    return {year: {"year": year, "holidays": sorted(h), "workdays": sorted(w)} for year, (h, w) in years.items()}


def make_stages(rng, limit):
    """warn_days or stages; a limit in minutes gets no stage with an amount, whose unit the contract leaves open."""
    days = limit.get("days")
    if days is not None and rng.random() < 0.4:
        limit["warn_days"] = rng.choice([1, 1, 2, 3, days, days + 1])
        return
    if rng.random() < 0.45:
        return
    stages = []
    amount = days or limit.get("hours")
    if amount is not None and rng.random() < 0.6:
        before = rng.randint(1, max(1, amount // 2)) if days is None else rng.choice([1, 2, 3, amount + 1])
        stages.append({"before": before, "light": "yellow"})
    if rng.random() < 0.6:
        stages.append({"used": rng.choice([0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 1.0]),
                       "light": rng.choice(["yellow", "yellow", "red"])})
    late = rng.random() if amount is not None else 0.45
    if late < 0.4:
        stages.append({"late": 0, "light": "yellow"})
        stages.append({"late": rng.choice([1, 2, 3]), "light": "red"})
    elif late < 0.5:
        stages.append({"late": 0, "light": rng.choice(["yellow", "red"])})
    elif late < 0.6:
        stages.append({"late": rng.choice([1, 2]), "light": "red"})
    if stages:
        limit["stages"] = stages


def make_limit(rng, name, scope, simple):
    unit = "working_day" if simple else rng.choice(["working_day", "working_day", "calendar_day", "calendar_day",
                                                    "hour", "working_hour", "working_hour"])
    limit = {"id": name, "scope": scope}
    wide = not (isinstance(scope, dict) and "step" in scope)
    if unit.endswith("day"):
        limit["days"] = rng.randint(5, 25) if wide else rng.randint(1, 8)
    elif rng.random() < 0.35:
        limit["minutes"] = rng.choice([30, 90, 180, 210, 420, 1000])
    else:
        limit["hours"] = rng.choice([3, 7, 8, 24, 40]) if not wide else rng.choice([24, 72, 100])
    limit["unit"] = unit
    if simple:
        limit["warn_days"] = 1
        return limit
    if unit == "calendar_day" and rng.random() < 0.4:
        limit["roll_forward"] = rng.random() < 0.3
    if rng.random() < 0.3:
        limit["legal"] = rng.choice(["statutory", "promised"])
    if not wide and rng.random() < 0.5:
        limit["visits"] = rng.choice(["accumulate", "accumulate", "restart"])
    if rng.random() < 0.1:
        limit["open_ended"] = True
    else:
        make_stages(rng, limit)
    return limit


def make_item(rng, code, simple):
    names = STEPS[:rng.randint(3, 5)]
    steps = []
    for index, name in enumerate(names):
        onward = names[index + 1:index + 2]
        if index > 0 and rng.random() < 0.35:
            onward = onward + [rng.choice(names[:index])]
        steps.append({"id": name, "name": {"zh": "环节" + name}, "next": onward})

    scopes = ["case"] * (rng.random() < 0.8)
    first = rng.randrange(len(names) - 1)
    scopes += [{"from": names[first], "to": rng.choice(names[first + 1:])}] * (rng.random() < 0.8)
    scopes += [{"step": name} for name in names if rng.random() < 0.7]
    if not simple and rng.random() < 0.5:
        scopes.append({"step": rng.choice(names)})
    scopes = scopes or ["case"]
    limits = [make_limit(rng, f"l{n}", scope, simple) for n, scope in enumerate(scopes)]

    points = [{"kind": "time_limit", "limit": limit["id"]} for limit in limits if rng.random() < 0.9]
    for name in rng.sample(names, 2):
        point = {"kind": "officer_qualification", "step": name}
        if rng.random() < 0.5:
            point["min_officers"] = rng.choice([1, 2, 3])
        if rng.random() < 0.35:
            point["classes"] = rng.choice([["城市管理"], ["城市管理", "市场监管"]])
        if rng.random() < 0.35:
            point["in_area"] = rng.random() < 0.8
        points.append(point)
    points += [{"kind": "step_rollback", "step": name} for name in rng.sample(names[1:], 2)]
    for name in rng.sample(names, 2):
        points.append({"kind": "evidence", "step": name, "required": [
            {"kind": kind, "min": rng.choice([1, 1, 2])} for kind in rng.sample(KINDS[1:], rng.choice([1, 2]))]})
    deciding = names[-2]
    point = {"kind": "decision_basis", "step": deciding}
    if rng.random() < 0.8:
        point["negative"] = NEGATIVE
    if rng.random() < 0.8:
        point["required_fields"] = rng.choice([["reason"], ["opinion"], ["reason", "opinion", "hearing"]])
    points += [point, {"kind": "discretion", "step": deciding}]
    point = {"kind": "penalty_execution", "step": names[-1]}
    if rng.random() < 0.3:
        point["require_voucher"] = rng.random() < 0.3
    points.append(point)
    points = [{"id": f"p{n}", **point} for n, point in enumerate(points)]

    item = {"code": code, "name": {"zh": "事项" + code, "en": "Item " + code}, "category": "penalty",
            "legal_basis": [{"law": "城市市容和环境卫生管理条例", "article": "36"}],
            "steps": steps, "limits": limits, "points": points,
            "discretion": [{"id": "std-1", "tiers": [
                {"id": "light", "circumstances": CIRCUMSTANCES[:2], "fine_fen": {"min": 5000, "max": 20000}},
                {"id": "heavy", "circumstances": CIRCUMSTANCES[2:3], "fine_fen": {"min": 20001, "max": 100000}}]}]}
    if rng.random() < 0.7:
        item["max_entry_lag_hours"] = rng.choice([1, 24, 48])
    return item


def make_officers(rng, window):
    """Register rows: good ones, expired ones, later ones, ones without a certificate, several of one officer."""
    def near():
        return (window + timedelta(rng.randint(-2, 40))).isoformat()

    rows = [["g1", "甲", "A", "C1", "2020-01-01", "2030-12-31"], ["g2", "乙", "A", "C2", "", ""],
            ["g3", "丙", "A", "C3", "2020-01-01", ""], ["x1", "丁", "A", "C4", "2020-01-01", near()],
            ["n1", "戊", "A", "C5", near(), ""], ["w1", "己", "A", "", "2020-01-01", "2030-12-31"],
            ["w2", "庚", "A", "", near(), ""],
            ["m1", "辛", "A", "C6", "2020-01-01", near()], ["m1", "辛", "A", "C7", near(), "2030-12-31"]]
    # What the certificates of good officers are for; m1's two are for different things.
    areas = ["370000", "37", "3701", "济南市", "历下区", "370102、380000", "济南市/青岛市", "世界", "", "370000"]
    classes = ["城市管理", "城市管理、市场监管", "市场监管；卫生", "卫生", "", "城市管理"]
    for row in rows:
        row += [rng.choice(areas), rng.choice(classes)]
    rng.shuffle(rows)
    return rows


def make_orgs():
    """The department of all cases, and the governments whose regions have names."""
    return [{"id": "P", "name": "山东省人民政府", "region": "370000"},
            {"id": "C", "name": "济南市人民政府", "parent": "P", "region": "370100"},
            {"id": "D", "name": "历下区人民政府", "parent": "C", "region": "370102"},
            {"id": "A", "name": "济南市城市管理局", "parent": "C", "region": "370100", "sources": SOURCES}]


def put_on_trial(rng, item, window):
    """The item or some of its points are on trial, until an instant in or near the history."""
    for thing in [item, *item["points"]]:
        if rng.random() < (0.25 if thing is item else 0.08):
            thing["shadow_until"] = f"{window + timedelta(rng.randint(-2, 40))}T{rng.choice(['00:00', '12:30'])}:00+08:00"


def write_catalogue(rng, directory, window, simple):
    """Writes the files and returns the item templates."""
    for name in ("items", "calendar"):
        (directory / name).mkdir(parents=True, exist_ok=True)

    def dump(path, value):
        path.write_text(yaml.safe_dump(value, allow_unicode=True, sort_keys=False), encoding="utf-8")

    settings = {"time_zone": "Asia/Shanghai", "version": "2026.1"}
    settings["office_hours"] = rng.choice([[["09:00", "12:00"], ["13:30", "17:30"]],
                                           [["08:30", "12:00"], ["14:00", "18:00"]]])
    dump(directory / "catalogue.yaml", settings)
    dump(directory / "orgs.yaml", make_orgs())
    for year, content in make_calendars(rng).items():
        dump(directory / "calendar" / f"{year}.yaml", content)
    items = [make_item(rng, f"3701-CF-{n}", simple) for n in range(3)]
    bare = make_item(rng, "3701-XK-9", simple)
    bare["limits"], bare["points"] = [], [p for p in bare["points"] if p["kind"] != "time_limit"]
    for item in items + [bare]:
        put_on_trial(rng, item, window)
        dump(directory / "items" / (item["code"] + ".yaml"), item)
    with (directory / "officers.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow("officer_id name org certificate_no valid_from valid_to area class".split())
        writer.writerows(make_officers(rng, window))
    return items, bare
