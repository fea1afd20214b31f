"""The time that the command believes: the machine's own, moved by clock.c."""

import datetime
import math
import os
import shutil
import zoneinfo

from on_fleet.rig import Failed, call

SOURCE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "clock.c")


class Clock:
    """A calendar's day and hour for the command and what it starts; the servers keep real time.

    It goes on as real time does, and is set forward between two commands: nothing waits for Saturday.
    """

    def __init__(self, folder, zone, begins):
        self.zone = zoneinfo.ZoneInfo(zone)
        compiler = shutil.which("cc") or shutil.which("clang")
        if not compiler:
            raise Failed("no C compiler: neither cc nor clang, which comes with Swift")
        self.library = os.path.join(folder, "clock.so")
        call([compiler, "-shared", "-fPIC", "-O1", "-o", self.library, SOURCE])
        self.ahead = None
        self.set(begins)

    def set(self, words):
        """Sets it to a local time such as '2026-11-28 20:00'; never back."""
        wanted = datetime.datetime.fromisoformat(words).replace(tzinfo=self.zone)
        now = datetime.datetime.now(self.zone)
        ahead = math.ceil((wanted - now).total_seconds())
        if self.ahead is not None and ahead < self.ahead:
            raise Failed(f"the clock would go back to {words}")
        self.ahead = ahead

    def now(self):
        return datetime.datetime.now(self.zone) + datetime.timedelta(seconds=self.ahead)

    def shown(self):
        return self.now().strftime("%a %d %b %H:%M")

    def instant(self, words):
        """Milliseconds since 1970 of a local time."""
        wanted = datetime.datetime.fromisoformat(words).replace(tzinfo=self.zone)
        return int(wanted.timestamp() * 1000)

    def rfc3339(self, words):
        """A local time as a person types it for the command, with its offset."""
        return datetime.datetime.fromisoformat(words).replace(tzinfo=self.zone).isoformat()

    def environment(self):
        return {"LD_PRELOAD": self.library, "SCENARIO_CLOCK_AHEAD": str(self.ahead)}
