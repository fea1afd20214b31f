"""Networks that are cut between the controller and some of its targets."""

import os
import statistics
import subprocess
import threading
import time

from on_fleet.rig import Fleet, call, claim

from . import records
from .bench import in_lanes, many, steps
from .budget import collector

CASES = []
case = collector(CASES)
TARGETS, CUT = 6, 2
# Lanes of a sample, and of a full count: they mostly sleep.
FEW, MANY = 4, 9
KINDS = ("idem", "once", "read", "guarded", "idem")
PLAN = steps(20, KINDS)
# Beyond this ssh gives a connection up, and nobody knows what an attached step did.
GIVES_UP = 15
# What a controller may say of targets that it could not reach again.
LOST = (0, 5, 6, 9)


class Wires:
    """Two network namespaces, and a wire between them for every target.

    The fleet's addresses are loopback ones (127.N.0.I); the kernel routes them over a wire once it is
    told so (route_localnet). Each target's replies are looked up in a table of their own, which a cut
    of replies alone turns into a black hole.
    """

    def __init__(self, bench, targets):
        self.bench, self.count = bench, targets
        name = f"chaos-{os.getpid()}"
        self.near, self.far = name + "-c", name + "-f"
        for space in (self.near, self.far):
            call(["ip", "netns", "add", space])
            bench.closers.append(
                lambda space=space: subprocess.run(["ip", "netns", "del", space]))
        self.ip(self.far, "link", "set", "lo", "up")
        self.fleet = Fleet(bench.path("fleet-far"))
        self.fleet.tool = bench.script("far", self.within(self.far, self.fleet.tool))
        self.targets = {}

    @staticmethod
    def within(space, program):
        return f'exec nsenter --net=/run/netns/{space} {program} "$@"'

    @staticmethod
    def ip(space, *words):
        call(["ip", "-n", space, *words])

    def open(self):
        """Starts the fleet at the far end; returns the command for the near end."""
        self.fleet.start("--plain", "--targets", str(self.count))
        with open(os.path.join(self.fleet.directory, "targets.tsv")) as file:
            rows = [line.split("\t") for line in file.read().splitlines()[1:]]
        for number, (name, address, *_) in enumerate(rows, 1):
            self.targets[name] = (number, address)
            near, far = f"near{number}", f"far{number}"
            self.ip(self.near, "link", "add", near, "type", "veth", "peer", "name", far,
                    "netns", self.far)
            for space, link, host in ((self.near, near, 1), (self.far, far, 2)):
                self.ip(space, "addr", "add", f"10.77.{number}.{host}/30", "dev", link)
                self.ip(space, "link", "set", link, "up")
                for key in ("all", link):
                    call(["nsenter", f"--net=/run/netns/{space}", "sysctl", "-qw",
                          f"net.ipv4.conf.{key}.route_localnet=1",
                          f"net.ipv4.conf.{key}.rp_filter=0"])
            self.ip(self.far, "route", "add", "blackhole", "default", "table", "999") \
                if number == 1 else None
            self.lead(number, address)
        return self.bench.script("near", self.within(self.near, self.bench.command))

    def lead(self, number, address):
        self.ip(self.near, "route", "replace", f"{address}/32", "via", f"10.77.{number}.2", "dev",
                f"near{number}")

    def cut(self, target, how):
        number, address = self.targets[target]
        if how == "link":
            self.ip(self.near, "link", "set", f"near{number}", "down")
        elif how == "requests":
            self.ip(self.near, "route", "replace", "blackhole", f"{address}/32")
        else:
            self.ip(self.far, "rule", "add", "from", address, "lookup", "999", "pref", "10")

    def mend(self, target, how):
        number, address = self.targets[target]
        if how == "link":
            self.ip(self.near, "link", "set", f"near{number}", "up")
        if how in ("link", "requests"):
            self.ip(self.near, "route", "flush", f"{address}/32")
            self.lead(number, address)
        else:
            self.ip(self.far, "rule", "del", "from", address, "lookup", "999", "pref", "10")

    def partition(self, target, how, seconds, chance):
        """Cuts a target off for so long, or again and again."""
        if how != "flapping":
            self.cut(target, how)
            time.sleep(seconds)
            return self.mend(target, how)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            way = chance.choice(("link", "requests", "replies"))
            self.cut(target, way)
            time.sleep(chance.uniform(0.2, 3))
            self.mend(target, way)
            time.sleep(chance.uniform(0.2, 2))


def counted(found, targets, until):
    """How many steps each target had ended by then."""
    ended = dict.fromkeys(targets, 0)
    for event in found:
        if event.name == "stepEnded" and event.target in ended and event.at <= until:
            ended[event.target] += 1
    return list(ended.values())


@case("partitions", "target cut off for a while, 90 s at most",
      "both ways, requests or replies alone, or flapping: the others' steps go on as in undisturbed "
      "runs, and nothing runs twice", (4, 25), (200, 5400))
def partitions(bench, budget):
    number, longest = (MANY, 90) if budget.is_full else (FEW, 20)
    wires = Wires(bench, number * TARGETS)
    bench.fleets["far"] = wires.fleet
    near = wires.open()
    lanes = bench.lanes(number, TARGETS, wires.fleet)
    usual, seen, guard = [], [], threading.Lock()
    for lane in lanes:
        lane.binary = near
        lane.put(many(20, "cut", KINDS))

    def work(lane, turn, trial):
        chance = turn.chance
        is_quiet = turn.number <= number or turn.number % 8 == 0
        child = trial.begin_run("chaos.cut", "--set", "pause=0.25")
        bench.eventually("the run has begun", lambda: trial.run() and len(
            os.listdir(trial.notes)) == TARGETS)
        began = time.time()
        window = began + 6
        cuts, longest_cut = [], 0
        if not is_quiet:
            time.sleep(chance.uniform(0, 2))
            for target in chance.sample(lane.targets, CUT):
                how = chance.choice(("link", "requests", "replies", "flapping"))
                seconds = chance.uniform(1, longest)
                longest_cut = max(longest_cut, seconds)
                budget.measure("cut off for [s]", seconds)
                cuts.append((target, threading.Thread(
                    target=wires.partition, args=(target, how, seconds, chance), daemon=True)))
                budget.add(how)
        for _, thread in cuts:
            thread.start()
        try:
            done = trial.end(child)
        finally:
            for _, thread in cuts:
                thread.join()
        is_short = longest_cut < GIVES_UP - 5 and not is_quiet
        done.exits(*((0,) if is_quiet else LOST))
        cut = {target for target, _ in cuts}
        others = [target for target in lane.targets if target not in cut]
        found = trial.events()
        ended = records.ended(found)
        claim(all(ended.get(target) == "changed" for target in others),
              f"one that was not cut off: {ended}")
        unknown = trial.check(PLAN, expected=False)
        claim(not (unknown and bench.expected and is_short), f"{unknown} unknown after short cuts")
        trial.verify()
        counts = counted(found, others, window)
        with guard:
            if is_quiet:
                usual.extend(counts)
                budget.add("undisturbed runs")
                return
            middle = statistics.median(counts)
            seen.append(middle)
            claim(not usual or middle >= min(usual) / (2 if budget.is_full else 4),
                  f"the others' median was {middle} steps in 6 s; undisturbed "
                  f"{min(usual)} to {max(usual)}")
        budget.measure("steps of the others in 6 s, median", middle)
        budget.add("outcomes that nobody knows", unknown)
        budget.add("targets not reached again", sum(
            ended.get(target) == "unreachable" for target in cut))
        budget.did(CUT)

    in_lanes(bench, budget, lanes, work)
    if not usual or not seen:
        return
    middle = statistics.median(seen)
    least = min(usual) if budget.is_full else min(usual) / 2
    for value in (min(usual), statistics.median(usual), max(usual)):
        budget.measure("the same, undisturbed", value)
    # One run may be slow beside other work on the machine; all of them together may not.
    claim(least <= middle,
          f"the others' median was {middle} steps in 6 s; undisturbed {min(usual)} to {max(usual)}")
