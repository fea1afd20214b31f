"""The controller is killed, and others lead on."""

import time

from on_fleet.rig import claim, said

from .bench import ends_within, in_lanes, kill, steps
from .budget import collector
from . import records

CASES = []
case = collector(CASES)
PLAN = steps(25)
# Exit codes of a run that has come to its end: well, or with an outcome that nobody knows.
WELL, UNKNOWN = 0, 9
# So many leaders of one run are killed at most.
MOST_KILLS = 16


def reattached(found, spawned, until):
    """Seconds from a leader's start until it had heard of, or begun something on, every target.

    Nil when it was killed before, or nothing was left to do.
    """
    over = {event.target for event in found if event.name == "targetEnded" and event.at < spawned}
    started = {event.target for event in found
               if event.name == "targetStarted" and event.at < spawned}
    waiting, last = started - over, None
    for event in found:
        if spawned <= event.at <= until and event.target in waiting and event.name in (
                "attemptStarted", "attemptEnded", "stepEnded", "targetEnded"):
            waiting.discard(event.target)
            last = event.at
    return last - spawned if last and not waiting else None


def lives(chance, trial, child, whole, kills, resumes):
    """Lets a leader live for some part of its run; whether it is to be killed then.

    Mostly amid its steps, by what they have noted so far, so that as many `kills` as are left spread
    over what is left of the run; some die at once, or as they take over.
    """
    if chance.random() < (0.4 if resumes else 0.1):
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
    lanes = bench.lanes(2, 20)
    # How much is noted in a run to its end; the first of each lane is not disturbed.
    whole = {}

    def work(lane, turn, trial):
        leaders = []
        child = trial.begin_run()
        kills = 0 if lane.name not in whole else turn.chance.randint(2, MOST_KILLS)
        while kills:
            if not lives(turn.chance, trial, child, whole[lane.name], kills, bool(leaders)):
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
            done.exits(WELL, *([] if bench.expected else [UNKNOWN]))
        found = trial.events()
        claim(any(event.name == "closed" for event in found)
              or done.code == UNKNOWN, f"it never came to its end: {done.tail()}")
        unknown = trial.check(PLAN)
        trial.verify()
        budget.add("runs")
        budget.add("outcomes that nobody knows", unknown)
        whole.setdefault(lane.name, trial.noted())
        for spawned, until in leaders:
            taken = reattached(found, spawned, min(until, ended_at))
            if taken is not None:
                budget.measure("re-attached after [s]", taken)

    in_lanes(bench, budget, lanes, work)
