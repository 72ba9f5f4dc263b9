"""One random case: a flow through the steps of an item, with whatever may go wrong in it."""
import clocks
from facts import Fact
from random_catalogue import CIRCUMSTANCES, KINDS, NEGATIVE, SOURCES

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


class Writer:
    """Writes the events of one case; `t` is the instant the story has come to."""

    def __init__(self, rng, cal, case, item, t, simple):
        self.rng, self.cal, self.case, self.item, self.t, self.simple = rng, cal, case, item, t, simple
        self.events = []
        self.names = [s["id"] for s in item["steps"]]
        self.pieces = {}        # evidence id -> (step, instant) of an upload
        self.sent_back = None

    def chance(self, p):
        return self.rng.random() < p

    def rarely(self, p):
        return not self.simple and self.chance(p)

    def at(self, t, kind, **data):
        rng = self.rng
        record = {"specversion": "1.0", "id": f"{rng.choice('abz')}{len(self.events)}-{self.case}",
                  "source": rng.choice(SOURCES), "type": kind, "subject": self.case, "time": t,
                  "data": {k.rstrip("_"): v for k, v in data.items()}}
        if self.chance(0.3):
            lag = rng.choice([0, 5 * MINUTE, HOUR, HOUR + 1, 24 * HOUR, 24 * HOUR + 1, 48 * HOUR, 60 * HOUR])
            record["recordedtime"] = t + lag
        if self.events and self.chance(0.03):       # an id is unique within its source only
            other = rng.choice(self.events)
            if other["source"] != record["source"]:
                record["id"] = other["id"]
        if any((e["source"], e["id"]) == (record["source"], record["id"]) for e in self.events):
            record["id"] += "x" + str(len(self.events))
        self.events.append(record)

    def nice(self, t):
        """Often moves an instant to one that matters on its civil date."""
        if self.chance(0.4):
            return t
        day = self.cal.civil_date(t)
        minutes = self.rng.choice([0, 0, 0, 24 * 60, 9 * 60, 12 * 60, 13 * 60 + 30, 17 * 60 + 30, 12 * 60 + 45])
        return self.cal.instant(day, minutes) + self.rng.choice([0, 0, 0, 1, -1])

    def pass_time(self, most=2 * DAY):
        if self.chance(0.25):
            return      # several events at one instant
        self.t = max(self.t, self.nice(self.t + self.rng.randint(0, most)))

    def officers(self):
        pool = ["g1", "g2", "g3"] * 3 + ["x1", "n1", "w1", "w2", "m1", "ghost"]
        return self.rng.sample(pool, self.rng.choice([0, 1, 2, 2, 3]))

    def due_near(self, start, limit):
        """Due of a limit that starts at `start`, with nothing that moves it."""
        fact = Fact("", "", "step.started", "", start, None, {})
        return clocks.due_of(self.cal, limit, clocks.Clock(fact, fact, None), [])

    def end_of_step(self, step, start):
        """An end for the step, near a due instant of it as often as not."""
        scopes = ("case", {"step": step})
        near = [limit for limit in self.item["limits"] if limit["scope"] in scopes
                or isinstance(limit["scope"], dict) and step in limit["scope"].values()]
        if near and self.chance(0.5):
            due = self.due_near(start, self.rng.choice(near))
            shift = self.rng.choice([-DAY, -HOUR, -1, -1, 0, 0, 1, HOUR, DAY, 3 * DAY])
            return max(start, due + shift)
        return max(start, self.nice(start + self.rng.randint(0, 9 * DAY)))

    def carried(self, start):
        return self.nice(start + self.rng.randint(3 * DAY, 14 * DAY))

    def upload(self, t, step):
        evidence = []
        for _ in range(self.rng.randint(1, 3)):
            mine = [name for name, (where, _) in self.pieces.items() if where == step]
            name = self.rng.choice(mine) if mine and self.chance(0.2) else f"ev{len(self.pieces) + 1}"
            self.pieces[name] = (step, min(t, self.pieces.get(name, (step, t))[1]))
            evidence.append({"id": name, "kind": self.rng.choice(KINDS + KINDS[2:]), "name": "证据"})
        self.at(t, "evidence.uploaded", step=step, evidence=evidence)

    def remove(self, t, step):
        ids = [name for name, (where, when) in self.pieces.items() if where == step and when <= t and self.chance(0.5)]
        if self.rarely(0.1):
            ids.append(self.rng.choice(["ghost-1", "ghost-2"]))
        if self.rarely(0.03) and self.pieces:
            ids.append(self.rng.choice(list(self.pieces)))      # perhaps of another step, or not yet uploaded
        if ids:
            self.at(t, "evidence.removed", step=step, ids=ids, reason="r")

    def decide(self, t, step):
        rng = self.rng
        data = {"step": step, "decision": rng.choice(["penalty", "penalty", "penalty"] + NEGATIVE)}
        law = rng.choice([None, "absent", "  ", "", "条例", "条例", "条例"])
        if law is not None:
            data["basis"] = [] if law == "absent" else [{"law": law, "article": "3"}]
        reason = rng.choice([None, "", " \t", "some", "some"])
        if reason is not None:
            data["reason"] = reason
        fine = rng.choice([None, 0, 4999, 5000, 20000, 20001, 100000, 100001])
        if fine is not None:
            data["fine_fen"] = fine
        if self.chance(0.8):
            data["discretion"] = {"standard": rng.choice(["std-1", "std-1", "std-1", "std-1", "std-9"]),
                                  "tier": rng.choice(["light", "heavy", "light", "heavy", "huge"])}
            if self.chance(0.2):
                del data["discretion"][rng.choice(["standard", "tier"])]
            if self.chance(0.8):
                data["discretion"]["circumstances"] = rng.sample(CIRCUMSTANCES, rng.randint(0, 2))
        self.at(t, "decision.made", **data)

    def execute(self, t):
        fines = [e["data"].get("fine_fen") or 0 for e in self.events if e["type"] == "decision.made"] or [0]
        data = {"fine_fen": self.rng.choice([fines[-1], fines[-1], fines[-1] // 2, fines[-1] + 1, 300, 0])}
        vouchers = self.rng.choice([None, [], [{"id": "v1"}], [{"id": "v1"}, {"id": "v2"}]])
        if vouchers is not None:
            data["vouchers"] = vouchers
        self.at(t, "penalty.executed", **data)

    def suspend(self, t, step, until):
        where = {} if self.chance(0.5) else {"step": step}
        self.at(t, "clock.suspended", reason="鉴定", **where)
        if self.chance(0.25):       # another inside it, of the same scope or another one
            inner = {} if self.chance(0.5) else {"step": step}
            self.at(self.nice(t + HOUR), "clock.suspended", reason="again", **inner)
            self.at(max(t + HOUR, self.nice(t + 2 * DAY)), "clock.resumed", **inner)
        if self.chance(0.85):
            self.at(max(t, self.nice(until)), "clock.resumed", **where)

    def extend(self, t):
        scopes = [limit["id"] for limit in self.item["limits"]] * 4 + ["nowhere"]
        self.at(t, "limit.extended", scope=self.rng.choice(scopes), days=self.rng.randint(1, 4))

    def visit(self, step):
        """One visit of a step, and perhaps what comes after it; returns the next step or None."""
        rng, start = self.rng, self.t
        if not self.rarely(0.06):
            data = {"step": step, "officers": self.officers()}
            if self.rarely(0.08):
                data["due"] = self.carried(start)
            self.at(start, "step.started", **data)
        end = self.end_of_step(step, start)
        inside = lambda: rng.choice([start, end, rng.randint(start, end), rng.randint(start, end)])
        if self.rarely(0.04):
            self.at(inside(), "step.started", step=step)
        if self.chance(0.4):
            self.at(inside(), "officers.authorized", step=step, officers=self.officers() or ["g1"])
        for _ in range(rng.choice([0, 1, 2, 3])):
            self.upload(inside(), step)
        if self.chance(0.25):
            self.remove(inside(), step)
        if self.rarely(0.25):
            self.suspend(inside(), step, end)
        for limit in self.item["limits"]:
            if self.rarely(0.06):
                edge = self.due_near(start, limit)
                when = rng.choice([inside(), edge, edge - 1, edge + 1, edge + DAY])
                self.at(when, "limit.extended", scope=limit["id"], days=rng.randint(1, 5))
        if step == self.names[-2] or self.rarely(0.05):
            self.decide(inside(), step)
            if self.rarely(0.2):
                self.decide(inside(), step)
        if step == self.names[-1] or self.rarely(0.03):
            for _ in range(rng.choice([0, 1, 1, 2])):
                self.execute(inside())
            if self.chance(0.25):
                self.at(inside(), "charge.added", amount_fen=rng.choice([1, 300]), reason="加处罚款")
        self.t = end
        index = self.names.index(step)
        fate = rng.random()
        if step == self.sent_back and fate < 0.6:
            fate = 0
        if fate < 0.13 and index > 0:
            self.sent_back = step       # what came back once often comes back again
            target = rng.choice(self.names[:index] + self.item["steps"][index]["next"])
            self.at(end, "step.returned", from_=step, to=target, reason="补正")
            return target
        if fate < 0.2:
            return None if self.chance(0.6) else rng.choice(self.names)      # left open
        data = {"step": step}
        if self.chance(0.6):
            data["fields"] = {name: rng.choice(["text", "text", " ", ""])
                              for name in ("opinion", "hearing") if self.chance(0.7)}
        if self.chance(0.3):
            data["officers"] = self.officers()
        self.at(end, "step.completed", **data)
        if self.chance(0.2):
            self.pass_time()
            self.remove(self.t, step)
        if self.chance(0.1):
            self.upload(self.t, step)
        onward = self.item["steps"][index]["next"]
        if self.rarely(0.15):
            return rng.choice(self.names)
        return rng.choice(onward) if onward else None

    def odd_event(self):
        """Anything at the instant of another event, or shortly after it."""
        rng = self.rng
        t = rng.choice(self.events)["time"] + rng.choice([0, 0, 0, 1, HOUR, DAY])
        step = rng.choice(self.names * 3 + ["ghost-step", "无此环节"])
        rng.choice([
            lambda: self.at(t, "step.started", step=step, officers=self.officers()),
            lambda: self.at(t, "step.completed", step=step),
            lambda: self.at(t, "step.returned", from_=step, to=rng.choice(self.names + ["ghost-step"])),
            lambda: self.at(t, "officers.authorized", step=step, officers=self.officers() or ["ghost"]),
            lambda: self.upload(t, step), lambda: self.remove(t, step), lambda: self.decide(t, step),
            lambda: self.execute(t), lambda: self.extend(t),
            lambda: self.at(t, "charge.added", amount_fen=rng.choice([0, 500])),
            lambda: self.at(t, "clock.suspended", reason="r"),
            lambda: self.at(t, "clock.resumed"), lambda: self.at(t, "clock.resumed", step=step),
            lambda: self.at(t, "case.closed", outcome="done"), lambda: self.at(t, "case.withdrawn"),
        ])()

    def tell(self, code):
        data = {"item": code, "org": "A", "title": "标题"}
        region = self.rng.choice(["370100", "370100", "370102", "370203", "110101", None])
        if region is not None:
            data["region"] = region
        if self.rarely(0.15) and self.item["limits"]:
            wide = [limit for limit in self.item["limits"] if limit["scope"] == "case" or "from" in limit["scope"]]
            chosen = self.rng.choice(wide * 4 + self.item["limits"])
            data["due"] = {chosen["id"]: self.carried(self.t)}
        self.at(self.t, "case.accepted", **data)
        if self.rarely(0.05):
            self.suspend(self.t - HOUR, self.names[0], self.t + DAY)
        step, visits = self.names[0], 0
        while step is not None and visits < 9:
            self.pass_time()
            step = self.visit(step)
            visits += 1
        ending = self.rng.random()
        if ending < 0.55:
            due = [self.due_near(self.events[0]["time"], limit) for limit in self.item["limits"]
                   if limit["scope"] == "case"]
            if due and self.chance(0.3):
                self.t = max(self.t, self.rng.choice(due) + self.rng.choice([-1, 0, 1]))
            self.pass_time()
            self.at(self.t, "case.closed", outcome="done")
        elif ending < 0.65:
            self.at(self.t + self.rng.choice([0, 0, DAY]), "case.withdrawn", reason="撤回")
        if self.rarely(0.25):
            for _ in range(self.rng.randint(1, 5)):
                self.odd_event()
        if self.rarely(0.06):
            self.at(self.t, "case.accepted", item=self.rng.choice(["3701-CF-0", "3701-CF-1"]), org="A")
        return self.events
