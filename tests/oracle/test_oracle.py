"""Expectations worked out by hand.   python3 -m unittest discover -s tests/oracle"""
import json
import sys
import unittest
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import oracle
from catalogue import Catalogue
from workdays import WorkCalendar, parse_instant


def days(first, last):
    a, b = date.fromisoformat(first), date.fromisoformat(last)
    return [a + timedelta(n) for n in range((b - a).days + 1)]


HOLIDAYS = (days("2026-01-01", "2026-01-03") + days("2026-02-15", "2026-02-23") + days("2026-04-04", "2026-04-06")
            + days("2026-05-01", "2026-05-05") + days("2026-06-19", "2026-06-21")
            + days("2026-09-25", "2026-09-27") + days("2026-10-01", "2026-10-07"))
MAKE_UP = [date.fromisoformat("2026-" + d) for d in ("01-04", "02-14", "02-28", "05-09", "09-20", "10-10")]
CALENDAR = WorkCalendar(holidays=HOLIDAYS, workdays=MAKE_UP)
OFFICERS = {
    "a": [{"certificate_no": "1", "valid_from": "2026-01-01", "valid_to": "2026-03-10"}],
    "b": [{"certificate_no": "2", "valid_from": "", "valid_to": ""}],
    "c": [{"certificate_no": "3", "valid_from": "2026-03-11", "valid_to": ""}],
    "d": [{"certificate_no": "", "valid_from": "", "valid_to": ""}],
}


AREAS = {
    "city": [{"certificate_no": "1", "valid_from": "", "valid_to": "", "area": "济南市、380000", "class": "城市管理"}],
    "county": [{"certificate_no": "2", "valid_from": "", "valid_to": "", "area": "370102", "class": "城市管理/卫生"}],
    "blank": [{"certificate_no": "3", "valid_from": "", "valid_to": "", "area": " ", "class": ""}],
    "province": [{"certificate_no": "4", "valid_from": "", "valid_to": "", "area": "37", "class": "卫生"},
                 {"certificate_no": "5", "valid_from": "", "valid_to": "2026-03-01", "area": "37", "class": "城市管理"}],
}


class Story:
    """A case told event by event; times are Shanghai wall-clock texts."""

    def __init__(self, limits=(), points=(), **item):
        steps = [{"id": "s1", "next": ["s2"]}, {"id": "s2", "next": ["s3", "s1"]}, {"id": "s3", "next": []}]
        self.item = {"code": "i", "steps": steps, "limits": list(limits),
                     "points": [{"id": "t-" + l["id"], "kind": "time_limit", "limit": l["id"]} for l in limits]
                     + list(points), **item}
        self.lines = []

    def at(self, when, kind, **data):
        data = {k.rstrip("_"): v for k, v in data.items()}
        self.lines.append(json.dumps({
            "specversion": "1.0", "id": f"e{len(self.lines) + 1}", "source": "urn:x", "type": kind, "subject": "c",
            "time": when.replace(" ", "T") + "+08:00", "data": data}))
        return self

    def accept(self, when, **data):
        return self.at(when, "case.accepted", item="i", org="o", **data)

    def findings(self, until):
        reference = Catalogue({"i": self.item}, CALENDAR, OFFICERS | AREAS, {"济南市": ["370100"]})
        return oracle.run(reference, self.lines, parse_instant(until.replace(" ", "T") + "+08:00"))

    def short(self, until, *members):
        return [tuple(f[m][:23].replace("T", " ") if m in ("due", "violated_at") and f[m] else f[m] for m in members)
                for f in self.findings(until) if f["code"] != "not_supervised"]


def limit(**more):
    return {"id": "l", "scope": "case", "unit": "working_day", **more}


class Clocks(unittest.TestCase):
    def due(self, story, until="2027-06-01 00:00:00"):
        return [f["due"][:19] for f in story.findings(until) if f["code"] == "overdue"]

    def test_twenty_working_days_over_the_spring_festival(self):
        # 02-14 (make-up) 1; 02-24..27 5; 02-28 (make-up) 6; 03-02..06 11; 03-09..13 16; 03-16..19 20
        story = Story([limit(days=20)]).accept("2026-02-13 10:00:00")
        self.assertEqual(self.due(story), ["2026-03-20T00:00:00"])  # the end of 03-19

    def test_one_millisecond_decides(self):
        for end, late in (("2026-03-19 23:59:59.999", []), ("2026-03-20 00:00:00", [("overdue", 0)])):
            story = Story([limit(days=20)]).accept("2026-02-13 10:00:00").at(end, "case.closed")
            self.assertEqual(story.short("2026-06-01 00:00:00", "code", "late_by_ms"), late)

    def test_calendar_days_roll_over_a_holiday(self):
        # 10 days after 02-10 is 02-20, in the festival; the next working day is Tuesday 02-24
        for roll, due in ((True, "2026-02-25T00:00:00"), (False, "2026-02-21T00:00:00")):
            story = Story([limit(days=10, unit="calendar_day", roll_forward=roll)]).accept("2026-02-10 10:00:00")
            self.assertEqual(self.due(story), [due])

    def test_make_up_saturday_does_not_roll(self):
        story = Story([limit(days=4, unit="calendar_day")]).accept("2026-02-10 10:00:00")
        self.assertEqual(self.due(story), ["2026-02-15T00:00:00"])

    def test_suspension_in_working_days(self):
        # from Monday 03-02: 03-03 is 1; 03-04..06 fall out; 03-09, 03-10 are 2 and 3
        story = Story([limit(days=3)]).accept("2026-03-02 10:00:00")
        story.at("2026-03-03 18:00:00", "clock.suspended", reason="r").at("2026-03-06 09:00:00", "clock.resumed")
        self.assertEqual(self.due(story), ["2026-03-11T00:00:00"])

    def test_while_suspended_nothing_is_due(self):
        story = Story([limit(days=3, warn_days=2)]).accept("2026-03-02 10:00:00")
        story.at("2026-03-03 18:00:00", "clock.suspended", reason="r")
        self.assertEqual(story.short("2026-06-01 00:00:00", "code", "state", "violated_at", "due"),
                         [("due_soon", "raised", "2026-03-04 00:00:00.000", None)])

    def test_working_hours(self):
        # Friday 16:00: 1.5 h to 17:30, Monday 09:00-12:00 makes 4.5 h, 13:30 + 0.5 h; 4.5 h itself is due at 12:00
        for amount, due in (({"hours": 5}, "2026-03-09T14:00:00"), ({"minutes": 270}, "2026-03-09T12:00:00")):
            story = Story([limit(unit="working_hour", **amount)]).accept("2026-03-06 16:00:00")
            self.assertEqual(self.due(story), [due])

    def test_hours_without_the_suspended_time(self):
        story = Story([limit(unit="hour", hours=24)]).accept("2026-03-06 16:00:00")
        story.at("2026-03-06 18:00:00", "clock.suspended", reason="r").at("2026-03-06 18:30:00", "clock.resumed")
        self.assertEqual(self.due(story), ["2026-03-07T16:30:00"])

    def test_extension_in_time_and_late(self):
        # 2 working days from Monday 03-02 are due on 03-05 00:00; +2 makes 03-07 00:00
        for when, due, code in (("2026-03-04 23:59:59.999", "2026-03-07T00:00:00", []),
                                ("2026-03-05 00:00:00", "2026-03-05T00:00:00", ["late_extension"])):
            story = Story([limit(days=2)]).accept("2026-03-02 10:00:00")
            story.at(when, "limit.extended", scope="l", days=2)
            self.assertEqual(self.due(story), [due])
            self.assertEqual([f["code"] for f in story.findings(when) if f["kind"] == "data_quality"], code)

    def test_accumulate_and_restart(self):
        # visit 1: 03-02 to 03-04 (2 days counted); visit 2 from 03-09: 03-10 is the third day, or the first
        for visits, due in (("accumulate", "2026-03-11T00:00:00"), ("restart", "2026-03-13T00:00:00")):
            story = Story([limit(scope={"step": "s1"}, days=3, visits=visits)]).accept("2026-03-02 09:00:00")
            story.at("2026-03-02 10:00:00", "step.started", step="s1")
            story.at("2026-03-04 10:00:00", "step.completed", step="s1")
            story.at("2026-03-09 10:00:00", "step.started", step="s1")
            self.assertEqual(self.due(story), [due])

    def test_stages_rise(self):
        # due 03-05 00:00, the second counted day after 03-04 is 03-06
        stages = [{"before": 1, "light": "yellow"}, {"late": 0, "light": "yellow"}, {"late": 2, "light": "red"}]
        story = Story([limit(days=2, stages=stages)]).accept("2026-03-02 10:00:00")
        wanted = {"2026-03-04 00:00:00": [("due_soon", "yellow", "raised")],
                  "2026-03-05 00:00:00": [("due_soon", "yellow", "cleared"), ("overdue", "yellow", "raised")],
                  "2026-03-07 00:00:00": [("due_soon", "yellow", "cleared"), ("overdue", "red", "raised")]}
        for until, expected in wanted.items():
            self.assertEqual(story.short(until, "code", "light", "state"), expected)

    def test_used_is_rounded_up_to_a_day(self):
        # 0.8 of 3 days is 2.4, so the end of the third day, which is due itself: not raised; 0.6 is the second day
        for used, expected in ((0.8, []), (0.6, ["2026-03-05 00:00:00.000"])):
            story = Story([limit(days=3, stages=[{"used": used, "light": "yellow"}])]).accept("2026-03-02 10:00:00")
            self.assertEqual([v for v, c in story.short("2026-03-05 12:00:00", "violated_at", "code")], expected)

    def test_carried_due(self):
        # carried: Tuesday 03-10 15:00; one working day before is the end of Monday 03-09
        story = Story([limit(days=30, warn_days=1)])
        story.accept("2026-03-02 10:00:00", due={"l": "2026-03-10T15:00:00+08:00"})
        self.assertEqual(story.short("2026-03-10 15:00:00", "code", "violated_at"),
                         [("due_soon", "2026-03-10 00:00:00.000"), ("overdue", "2026-03-10 15:00:00.000")])


class Others(unittest.TestCase):
    def test_trials(self):
        # s1 is left at 10:30 and at 11:30 of 03-03, each time without a photo
        def shadows(**item):
            point = {"id": "p", "kind": "evidence", "step": "s1", "required": [{"kind": "photo"}], **item.pop("p", {})}
            story = Story(points=[point], **item).accept("2026-03-02 10:00:00")
            for hour in ("10", "11"):
                story.at(f"2026-03-03 {hour}:00:00", "step.started", step="s1")
                story.at(f"2026-03-03 {hour}:30:00", "step.completed", step="s1")
            return story.short("2026-04-01 00:00:00", "violated_at", "shadow")

        early, late = "2026-03-03 10:30:00.000", "2026-03-03 11:30:00.000"
        self.assertEqual(shadows(), [(early, False), (late, False)])
        for trial in ({"shadow_until": "2026-03-03T11:30:00+08:00"}, {"p": {"shadow_until": "2026-03-03T11:30:00+08:00"}}):
            self.assertEqual(shadows(**trial), [(early, True), (late, False)])

    def test_officers(self):
        story = Story(points=[{"id": "p", "kind": "officer_qualification", "step": "s1"}])
        story.accept("2026-03-02 10:00:00").at("2026-03-02 10:00:00", "step.started", step="s1", officers=["a", "c"])
        story.at("2026-03-03 10:00:00", "officers.authorized", step="s1", officers=["b", "d", "x"])
        story.at("2026-03-10 23:59:59", "step.completed", step="s1")
        self.assertEqual(sorted(f["detail"] for f in story.findings("2026-04-01 00:00:00") if "detail" in f),
                         ["not_registered", "not_registered", "not_yet_valid"])  # d's row has no certificate
        story.lines[-1] = story.lines[-1].replace("03-10T23:59:59", "03-11T00:00:00")  # a has expired, c begins
        self.assertEqual(sorted(f["detail"] for f in story.findings("2026-04-01 00:00:00") if "detail" in f),
                         ["expired", "not_registered", "not_registered"])

    def test_area_and_class(self):
        def details(region=None, **point):
            story = Story(points=[{"id": "p", "kind": "officer_qualification", "step": "s1", **point}])
            story.accept("2026-03-02 10:00:00", **({"region": region} if region else {}))
            story.at("2026-03-02 10:00:00", "step.started", step="s1", officers=["city", "county", "blank", "province"])
            story.at("2026-03-02 11:00:00", "step.completed", step="s1")
            return [f["detail"] for f in story.findings("2026-04-01 00:00:00") if "detail" in f]    # by name

        self.assertEqual(details("370101"), [])
        self.assertEqual(details("370101", classes=["城市管理"]), ["other_class"] * 2)       # blank, province
        self.assertEqual(details("370101", classes=["卫生", "城市管理"]), ["other_class"])    # blank
        self.assertEqual(details("370101", in_area=True), ["other_area"] * 2)                # blank, county
        self.assertEqual(details("370102", in_area=True), ["other_area"])                    # blank
        self.assertEqual(details("380000", in_area=True), ["other_area"] * 3)                # all but the city's
        self.assertEqual(details(None, in_area=True), [])                                    # nowhere: any area
        self.assertEqual(sorted(details("380000", in_area=True, classes=["城市管理"])),
                         ["other_area", "other_class", "other_class"])

    def test_rollbacks(self):
        story = Story(points=[{"id": "p", "kind": "step_rollback", "step": "s3"},
                              {"id": "q", "kind": "step_rollback", "step": "s2"}])
        story.accept("2026-03-02 10:00:00")
        story.at("2026-03-03 10:00:00", "step.returned", from_="s2", to="s1")       # designed
        story.at("2026-03-04 10:00:00", "step.started", step="s3")
        story.at("2026-03-05 10:00:00", "step.returned", from_="s3", to="s1")
        story.at("2026-03-06 10:00:00", "step.returned", from_="s3", to="s2")
        story.at("2026-03-07 10:00:00", "step.started", step="s3")
        story.at("2026-03-08 10:00:00", "step.completed", step="s3")
        story.at("2026-03-09 10:00:00", "step.started", step="s1")
        self.assertEqual(story.short("2026-04-01 00:00:00", "point", "code", "visit"),
                         [("p", "rollback", 1), ("p", "repeated_rollback", 1), ("p", "rollback", 1),
                          ("p", "implicit_rollback", 2)])

    def test_evidence(self):
        story = Story(points=[{"id": "p", "kind": "evidence", "step": "s1",
                               "required": [{"kind": "photo", "min": 1}, {"kind": "video", "min": 1}]}])
        story.accept("2026-03-02 10:00:00").at("2026-03-02 10:00:00", "step.started", step="s1")
        story.at("2026-03-02 11:00:00", "evidence.uploaded", step="s1", evidence=[{"id": "a", "kind": "photo"}])
        story.at("2026-03-03 10:00:00", "step.completed", step="s1")
        story.at("2026-03-04 10:00:00", "evidence.removed", step="s1", ids=["a", "b"])
        self.assertEqual(story.short("2026-04-01 00:00:00", "code", "visit"),
                         [("evidence_missing", 1), ("unknown_evidence", None), ("evidence_reduced", 1)])

    def test_execution(self):
        story = Story(points=[{"id": "p", "kind": "penalty_execution", "step": "s3"}])
        story.accept("2026-03-02 10:00:00").at("2026-03-03 10:00:00", "decision.made", step="s2", decision="d",
                                               fine_fen=100)
        story.at("2026-03-04 10:00:00", "penalty.executed", fine_fen=60, vouchers=[{"id": "v"}])
        story.at("2026-03-05 10:00:00", "charge.added", amount_fen=10)
        story.at("2026-03-06 10:00:00", "penalty.executed", fine_fen=51)
        story.at("2026-03-07 10:00:00", "charge.added", amount_fen=2)
        story.at("2026-03-08 10:00:00", "case.closed")
        self.assertEqual(story.short("2026-04-01 00:00:00", "code"),
                         [("no_voucher",), ("over_executed",), ("under_executed",)])

    def test_the_last_decision_stands_alone(self):
        item = {"discretion": [{"id": "d", "tiers": [
            {"id": "t", "circumstances": ["x"], "fine_fen": {"min": 10, "max": 20}}]}]}
        story = Story(points=[{"id": "p", "kind": "discretion", "step": "s2"},
                              {"id": "q", "kind": "decision_basis", "step": "s2", "negative": ["no"],
                               "required_fields": ["reason"]}], **item)
        story.accept("2026-03-02 10:00:00")
        story.at("2026-03-03 10:00:00", "decision.made", step="s2", decision="no", fine_fen=15)
        story.at("2026-03-04 10:00:00", "decision.made", step="s2", decision="yes", fine_fen=21, reason="  ",
                 basis=[{"law": "law"}], discretion={"standard": "d", "tier": "t", "circumstances": ["y"]})
        self.assertEqual(story.short("2026-04-01 00:00:00", "code"),
                         [("out_of_tier",), ("tier_mismatch",), ("blank_field",)])

    def test_order_and_duplicates_do_not_matter(self):
        story = Story([limit(days=2)]).accept("2026-03-02 10:00:00").at("2026-03-09 10:00:00", "case.closed")
        once = story.findings("2026-04-01 00:00:00")
        story.lines = story.lines[::-1] + story.lines + ["{broken"]
        self.assertEqual(story.findings("2026-04-01 00:00:00"), once)


if __name__ == "__main__":
    unittest.main()
