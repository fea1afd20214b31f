"""Two controllers on one plan, at once."""

import time

from on_fleet.rig import claim, equal

from . import records
from .bench import ends_within, in_lanes, kill, many, steps
from .budget import collector

CASES = []
case = collector(CASES)
KINDS = ("once", "idem", "guarded")
PLAN = steps(6, KINDS)


def both(trial, turn, *words):
    """Starts the same command twice, up to 0.3 s apart."""
    first = trial.begin(*words)
    time.sleep(turn.chance.choice((0, 0, turn.chance.uniform(0, 0.3))))
    second = trial.begin(*words)
    return trial.end(first), trial.end(second)


def one_won(ended, run, budget):
    """One ended well, and the other said which run is at it, or has done it."""
    codes = sorted(done.code for done in ended)
    claim(codes[0] == 0, f"neither ended well: {[done.tail() for done in ended]}")
    loser = max(ended, key=lambda done: done.code)
    claim(loser.code in (3, 4), f"the loser: exit {loser.code}: {loser.tail()}")
    words = (loser.out + loser.err).lower()
    for told in ("leads", "has not ended", "used up", "has ended"):
        if told in words and run in words:
            return budget.add(f"told '{told}'")
    claim(False, f"the loser doesn't say which run it is: {loser.tail()}")


@case("races", "race of two controllers on one plan",
      "each effect happens once, and the loser says who leads", (6, 20), (500, 3600))
def races(bench, budget):
    lanes = bench.most_lanes(budget, 3, 2)
    for lane in lanes:
        lane.put(many(6, "raced", KINDS))

    def work(lane, turn, trial):
        path = bench.path(f"plan-{turn.name}.json")
        settings = ("--limit", "*", "--set", "folder=" + trial.notes, "--set", "pause=0.02")
        if turn.number % 2:
            trial.handrail(
                "plan", "chaos.raced", *settings, "--no-probe", "--output", path).exits(0)
            ended = both(trial, turn, "run", path, "--yes", "--json")
            budget.add("run twice")
        else:
            child = trial.begin("run", "chaos.raced", *settings, "--yes", "--json")
            bench.eventually("a run", lambda: trial.run() or child.poll() is not None)
            ends_within(child, turn.chance.uniform(0, 0.4))
            kill(child)
            run = trial.run()
            if run is None or records.state(trial.home, run) == "succeeded":
                budget.add("killed too early or late to race")
                return
            ended = both(trial, turn, "resume", run, "--json")
            budget.add("resume twice")
        run = trial.run()
        outcomes = list(records.ended(trial.events()).values())
        unknown = outcomes.count("unknown")
        if "unreachable" in outcomes:
            # Nobody cuts anything here: the machine is too busy for its own sshd to answer in time.
            budget.add("races with a target that was not reached")
        elif not unknown:
            one_won(ended, run, budget)
        claim(not (unknown and bench.expected), f"{unknown} targets ended unknown")
        equal(len(records.runs(trial.home)), 1, "runs")
        trial.check(PLAN, expected=not unknown and "unreachable" not in outcomes)
        trial.verify()
        budget.add("outcomes that nobody knows", unknown)
        budget.did()

    in_lanes(bench, budget, lanes, work)
