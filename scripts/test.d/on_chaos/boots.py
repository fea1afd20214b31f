"""Targets that are rebooted, made anew, or are one machine under two names."""

import os
import socket
import time

from on_fleet.rig import claim, equal

from . import records
from .bench import Lane, in_lanes, many, steps
from .budget import collector

CASES = []
case = collector(CASES)
KINDS = ("once", "idem", "guarded")
PLAN = steps(6, KINDS)
PAUSE = 1.0
MOST = 5.0
NAMES = ("mbx01", "mbx02", "edge01", "edge02")
FOLDER = "/var/tmp/chaos"
# What a run leaves on a target so that a step outlives it; a new image has none of it.
SPOOLS = "/var/lib/handrail-spool ~/.handrail"


def answers(lane, target):
    """When its sshd takes connections again."""
    with open(os.path.join(lane.fleet.directory, "targets.tsv")) as file:
        (row,) = [line.split("\t") for line in file if line.startswith(target + "\t")]
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with socket.create_connection((row[1], int(row[2])), 1) as connection:
                if connection.recv(4) == b"SSH-":
                    return time.time()
        except OSError:
            time.sleep(0.02)
    claim(False, f"{target} doesn't come up again")


def strike(lane, target, how):
    """Disturbs a target; returns whether it could be, and when it could be reached again."""
    if how == "supervisor killed":
        found = lane.fleet.shell(
            target, f"for f in $(find {SPOOLS} -name record 2>/dev/null); do "
            "grep -q ^end $f || sed -n 's/^sup \\([0-9]*\\) .*/\\1/p' $f; done").split()
        for process in found:
            lane.fleet.shell(target, f"kill -9 {process} 2>/dev/null || true")
        return bool(found), time.time()
    if how == "new image":
        lane.fleet.shell(
            target, f"rm -rf {SPOOLS}; tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id")
    lane.fleet.power("reboot", target)
    return True, answers(lane, target)


def under_way(found, target):
    """The step whose start on a target is recorded, and whose end isn't."""
    step = None
    for event in found:
        if event.target == target and event.name in ("attemptStarted", "attemptEnded"):
            step = event.action if event.name == "attemptStarted" else None
    return step


@case("reboots", "target rebooted, made anew, or without its supervisor, amid a step",
      f"what may run once is unknown within {MOST:.0f} s of being reachable again, or was seen to "
      "end, and never runs again; the other target goes on", (3, 35), (60, 2400))
def reboots(bench, budget):
    fleet = bench.whole(*NAMES)
    lanes = [Lane(bench, fleet, f"boot-{number}", list(NAMES[2 * number:2 * number + 2]))
             for number in range(2)]
    for lane in lanes:
        lane.put(many(6, "boots", KINDS))
    ways = ("reboot", "new image", "supervisor killed")

    def work(lane, turn, trial):
        how = ways[turn.number % len(ways)]
        struck = turn.chance.choice(lane.targets)
        trial.remote = f"{FOLDER}/{turn.name}"
        for target in lane.targets:
            fleet.shell(target, f"mkdir -p {trial.remote}")
        wanted = turn.chance.choice(PLAN)
        child = trial.begin(
            "run", "chaos.boots", "--limit", "*", "--set", "folder=" + trial.remote, "--set",
            f"pause={PAUSE}", "--yes", "--json")
        bench.eventually(
            f"{wanted} is under way", lambda: trial.run() and
            under_way(trial.events(), struck) == wanted or child.poll() is not None)
        time.sleep(turn.chance.uniform(0.1, 2 * PAUSE - 0.3))
        step = under_way(trial.events(), struck)
        was_struck, reached = strike(lane, struck, how)
        done = trial.end(child)
        if not was_struck or step is None:
            budget.add("nothing to strike")
            return
        done.exits(0, 5, 6, 9)
        found = trial.events()
        ended = records.ended(found)
        (other,) = [target for target in lane.targets if target != struck]
        equal(ended.get(other), "changed", f"{other}, which was not struck")
        unknown = trial.check(PLAN, expected=False)
        for event in found:
            if event.name == "stepEnded" and event.target == struck and event.body["_2"] == "unknown":
                took = event.at - reached
                budget.measure("unknown after [s]", max(0.0, took))
                claim(took <= budget.limit(MOST), f"{how}: {event.body['_1']} was unknown only after {took:.1f} s")
        trial.verify()
        budget.add(how)
        budget.add("outcomes that nobody knows", unknown)
        budget.did()

    in_lanes(bench, budget, lanes, work)
    if budget.done >= 2 * len(ways):
        missing = [how for how in ways if not budget.counts.get(how)]
        claim(not missing, f"never done: {', '.join(missing)}")
    twins(bench, budget, lanes[0])


def twins(bench, budget, lane):
    """Two names for one machine: both are named, and nothing is started."""
    one, two = lane.targets
    text = lane.library.read("inventory/fleet.yaml")
    part = text[text.index(f"  {one}:"):text.index(f"  {two}:")]
    lane.library.write("inventory/fleet.yaml", text[:text.index(f"  {two}:")] + part.replace(
        f"  {one}:", "  twin01:").replace(f'"{one}:9100", {one}.example', '"twin01:9100"'))
    lane.library.commit("Two names for one machine")
    trial = lane.trial(f"twins-{budget.seed}")
    trial.remote = f"{FOLDER}/twins"
    lane.fleet.shell(one, f"mkdir -p {trial.remote}")
    done = trial.handrail(
        "run", "chaos.boots", "--limit", "*", "--set", "folder=" + trial.remote, "--yes", "--json")
    done.exits(5).says("one and the same", one, "twin01")
    equal(lane.fleet.shell(one, f"ls {trial.remote}").split(), [], "what was started")
    budget.add("two names for one machine, refused")
