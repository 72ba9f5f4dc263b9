"""Civil dates, working days and office hours of one catalogue.

Instants are whole milliseconds since 1970-01-01T00:00:00Z everywhere in the oracle.
"""
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
ONE_DAY = timedelta(days=1)
ONE_MS = timedelta(milliseconds=1)
DEFAULT_OFFICE_HOURS = [("09:00", "12:00"), ("13:30", "17:30")]


def parse_instant(text):
    """The milliseconds of an RFC 3339 text; ValueError where it has no offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no offset: " + text)
    return (moment - EPOCH) // ONE_MS


def parse_date(value):
    """A date from YAML (already a date) or from a text."""
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def minutes_of(clock_time):
    """Minutes since midnight; YAML 1.1 reads an unquoted 13:30 as the number 810."""
    if isinstance(clock_time, int):
        return clock_time
    hours, minutes = clock_time.split(":")
    return int(hours) * 60 + int(minutes)


class WorkCalendar:
    def __init__(self, zone="Asia/Shanghai", office_hours=None, holidays=(), workdays=()):
        self.zone = ZoneInfo(zone)
        self.office = [(minutes_of(a), minutes_of(b)) for a, b in office_hours or DEFAULT_OFFICE_HOURS]
        self.holidays = set(holidays)
        self.workdays = set(workdays)
        self.known_midnights = {}

    def instant(self, day, minutes=0):
        """The instant of a wall-clock time on a civil date."""
        return self.midnight(day) + minutes * 60_000

    def midnight(self, day):
        if day not in self.known_midnights:
            local = datetime.combine(day, time(0), tzinfo=self.zone)
            self.known_midnights[day] = (local - EPOCH) // ONE_MS
        return self.known_midnights[day]

    def end_of(self, day):
        return self.midnight(day + ONE_DAY)

    def civil_date(self, instant):
        return (EPOCH + instant * ONE_MS).astimezone(self.zone).date()

    def text(self, instant):
        return (EPOCH + instant * ONE_MS).astimezone(self.zone).isoformat(timespec="milliseconds")

    def is_working(self, day):
        if day in self.workdays:
            return True
        return day.weekday() < 5 and day not in self.holidays

    def office_day_ms(self):
        return sum(b - a for a, b in self.office) * 60_000

    def office_pieces(self, day):
        """The office hours of a day as pairs of instants; none on a day off."""
        if not self.is_working(day):
            return []
        return [(self.instant(day, a), self.instant(day, b)) for a, b in self.office]
