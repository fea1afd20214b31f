"""Facts: what targets answer, what they get for it, and what nobody wrote a choice for."""

import json

from .case import collector
from .rig import claim, equal, outcomes, steps

CASES = []
case = collector(CASES)
ALL = ["edge01", "edge02", "hub01"]

RUNBOOK = """handrail: 1
id: rig.facts
title: Writes what fits each target
kind: resolution
owner: rig
targets: { pick: many, max: 9 }
facts:
  card:
    run: { script: scripts/card, args: [$target_name] }
    choices: [k1, k2]
values:
  driver:
    - { when: facts.card = k1, is: driver-one }
    - { when: facts.card = k2, is: driver-two }
rollout: { stop_at: { failures: 3 } }
steps:
  - id: write
    effect: idempotent
    unless: { sh: 'test -e /run/rig-driver && grep -qx "$1" /run/rig-driver', args: [$driver] }
    run: { sh: 'echo "$1" >/run/rig-driver', args: [$driver] }
    undo: []
  - id: second
    when: facts.card = k2
    effect: idempotent
    run: { sh: 'echo second >>/run/rig-driver' }
    undo: []
"""


def planted(rig, name):
    """A library with the runbook, and the cards of the three targets; the last one has none."""
    library = rig.copy(rig.little, name)
    library.make("runbooks/facts/runbook.yaml", RUNBOOK)
    library.make("runbooks/facts/README.md", "Facts.\n")
    library.make("runbooks/facts/scripts/card", "cat /run/rig-card\n")
    library.commit("Facts")
    for target, card in zip(ALL, ["k1", "k2", "k9"]):
        rig.fleet.shell(target, f"echo {card} >/run/rig-card; rm -f /run/rig-driver")
    return library


def written(rig):
    return {
        target: rig.fleet.shell(target, "cat /run/rig-driver 2>/dev/null || true").split()
        for target in ALL
    }


@case("each target gets the value of what it answers, and one that answers no choice is failed",
      "fleet")
def answered(rig):
    library = planted(rig, "answered")
    path = rig.path("answered.json")
    rig.handrail(
        "plan", "rig.facts", "--limit", ",".join(ALL), "-o", path, library=library).says(
        "driver-one where facts.card = k1", "'k9'")
    with open(path) as file:
        document = json.load(file)
    equal([step["id"] for step in document["plan"]["steps"]], ["fact-card", "write", "second"],
          "the plan's steps")
    decided = {key: part for key, part in document["plan"].items() if key != "targets"}
    claim('"k9"' not in json.dumps(decided), "an answer is in the plan")
    found = {
        target["target"]: target["entries"][0].get("fact")
        for target in document["forecast"]["targets"]
    }
    equal(found, {"edge01": "k1", "edge02": "k2", "hub01": None}, "the forecast")
    done = rig.handrail("run", path, "--yes", "--json", library=library).exits(5).document()
    equal(outcomes(done), {"edge01": "changed", "edge02": "changed", "hub01": "failed"}, "outcomes")
    equal(written(rig), {"edge01": ["driver-one"], "edge02": ["driver-two", "second"], "hub01": []},
          "what was written")
    equal(steps(done, "edge01"), {"fact-card": "ok", "write": "changed", "second": "skipped"},
          "the steps of edge01")
    equal(steps(done, "hub01"), {"fact-card": "failed"}, "the steps of hub01")
    (hub,) = [each for each in done["targets"] if each["target"] == "hub01"]
    for word in ("facts.card is unknown", "'k9'", "k1, k2", "'driver'", "leave this target out"):
        claim(word in json.dumps(hub), f"hub01 doesn't say {word!r}: {hub}")
    # Mended, the retry asks it anew.
    rig.fleet.shell("hub01", "echo k2 >/run/rig-card")
    rig.handrail(
        "retry", done["run"], "--failed", "--yes", "--json", library=library).exits(0)
    equal(written(rig)["hub01"], ["driver-two", "second"], "what was written on hub01")


@case("unattended, a target that answers another choice than in the plan needs a person", "fleet")
def answered_otherwise(rig):
    library = planted(rig, "otherwise")
    path = rig.path("otherwise.json")
    both = ["edge01", "edge02"]
    rig.handrail(
        "plan", "rig.facts", "--limit", ",".join(both), "-o", path, library=library).exits(0)
    rig.fleet.shell("edge01", "echo k2 >/run/rig-card")
    rig.handrail("run", path, "--yes", library=library).exits(4).says(
        "edge01", "k1 → k2", "nothing was started")
    equal(written(rig), {target: [] for target in ALL}, "what was written")
