"""Steps that write without measure, and steps that never end."""

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
TIMEOUT, GRACE, SLACK = 2, 5, 1.5
WAYS = ("sleeps", "spins", "deaf", "deaf-spins", "children", "writes", "closed", "stopped",
        "respawns")


def peak(child):
    """The most memory that a process has had, in bytes, looked at until it ends."""
    found = 0
    while not ends_within(child, 0.05):
        try:
            with open(f"/proc/{child.pid}/status") as file:
                for line in file:
                    if line.startswith("VmHWM:"):
                        found = int(line.split()[1]) * 1024
        except OSError:
            break
    return found


def flooded(bench, trial, size):
    """A run whose ten targets write so much; its peak, after its record was checked."""
    child = trial.begin(
        "run", "chaos.flood", "--limit", "*", "--set", "folder=/nowhere", "--set",
        f"bytes={size}", "--yes", "--json")
    most = peak(child)
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
    return most


@case("floods", "MiB on each stream of ten targets at once",
      "the controller's memory grows by less than 64 MiB, and the counts of what was dropped are "
      "exact", (16, 20), (1024, 1800))
def floods(bench, budget):
    (lane,) = bench.lanes(1, 10)
    lane.put(runbook(
        "flood", "Writes much", [
            "  - id: flood", "    effect: idempotent", "    timeout: 2h", "    retry: 1",
            "    run: { script: lib/flood, args: [$bytes] }",
        ], ['  bytes: { type: string, pattern: "[0-9]+", description: How much }']))

    def work(lane, turn, trial):
        quiet = lane.trial(turn.name + "-quiet")
        least = flooded(bench, quiet, 1024)
        quiet.drop()
        began = time.monotonic()
        most = flooded(bench, trial, budget.count * MIB)
        speed = 20 * budget.count / (time.monotonic() - began)
        budget.measure("quiet [MiB]", least / MIB)
        budget.measure("flooded [MiB]", most / MIB)
        budget.measure("speed in all [MiB/s]", speed)
        claim(most - least < MOST_GROWTH,
              f"memory grew by {(most - least) / MIB:.1f} MiB, from {least / MIB:.1f} MiB")
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
        took = ended.at - started.at
        claim("timedOut" in str(ended.body["_1"]["ending"]),
              f"{way}, {effect}: {ended.body['_1']['ending']}")
        claim(took <= TIMEOUT + GRACE + SLACK, f"{way}, {effect}: took {took:.2f} s")
        budget.measure("ended after its timeout by [s]", took - TIMEOUT)
        budget.did()

    in_lanes(bench, budget, lanes, work)
