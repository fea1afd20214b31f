"""Steps that write without measure, and steps that never end."""

import os
import time

from on_fleet.rig import claim, equal

from . import records
from .bench import ends_within, in_lanes, processes, runbook
from .budget import collector

CASES = []
case = collector(CASES)
MIB = 1 << 20
# docs/semantics.md, "Output": what is kept of a stream.
KEPT = (768 + 256) * 1024
MOST_GROWTH = 64 * MIB
# What a spool may hold besides two streams.
SPARE = 64 * 1024
TIMEOUT, GRACE, SLACK = 2, 5, 1.5
WAYS = ("sleeps", "spins", "deaf", "deaf-spins", "children", "writes", "closed", "stopped",
        "respawns")


def peak(child, spools):
    """The most memory that a process has had, and the most that one spool has grown by.

    What earlier runs left in a spool, unsettled, is not this one's.
    """
    found, spooled = 0, 0
    before = [size_of(spool) for spool in spools]
    while not ends_within(child, 0.05):
        spooled = max([spooled, *(size_of(at) - was for at, was in zip(spools, before))])
        try:
            with open(f"/proc/{child.pid}/status") as file:
                for line in file:
                    if line.startswith("VmHWM:"):
                        found = int(line.split()[1]) * 1024
        except OSError:
            break
    return found, spooled


def size_of(folder):
    """The bytes of all files below a folder that may change meanwhile."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except OSError:
                pass
    return total


def flooded(bench, trial, how, size):
    """A run whose ten targets write so much; its peaks, after its record was checked."""
    spools = [f"/proc/{process}/root/var/lib/handrail-spool"
              for process in trial.lane.listeners().values()]
    child = trial.begin(
        "run", f"chaos.flood-{how}", "--limit", "*", "--set", "folder=/nowhere", "--set",
        f"bytes={size}", "--yes", "--json")
    most, spooled = peak(child, spools)
    trial.end(child).exits(0)
    seen = 0
    for event in trial.events():
        if event.name == "attemptEnded" and event.action:
            for stream in ("stdout", "stderr"):
                record = event.body["_1"][stream]
                where = f"{event.target}, {stream}: "
                equal(record["totalBytes"], size, where + "bytes written")
                equal(record["droppedBytes"], max(0, size - KEPT), where + "bytes dropped")
                _, is_right = records.output(trial.home, record)
                claim(is_right, where + "what is stored isn't what its digest says")
                seen += 1
    equal(seen, 2 * len(trial.lane.targets), "streams with a record")
    trial.verify()
    return most, spooled


@case("floods", "MiB on each stream of ten targets at once, attached and detached",
      "the controller's memory grows by less than 64 MiB, a spool holds its limit at most, and the "
      "counts of what was dropped are exact", (16, 20), (1024, 3600))
def floods(bench, budget):
    (lane,) = bench.lanes(1, 10)
    # What may take five minutes is detached.
    for how, lines in (("attached", ["effect: idempotent", "timeout: 299s", "retry: 1"]),
                       ("detached", ["effect: once", "timeout: 2h"])):
        lane.put(runbook(f"flood-{how}", "Writes much", [
            "  - id: flood", *("    " + line for line in lines),
            "    run: { script: lib/flood, args: [$bytes] }",
        ], ['  bytes: { type: string, pattern: "[0-9]+", description: How much }']))

    def work(lane, turn, trial):
        for how in ("attached", "detached"):
            quiet, loud = lane.trial(f"{turn.name}-{how}-quiet"), lane.trial(f"{turn.name}-{how}")
            least, _ = flooded(bench, quiet, how, 1024)
            began = time.monotonic()
            most, spooled = flooded(bench, loud, how, budget.count * MIB)
            speed = 20 * budget.count / (time.monotonic() - began)
            quiet.drop()
            loud.drop()
            budget.measure(f"{how}: quiet [MiB]", least / MIB)
            budget.measure(f"{how}: flooded [MiB]", most / MIB)
            budget.measure(f"{how}: speed in all [MiB/s]", speed)
            budget.measure(f"{how}: a spool [MiB]", spooled / MIB)
            claim(most - least < MOST_GROWTH,
                  f"{how}: memory grew by {(most - least) / MIB:.1f} MiB, from {least / MIB:.1f}")
            claim(spooled <= 2 * KEPT + SPARE, f"{how}: a spool had {spooled:,} bytes")
        budget.did(budget.count)

    in_lanes(bench, budget, [lane], work)


@case("endless", "step that never ends, most of them deaf to TERM",
      f"each is ended within its timeout, grace and {SLACK} s, and no process is left",
      (9, 30), (180, 1800))
def endless(bench, budget):
    lanes = bench.lanes(6, 1)
    books = []
    for way in WAYS:
        for effect in ("idempotent", "once"):
            retry = ["    retry: 1"] if effect == "idempotent" else []
            # The first step opens the session: that isn't the second one's time.
            books.append(runbook(f"{way}-{effect}", "Never ends", [
                "  - id: look", "    effect: read", "    run: { sh: 'true' }",
                "  - id: endless", f"    effect: {effect}", f"    timeout: {TIMEOUT}s", *retry,
                f"    run: {{ script: lib/endless, args: [{way}, $folder] }}",
            ]))
    for lane in lanes:
        lane.put(*books)

    def work(lane, turn, trial):
        way = WAYS[turn.number % len(WAYS)]
        effect = ("idempotent", "once")[turn.number // len(WAYS) % 2]
        child = trial.begin_run(f"chaos.{way}-{effect}")
        trial.end(child).exits(5)
        left = processes(trial.notes)
        claim(not left, f"{way}, {effect}: left on the target: {left}")
        (started,) = [event for event in trial.events()
                      if event.name == "attemptStarted" and event.action == "endless"]
        (ended,) = [event for event in trial.events()
                    if event.name == "attemptEnded" and event.action == "endless"]
        # From when it began: its intent is recorded and synced before that, with those of the steps
        # that it was sent ahead with.
        took = ended.body["_1"]["durationMilliseconds"] / 1000
        claim("timedOut" in str(ended.body["_1"]["ending"]),
              f"{way}, {effect}: {ended.body['_1']['ending']}")
        claim(took <= TIMEOUT + GRACE + budget.limit(SLACK), f"{way}, {effect}: took {took:.2f} s")
        budget.measure("ended after its timeout by [s]", took - TIMEOUT)
        budget.measure("from its intent to its recorded end [s]", ended.at - started.at)
        budget.did()

    in_lanes(bench, budget, lanes, work)
