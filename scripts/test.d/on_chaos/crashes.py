"""The controller kills itself at a labelled point (debug builds: HANDRAIL_CRASH_AT)."""

import os
import signal
import sqlite3
import time

from on_fleet.rig import claim

from . import records
from .bench import in_lanes, many, steps
from .budget import collector
from .controllers import UNKNOWN, UNREACHED, WELL

CASES = []
case = collector(CASES)
KINDS = ("once", "idem", "read", "guarded", "idem")
PLAN = steps(10, KINDS)
# Points that are passed once in a process, and those that are passed again and again.
ONCE = ("open", "takeover", "release", "dismiss", "shutdown")
OFTEN = ("append", "admit", "seal", "barrier", "renew", "start", "report", "put", "clean",
         "close")
# The highest number at which a point is surely passed in a run of three targets.
DEEPEST = {"append": 12, "admit": 1, "seal": 1, "barrier": 2, "renew": 2, "start": 15,
           "report": 20, "put": 3, "clean": 3, "close": 3}
# How long the steps of a run sleep, so that it lives until its lease is renewed, and else.
LONG, SHORT = "1", "0.02"
# After so many seconds a run asks again for targets that another one holds.
ASKS_AGAIN = 2


def points():
    """Every point, before and after: the first passing, then later ones."""
    for label in ONCE:
        for side in ("before", "after"):
            yield f"{label}-{side}"
    for depth in range(1, max(DEEPEST.values()) + 1):
        for label in OFTEN:
            for side in ("before", "after"):
                if depth <= DEEPEST[label]:
                    yield f"{label}-{side}:{depth}"


POINTS = list(points())
# What a leader that resumes doesn't pass: the run is there, and its targets are started.
BEFORE = ("open", "dismiss", "admit")
TRIES = [(point, point.startswith("takeover")) for point in POINTS] + [
    (point, True) for point in POINTS if not point.startswith(BEFORE + ("takeover",))]


def pause(point):
    return LONG if point.startswith("renew") else SHORT


def led(bench, child_of, point=None):
    """Starts a leader that is to die at a point; the child."""
    bench.lane.extra = {"HANDRAIL_CRASH_AT": point} if point else {}
    try:
        return child_of()
    finally:
        bench.lane.extra = {}


def dismissing(bench, trial, point):
    """A leader that is told to leave while it asks for targets that another run has held.

    What it gets then it gives back, and is to die there. That it is told before it gets them is
    certain: nobody can write to the journal meanwhile.
    """
    other = trial.lane.trial(trial.name + "-other")
    other.home = other.where["home"] = trial.home
    # One target is free: a run of none but targets that are held is refused.
    holder = other.begin(
        "run", "chaos.crashes", "--limit", ",".join(trial.lane.targets[1:]), "--set",
        "folder=" + other.notes, "--set", "pause=" + LONG, "--yes", "--json")
    bench.eventually("the other run holds the targets", other.noted)
    held = trial.run()
    child = led(bench, lambda: trial.begin_run("chaos.crashes", "--set", "pause=" + SHORT), point)
    bench.eventually("it waits for the targets", lambda: trial.run() != held and any(
        event.name == "deferred" for event in trial.events()))
    bench.eventually("a target is free", lambda: records.ended(records.events(trial.home, held)))
    journal = sqlite3.connect(os.path.join(trial.home, "journal.db"), isolation_level=None)
    try:
        journal.execute("begin immediate")
        # All within the time that they wait for the journal, 10 s.
        time.sleep(2 * ASKS_AGAIN)
        child.send_signal(signal.SIGTERM)
        time.sleep(2)
    finally:
        journal.close()
    other.end(holder).exits(WELL)
    other.drop_notes()
    return child


def died(trial, child):
    """Waits; whether it killed itself."""
    return trial.end(child).code == -signal.SIGKILL


@case("crash-points", "crash at a labelled point",
      "each point before and after, in the first leader and in one that resumes: nothing runs "
      "twice, nothing is missing, the trail verifies", (14, 30), (len(TRIES), 3600))
def crash_points(bench, budget):
    lanes = bench.most_lanes(budget, 4, 3)
    for lane in lanes:
        lane.put(many(10, "crashes", KINDS))

    def work(lane, turn, trial):
        point, resumes = TRIES[(turn.number - 1) % len(TRIES)]
        begin = lambda: trial.begin_run("chaos.crashes", "--set", "pause=" + pause(point))
        noted = 0
        if resumes:
            # The leader before it dies with the first step's end reported, and not recorded.
            claim(died(trial, led(bench, begin, "report-before:1")), "the first leader went on")
            trial.verify()
            if point.startswith("release"):
                trial.settle_down()
            noted = trial.noted()
            child = led(bench, lambda: trial.begin("resume", trial.run(), "--json"), point)
        elif point.startswith("dismiss"):
            # It may ask between the other's end and the lock: then it goes on.
            child = dismissing(bench, trial, point)
        else:
            child = led(bench, begin, point)
        if point.startswith("release"):
            # A lease is given back by who leaves a run that goes on.
            bench.eventually("it leads", lambda: trial.noted() > noted or child.poll() is not None)
            child.send_signal(signal.SIGTERM)
        is_dead = died(trial, child)
        budget.add("passed" if is_dead else "never came to that number")
        if is_dead:
            budget.did()
            budget.add("in a leader that resumes" if resumes else "in the first leader")
        elif point.startswith("dismiss"):
            return
        elif point.split(":")[-1] in ("1", point):
            claim(False, f"{point} is never passed")
        if trial.run() is None:
            claim(is_dead and point == "open-before", f"{point}: no run was recorded")
            trial.end(trial.begin_run("chaos.crashes", "--set", "pause=" + SHORT)).exits(WELL)
        elif is_dead:
            trial.verify()
            done = trial.handrail("resume", trial.run(), "--json")
            if not (done.code == 3 and "has ended" in done.out):
                done.exits(WELL, *([] if bench.expected else [UNKNOWN]), *UNREACHED)
        budget.add("outcomes that nobody knows", trial.check(PLAN))
        trial.verify()

    in_lanes(bench, budget, lanes, work)
