"""How much of a case is tried, by count and by time, and what came of it."""

import random
import statistics
import threading
import time
from collections import namedtuple

# A case: `unit` is what is counted; `sample` and `full` are (count, seconds).
Case = namedtuple("Case", "name unit claim sample full body")
# So many failures end a case: the next ones would say the same.
ENOUGH_FAILURES = 5
# So often a long case says how far it is, in seconds.
SAID_EVERY = 60
# From so many on it is a full count; a smaller one is a sample, beside other work on a busy machine,
# where times say little: limits of time are so many times longer then.
FULL, LENIENCE = 100, 20


def collector(cases):
    """A decorator that adds a function to the list as a case."""

    def case(name, unit, claim, sample, full):
        def add(body):
            cases.append(Case(name, unit, claim, sample, full, body))
            return body

        return add

    return case


class Turn:
    """One try: its number, and chance that is the same whenever it has the same seed and number."""

    def __init__(self, case, seed, number):
        self.number = number
        self.chance = random.Random(f"{seed}/{case}/{number}")
        self.name = f"{case}-{number}"


class Budget:
    """Gives turns until the count is reached or the time is over; several lanes may share it."""

    def __init__(self, case, count, seconds, seed, first=1, say=print):
        self.case, self.count, self.seconds, self.seed = case, count, seconds, seed
        self.began = time.monotonic()
        self.deadline = self.began + seconds
        self.done, self.first, self.next, self.say = 0, first, first, say
        self.said = self.began
        # By what the case has in full: some have few.
        self.is_full = count >= min(FULL, case.full[0])
        self.failures = []
        self.counts, self.measures = {}, {}
        self.guard = threading.Lock()

    def over(self):
        return (self.done >= self.count or time.monotonic() > self.deadline
                or len(self.failures) >= ENOUGH_FAILURES)

    def stop(self):
        """Its time is over."""
        self.deadline = time.monotonic()

    def left(self):
        """Seconds until the time is over."""
        return max(0.0, self.deadline - time.monotonic())

    def limit(self, seconds):
        """A limit of time: as it is said, or as a sample can keep it on a busy machine."""
        return seconds if self.is_full else LENIENCE * seconds

    def turns(self):
        while True:
            with self.guard:
                # One is tried, however long the fleet took to start.
                if self.next > self.first and self.over():
                    return
                number, self.next = self.next, self.next + 1
            yield Turn(self.case.name, self.seed, number)

    def did(self, units=1):
        with self.guard:
            self.done += units
            now = time.monotonic()
            if now - self.said >= SAID_EVERY:
                self.said = now
                self.say(f"  {self.done:,} of {self.count:,} after {self.spent():,.0f} s")

    def fail(self, turn, problem):
        with self.guard:
            self.failures.append(problem)
        again = f"--seed {self.seed} --first {turn.number} --count 1" if turn else ""
        problem = problem if len(problem) < 2000 else problem[:1200] + " … " + problem[-800:]
        self.say(f"  FAILED {self.case.name} {again}\n    " + problem.replace("\n", "\n    "))

    def add(self, what, number=1):
        """Counts something beside the units."""
        with self.guard:
            self.counts[what] = self.counts.get(what, 0) + number

    def measure(self, what, value):
        with self.guard:
            self.measures.setdefault(what, []).append(value)

    def reached(self):
        return self.done >= self.count

    def spent(self):
        return time.monotonic() - self.began

    def details(self):
        """What was counted and measured, in one line."""
        parts = [f"{number:,} {what}" for what, number in self.counts.items()]
        for what, values in self.measures.items():
            unit = what[what.rfind("[") + 1:-1] if what.endswith("]") else ""
            name = what[:what.rfind("[")].strip() if unit else what
            ordered = sorted(values)
            if len(ordered) == 1:
                parts.append(f"{name} {ordered[0]:.2f} {unit}".rstrip())
                continue
            p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
            parts.append(
                f"{name} {statistics.median(ordered):.2f} {unit} in the median, {p95:.2f} in 95 %, "
                f"{ordered[-1]:.2f} at most (of {len(ordered):,})".replace("  ", " "))
        return "; ".join(parts)

    def result(self):
        if self.failures:
            return f"FAILED {len(self.failures)} times"
        if not self.done:
            return "not reached: nothing was tried"
        if not self.reached():
            return f"not reached: {self.done:,} of {self.count:,}, all as it must be"
        return "as it must be"
