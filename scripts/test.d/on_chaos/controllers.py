"""The controller is killed, and others lead on."""

import os
import time

from on_fleet.rig import claim, said

from .bench import ends_within, in_lanes, kill, steps
from .budget import collector
from . import records, truth

CASES = []
case = collector(CASES)
PLAN = steps(25)
# Exit codes of a run that has come to its end: well, or with an outcome that nobody knows.
WELL, UNKNOWN = 0, 9
# Nobody cuts anything here, but a machine may be too busy for its own sshd to answer in time.
UNREACHED = (6,)
# So many leaders of one run are killed at most, in a sample and in a full count.
FEW, MANY = 6, 16


def heard(found, spawned, until, names):
    """{target: when a leader first heard of it} of the targets that it had to go on with.

    An event of one of these names tells, within its life; what was lost tells nothing.
    """
    over = {event.target for event in found if event.name == "targetEnded" and event.at < spawned}
    started = {event.target for event in found
               if event.name == "targetStarted" and event.at < spawned}
    first = dict.fromkeys(started - over)
    for event in found:
        if not spawned <= event.at <= until or event.name not in (*names, "targetEnded"):
            continue
        is_new = event.target in first and first[event.target] is None
        if is_new and event.name == "targetEnded":
            del first[event.target]
        elif is_new and not (event.name == "attemptEnded" and records.is_lost(event)):
            first[event.target] = event.at
    return first


def reattached(found, spawned, until):
    """Seconds from a leader's start until it had a session to every target it had to go on with.

    Nil when it was killed before, or nothing was left to do.
    """
    first = heard(found, spawned, until, ("sessionOpened", "attemptEnded")).values()
    return max(first) - spawned if first and all(first) else None


def noted_by(plan):
    """How many bytes a target's steps note in all, about: processes' numbers differ in length."""
    process = len(str(os.getpid()))
    lines = [(word, step) for step in plan if truth.kind(step) != "read"
             for word in (("did",) if truth.kind(step) in truth.ONCE else ("begin", "end"))]
    return sum(len(word) + len(step) + process + 3 for word, step in lines)


def lives(chance, trial, child, whole, kills, leaders):
    """Lets a leader live for some part of its run; whether it is to be killed then.

    Mostly amid its steps, by what they have noted so far, so that as many `kills` as are left spread
    over what is left of the run; some die at once, or as they take over. Every fourth lives until it
    has heard of all targets: a guard that is lost with five leaders in a row is asked no more.
    """
    if kills % 4 == 0 and leaders:
        spawned, deadline = leaders[-1][0], time.monotonic() + 60
        while time.monotonic() < deadline and not all(
                heard(trial.events(), spawned, float("inf"), ("attemptEnded",)).values()):
            if ends_within(child, 0.5):
                return False
    elif chance.random() < (0.4 if leaders else 0.1):
        return not ends_within(child, chance.uniform(0, 1.0))
    noted = trial.noted()
    end = min(whole, noted + chance.uniform(0, 2 * (whole - noted) / (kills + 1)))
    while trial.noted() < end:
        if ends_within(child, 0.01):
            return False
    return not ends_within(child, chance.uniform(0, 0.05))


@case("controller-kills", "kill -9 of the controller",
      "runs of 20 targets × 25 steps: no duplicate, nothing missing, the trail verifies after "
      "each restart", (8, 30), (1000, 7200))
def controller_kills(bench, budget):
    # One run at a time says how long it takes to be attached again; two are through sooner.
    lanes = bench.lanes(2 if budget.is_full else 1, 20)
    whole = 20 * noted_by(PLAN)

    def work(lane, turn, trial):
        leaders = []
        child = trial.begin_run()
        kills = turn.chance.randint(2, MANY if budget.is_full else FEW)
        while kills:
            if not lives(turn.chance, trial, child, whole, kills, leaders):
                break
            kill(child)
            kills -= 1
            budget.did()
            run = trial.run()
            if run is None:
                budget.add("before the run was opened")
                child = trial.begin_run()
                continue
            trial.verify()
            if leaders:
                leaders[-1][1] = time.time()
            leaders.append([time.time(), float("inf")])
            child = trial.begin("resume", run, "--json")
        done = trial.end(child)
        ended_at = time.time()
        if done.code == 3 and "has ended" in done.out:
            budget.add("killed after the end was recorded")
        else:
            done.exits(WELL, *([] if bench.expected else [UNKNOWN]), *UNREACHED)
        found = trial.events()
        away = list(records.ended(found).values()).count("unreachable")
        if away:
            budget.add("targets not reached again", away)
        claim(any(event.name == "closed" for event in found)
              or done.code == UNKNOWN, f"it never came to its end: {done.tail()}")
        unknown = trial.check(PLAN)
        trial.verify()
        budget.add("runs")
        budget.add("outcomes that nobody knows", unknown)
        for spawned, until in leaders:
            taken = reattached(found, spawned, min(until, ended_at))
            if taken is not None:
                budget.measure("re-attached after [s]", taken)

    in_lanes(bench, budget, lanes, work)
