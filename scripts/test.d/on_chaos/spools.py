"""Targets whose spool has no room: where steps that outlive their connection are kept."""

from on_fleet.rig import call, claim, equal

from . import records, truth
from .bench import in_lanes, many, steps
from .budget import collector

CASES = []
case = collector(CASES)
KINDS = ("once", "idem", "guarded")
PLAN = steps(3, KINDS)
SPOOL = "/var/lib/handrail-spool"
PAGE = 4096
MOST_INODES, MOST_PAGES = 60, 40


def within(lane, target, *words):
    """Runs a program among a plain target's mounts."""
    return call(["nsenter", "--target", str(lane.listeners()[target]), "--mount", "--pid", *words])


def room(number):
    """What a spool has room for: so many files, or so many pages."""
    if number % 2:
        return f"nr_inodes={1 + number // 2 % MOST_INODES},size=8m"
    return f"nr_inodes=4096,size={(1 + number // 2 % MOST_PAGES) * PAGE}"


@case("full-spools", "spool with room for so many files or pages",
      "nothing is begun that couldn't be claimed, nothing is called a success that wasn't, and a run "
      "succeeds once there is room", (4, 20), (120, 2400))
def full_spools(bench, budget):
    lanes = bench.most_lanes(budget, 3, 2)
    for lane in lanes:
        lane.put(many(3, "spooled", KINDS))

    def work(lane, turn, trial):
        full, other = lane.targets
        size = room(turn.number if budget.count > 20 else turn.chance.randrange(200))
        within(lane, full, "mkdir", "-p", "-m", "700", SPOOL)
        within(lane, full, "mount", "-t", "tmpfs", "-o", f"{size},mode=700", "chaos", SPOOL)
        try:
            child = trial.begin_run("chaos.spooled", "--set", "pause=0.02")
            trial.end(child).exits(0, 5, 6, 9)
            trial.settle_down()
            found = trial.events()
            ended = records.ended(found)
            equal(ended.get(other), "changed", f"{size}: {other}, which has room")
            outcome = ended.get(full)
            notes, steps_ended = truth.Notes(trial.text(full)), records.outcomes(found)[full]
            for step in PLAN:
                did, word = notes.count("did", step), steps_ended.get(step)
                claim(did <= 1, f"{size}: {step} ran {did} times")
                if truth.kind(step) in truth.ONCE and word != "unknown":
                    equal(did, int(word in ("changed", "satisfied")), f"{size}: {step} is {word}")
            budget.add(f"ended {outcome}")
            # Room again, and a new run: what its guards don't see as done is done once more.
            within(lane, full, "mount", "-o", "remount,nr_inodes=4096,size=8m", SPOOL)
            again = lane.trial(trial.name + "-again")
            done = again.end(again.begin_run("chaos.spooled", "--set", "pause=0.02"))
            done.exits(0)
            again.check(PLAN, expected=True)
            trial.verify()
            again.drop()
        finally:
            within(lane, full, "umount", "-l", SPOOL)
        budget.did()

    in_lanes(bench, budget, lanes, work)
