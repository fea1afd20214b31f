"""The other side of scripts/test.d/calendars: makes cases with answers, and reads our schedule.

    other.py make FOLDER SEED FACTOR     cases, each NAME.ics with NAME.expected; zones.*
    other.py read FOLDER                 exported.ics must say what exported.list does
"""

import base64
import datetime
import random
import sys
import zoneinfo

import icalendar
import recurring_ical_events
from dateutil import rrule

UTC = datetime.timezone.utc
DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
ZONES = [
    "Europe/Berlin", "Europe/London", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata",
    "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Auckland", "Africa/Casablanca",
    "America/St_Johns", "Asia/Jerusalem", "Etc/UTC", "Africa/Cairo",
]
HORIZONS = [(2026, 2028), (2026, 2028), (2027, 2029), (2024, 2030)]


def instant(local, zone):
    """The second at which a zone's clocks show a time: the first of two, before a gap."""
    return int(local.replace(tzinfo=zone, fold=0).timestamp())


def subset(numbers, choices, most):
    return sorted(numbers.sample(choices, numbers.randint(1, min(most, len(choices)))))


def listed(values):
    return ",".join(str(value) for value in values)


def random_rule(numbers, is_day):
    """A rule without its end; what the standard allows, and not more."""
    frequency = numbers.choice(["DAILY", "WEEKLY", "WEEKLY", "MONTHLY", "MONTHLY", "YEARLY"])
    parts = [f"FREQ={frequency}"]
    if numbers.random() < 0.5:
        parts.append(f"INTERVAL={numbers.randint(1, 5)}")
    if numbers.random() < 0.4:
        parts.append(f"WKST={numbers.choice(DAYS)}")
    by = []

    def maybe(chance, text):
        if numbers.random() < chance:
            by.append(text())

    def month_days():
        return "BYMONTHDAY=" + listed(
            subset(numbers, [*range(1, 32), *range(-31, 0)], 6))

    def weekdays(numbered):
        days = subset(numbers, DAYS, 4)
        if numbered and numbers.random() < 0.6:
            places = [1, 2, 3, 4, 5, -1, -2, -5] if numbered == "month" else [1, 10, 20, 52, -1, -30]
            days = [f"{numbers.choice(places)}{day}" for day in days]
        return "BYDAY=" + listed(days)

    if frequency == "YEARLY" and numbers.random() < 0.25:
        weeks = subset(numbers, [1, 2, 10, 20, 51, 52, 53, -1, -2, -20], 3)
        by += ["BYWEEKNO=" + listed(weeks), weekdays(None)]
    elif frequency == "YEARLY" and numbers.random() < 0.25:
        by.append("BYYEARDAY=" + listed(
            subset(numbers, [1, 59, 60, 61, 100, 200, 365, 366, -1, -2, -306, -307, -366], 5)))
        maybe(0.3, lambda: weekdays(None))
    else:
        by_month = numbers.random() < 0.4
        if by_month:
            by.append("BYMONTH=" + listed(subset(numbers, range(1, 13), 5)))
        if frequency in ("DAILY", "MONTHLY", "YEARLY"):
            maybe(0.4, month_days)
        numbered = {"MONTHLY": "month", "YEARLY": "month" if by_month else "year"}.get(frequency)
        maybe(0.6, lambda: weekdays(numbered))
    if not is_day:
        maybe(0.2, lambda: "BYHOUR=" + listed(subset(numbers, range(24), 3)))
        maybe(0.2, lambda: "BYMINUTE=" + listed(subset(numbers, range(60), 3)))
    if by and numbers.random() < 0.25:
        by.append("BYSETPOS=" + listed(subset(numbers, [1, 2, 3, 4, -1, -2], 2)))
    return ";".join(parts + by)


class Case:
    """An event with a rule, and its occurrences by dateutil and zoneinfo."""

    def __init__(self, numbers):
        while True:
            self.is_day = numbers.random() < 0.2
            self.zone_name = "Europe/Berlin" if self.is_day else numbers.choice(ZONES)
            self.zone = zoneinfo.ZoneInfo(self.zone_name)
            base = datetime.datetime(
                numbers.randint(2015, 2026), numbers.randint(1, 12), numbers.randint(1, 28))
            if not self.is_day:
                # Often where clocks change.
                hour = numbers.choice([0, 1, 2, 2, 3, 20, 22, 23])
                base += datetime.timedelta(hours=hour, minutes=numbers.choice([0, 30, 15]))
            self.rule = random_rule(numbers, self.is_day)
            rule = rrule.rrulestr(self.rule, dtstart=base)
            self.start = next(iter(rule.xafter(base, count=1, inc=True)), None)
            if self.start and self.start.year < 2040:
                again = rrule.rrulestr(self.rule, dtstart=self.start)
                if next(iter(again), None) == self.start:
                    break
        self.choose_end(numbers)
        self.choose_length(numbers)

    def choose_end(self, numbers):
        self.until = None
        self.count = None
        chance = numbers.random()
        if chance < 0.3:
            self.count = numbers.randint(1, 400)
            self.rule += f";COUNT={self.count}"
        elif chance < 0.6:
            last = self.start + datetime.timedelta(days=numbers.randint(0, 4000))
            if self.is_day:
                self.until = instant(last, self.zone)
                self.rule += f";UNTIL={last:%Y%m%d}"
            else:
                self.until = instant(last, self.zone)
                text = datetime.datetime.fromtimestamp(self.until, UTC)
                self.rule += f";UNTIL={text:%Y%m%dT%H%M%SZ}"

    def choose_length(self, numbers):
        self.days = numbers.choice([0, 0, 0, 1, 3]) if not self.is_day else numbers.randint(1, 5)
        self.seconds = 0 if self.is_day else numbers.choice([1800, 3600, 8 * 3600, 10 * 3600])
        self.by_duration = numbers.random() < 0.4

    def event(self, uid, more=()):
        shown = ";VALUE=DATE:{:%Y%m%d}" if self.is_day else f";TZID={self.zone_name}:{{:%Y%m%dT%H%M%S}}"
        lines = ["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z",
                 "DTSTART" + shown.format(self.start), f"RRULE:{self.rule}"]
        if self.by_duration:
            time = f"T{self.seconds}S" if self.seconds else ""
            lines.append(f"DURATION:P{f'{self.days}D' if self.days else ''}{time}")
        else:
            lines.append("DTEND" + shown.format(self.start + self.length))
        return [*lines, *more, "END:VEVENT"]

    @property
    def length(self):
        return datetime.timedelta(days=self.days, seconds=self.seconds)

    def end(self, local):
        """What docs/calendars.md says of ends."""
        start = instant(local, self.zone)
        if self.by_duration:
            day = instant(local + datetime.timedelta(days=self.days), self.zone)
            return (day if self.days else start) + self.seconds
        end = instant(local + self.length, self.zone)
        return end if end > start else start + int(self.length.total_seconds())

    def occurrences(self, low, high):
        text = self.rule.split(";UNTIL=")[0]
        rule = rrule.rrulestr(text, dtstart=self.start)
        found = []
        for local in rule.xafter(self.start, inc=True):
            start = instant(local, self.zone)
            if start > high + 86400 or (self.until and start > self.until + 86400):
                break
            if self.until is not None and start > self.until:
                continue
            if start < high and self.end(local) > low:
                found.append((start, self.end(local)))
        return sorted(set(found))


def seconds(value, zone):
    """The second of a date or a time that icalendar gives."""
    if not isinstance(value, datetime.datetime):
        return instant(datetime.datetime(value.year, value.month, value.day), zone)
    return int((value if value.tzinfo else value.replace(tzinfo=zone)).timestamp())


def by_recurring_ical_events(text, low, high):
    calendar = icalendar.Calendar.from_ical(text)
    zone = zoneinfo.ZoneInfo("Europe/Berlin")
    # Wider than asked: at its edges it leaves out days that reach into the time.
    edge = 12 * 86400
    moments = [datetime.datetime.fromtimestamp(second, UTC) for second in (low - edge, high + edge)]
    found = []
    for event in recurring_ical_events.of(calendar).between(*moments):
        start, end = seconds(event.start, zone), seconds(event.end, zone)
        if start < high and (end > low or end <= start) and str(event.get("STATUS")) != "CANCELLED":
            found.append((start, end))
    return sorted(found)


def calendar(lines):
    return "\r\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//other//EN", *lines, "END:VCALENDAR", ""])


def horizon(numbers):
    first, last = numbers.choice(HORIZONS)
    return [int(datetime.datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (first, last)]


def write(folder, name, text, low, high, found):
    with open(f"{folder}/{name}.ics", "w", encoding="utf-8", newline="") as file:
        file.write(text)
    with open(f"{folder}/{name}.expected", "w", encoding="utf-8") as file:
        file.write(f"{low} {high}\n" + "".join(f"{start} {end}\n" for start, end in found))


def make_rules(folder, numbers, count):
    """One rule a file, answered by dateutil; how often the third agrees is told."""
    alike = other_ends = 0
    differences = []
    for index in range(count):
        case = Case(numbers)
        low, high = horizon(numbers)
        text = calendar(case.event("one"))
        found = case.occurrences(low, high)
        write(folder, f"rule-{index:04}", text, low, high, found)
        third = by_recurring_ical_events(text, low, high)
        if third == found:
            alike += 1
        elif case.by_duration and [one[0] for one in third] == [one[0] for one in found]:
            other_ends += 1
        else:
            differences.append(f"rule-{index:04} {case.rule}")
    print(f"rules: {count}; recurring-ical-events gives the same for {alike}, other ends of a "
          f"DURATION over a change of clocks for {other_ends}, and else differs for "
          f"{len(differences)}: {differences[:5]}")


def make_calendars(folder, numbers, count):
    """Exceptions, extra dates, moved and cancelled occurrences, by recurring-ical-events."""
    index = 0
    while index < count:
        low, high = horizon(numbers)
        lines = []
        for uid in range(numbers.randint(1, 3)):
            case = Case(numbers)
            while "BYHOUR" in case.rule:
                case = Case(numbers)
            case.by_duration = case.by_duration and case.is_day
            locals_ = [local for local, _ in zip(
                rrule.rrulestr(case.rule.split(";UNTIL=")[0], dtstart=case.start), range(60))]
            locals_ = [local for local in locals_ if local.year < 2190]
            taken = numbers.sample(locals_, min(len(locals_), numbers.randint(0, 4)))
            if case.until is not None:
                taken = [local for local in taken if instant(local, case.zone) <= case.until]
            lines += with_changes(case, f"u{uid}", taken, numbers)
        text = calendar(lines)
        found = by_recurring_ical_events(text, low, high)
        if all(start < end for start, end in found):
            write(folder, f"calendar-{index:04}", text, low, high, found)
            index += 1


def with_changes(case, uid, taken, numbers):
    shown = ";VALUE=DATE:{:%Y%m%d}" if case.is_day else f";TZID={case.zone_name}:{{:%Y%m%dT%H%M%S}}"
    more, changes = [], []
    for place, local in enumerate(taken):
        kind = numbers.choice(["EXDATE", "EXDATE", "moved", "cancelled"])
        if kind == "EXDATE":
            more.append("EXDATE" + shown.format(local))
            continue
        start = local + datetime.timedelta(days=1 if case.is_day else 0, minutes=0 if case.is_day else 20)
        end = start + datetime.timedelta(days=1 if case.is_day else 0, minutes=0 if case.is_day else 70)
        changes += ["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", f"SEQUENCE:{place + 1}",
                    "RECURRENCE-ID" + shown.format(local), "DTSTART" + shown.format(start),
                    "DTEND" + shown.format(end)]
        changes += ["STATUS:CANCELLED"] if kind == "cancelled" else []
        changes.append("END:VEVENT")
    if numbers.random() < 0.4:
        extra = case.start + datetime.timedelta(days=numbers.randint(1, 900), hours=0 if case.is_day else 5)
        more.append("RDATE" + shown.format(extra))
    return case.event(uid, more) + changes


def make_zones(folder, numbers):
    """Offsets at instants, and instants of local times, for each zone that Python knows."""
    last = int(datetime.datetime(2190, 1, 1, tzinfo=UTC).timestamp())
    with open(f"{folder}/zones.offsets", "w") as offsets, open(f"{folder}/zones.locals", "w") as places:
        for name in sorted(zoneinfo.available_timezones() - {"localtime", "posixrules", "Factory"}):
            zone = zoneinfo.ZoneInfo(name)
            near = []
            # Often around the changes of clocks in the years that matter.
            for day in range(0, 400, 3):
                second = 1_767_225_600 + day * 86400
                now, then = (datetime.datetime.fromtimestamp(second + more, UTC).astimezone(zone)
                             for more in (0, 3 * 86400))
                if now.utcoffset() != then.utcoffset():
                    near += [second + numbers.randint(0, 3 * 86400) for _ in range(60)]
            for second in near + [numbers.randint(0, last) for _ in range(150)]:
                local = datetime.datetime.fromtimestamp(second, UTC).astimezone(zone)
                offsets.write(f"{name} {second} {int(local.utcoffset().total_seconds())}\n")
                shown = second + numbers.choice([0, 0, 3600, 7200, -3600])
                naive = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=shown)
                places.write(f"{name} {shown} {instant(naive, zone)}\n")


def make(folder, seed, factor):
    numbers = random.Random(int(seed))
    make_rules(folder, numbers, 240 * factor)
    make_calendars(folder, numbers, 60 * factor)
    make_zones(folder, numbers)


def read(folder):
    """Whether the schedule that Handrail wrote says what it was given."""
    with open(f"{folder}/exported.ics", encoding="utf-8") as file:
        calendar = icalendar.Calendar.from_ical(file.read())
    with open(f"{folder}/exported.list", encoding="utf-8") as file:
        wanted = {tuple(base64.b64decode(word).decode() for word in (line.rstrip("\n") + " ").split(" ")[:5])
                  for line in file}
    found = {(str(event["UID"]), str(int(event.start.timestamp())), str(int(event.end.timestamp())),
              str(event["SUMMARY"]), str(event.get("DESCRIPTION", "")))
             for event in calendar.walk("VEVENT")}
    first = min(int(entry[1]) for entry in wanted)
    expanded = recurring_ical_events.of(calendar).between(
        datetime.datetime.fromtimestamp(first, UTC), datetime.timedelta(days=400))
    print(f"schedule: {len(found)} entries read, {len(found & wanted)} alike, {len(expanded)} expanded")
    return found == wanted and len(expanded) == len(wanted) and not calendar.errors


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(*sys.argv[2:4], int(sys.argv[4]))
    else:
        sys.exit(0 if read(sys.argv[2]) else 1)
