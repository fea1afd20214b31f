"""What differs between a plan and its run: forecasts, host keys, and targets left out."""

import json
import re

from .case import collector
from .rig import claim, equal, outcomes

CASES = []
case = collector(CASES)
ALL = ["edge01", "edge02", "hub01"]


def arguments(name, *more):
    return ["--limit", ",".join(ALL), "--set", f"file=/run/rig-{name}", *more]


def planned(rig, name, *codes):
    """A plan file for all three targets."""
    path = rig.path(name + ".json")
    rig.handrail(
        "plan", "rig.pair", *arguments(name), "-o", path, library=rig.little).exits(*codes or [0])
    return path


def has_line(rig, name):
    return [
        target for target in ALL
        if "done" in rig.fleet.shell(target, f"cat /run/rig-{name} 2>/dev/null || true")
    ]


def reason(document, target):
    (found,) = [each for each in document["targets"] if each["target"] == target]
    return found.get("reason") or ""


@case("targets are left out by name, with a reason, and the plan stays the same", "fleet")
def without(rig):
    path = planned(rig, "without")
    done = rig.handrail(
        "run", path, "--yes", "--json", "--without", "edge02", "--why", "in repair",
        library=rig.little).exits(0)
    document = done.document()
    equal(outcomes(document), {"edge01": "changed", "edge02": "left_out", "hub01": "changed"},
          "outcomes")
    equal(reason(document, "edge02"), "in repair", "the reason")
    equal(has_line(rig, "without"), ["edge01", "hub01"], "targets with the line")
    with open(path) as file:
        equal(document["plan_digest"], json.load(file)["digest"], "the plan's digest")
    before = rig.runs()
    for wrong, code, words in [
        (["--without", "edge1", "--why", "x"], 3, "did you mean edge01"),
        (["--without", ",".join(ALL), "--why", "x"], 3, "all 3 targets"),
        (["--without", "edge01"], 64, "--why"),
    ]:
        rig.handrail("run", path, "--yes", *wrong, library=rig.little).exits(code).says(words)
    equal(rig.runs(), before, "runs")


@case("unattended, what moved between satisfied and would change goes on, and is recorded",
      "fleet")
def moved(rig):
    rig.fleet.shell("hub01", "echo done >/run/rig-moved")
    path = planned(rig, "moved")
    rig.fleet.shell("hub01", "rm /run/rig-moved")
    document = rig.handrail("run", path, "--yes", "--json", library=rig.little).exits(0).document()
    equal(document["forecast_changes"], ["hub01: line: satisfied → would change"], "the record")
    equal(has_line(rig, "moved"), ALL, "targets with the line")


@case("unattended, a target that got worse since the plan is not started, and counts", "fleet")
def worse(rig):
    path = planned(rig, "worse")
    # The guard can't be read any more: it fails where it said 'needed'.
    rig.fleet.shell("edge02", "mkdir /run/rig-worse")
    document = rig.handrail("run", path, "--yes", "--json", library=rig.little).exits(5).document()
    equal(outcomes(document), {"edge01": "changed", "edge02": "failed", "hub01": "changed"},
          "outcomes")
    claim("would change → failed" in reason(document, "edge02"), reason(document, "edge02"))
    # A plan is used up target by target: the next one sees all of them well.
    rig.fleet.shell("edge02", "rmdir /run/rig-worse")
    for target in ("hub01", "edge01"):
        rig.fleet.shell(target, "rm -f /run/rig-worse")
    path = planned(rig, "worse")
    for target in ("hub01", "edge02"):
        rig.fleet.shell(target, "mkdir /run/rig-worse")
    document = rig.handrail("run", path, "--yes", "--json", library=rig.little).exits(5).document()
    equal(outcomes(document), {"edge01": "not_started", "edge02": "failed", "hub01": "failed"},
          "outcomes with as many as the threshold")
    equal(has_line(rig, "worse"), [], "targets with the line")


@case("unattended, anything else that differs from the plan needs a person", "fleet")
def other(rig):
    rig.fleet.power("down", "edge02")
    try:
        path = planned(rig, "other", 6)
    finally:
        rig.fleet.power("up", "edge02")
    before = rig.runs()
    rig.handrail("run", path, "--yes", library=rig.little).exits(4).says(
        "edge02", "unreachable → would change", "nothing was started")
    equal(rig.runs(), before, "runs")
    equal(has_line(rig, "other"), [], "targets with the line")


@case("a host key that known_hosts got after the plan is refused, though ssh would take it",
      "fleet")
def pinned(rig):
    rig.fleet.plant("wrong-host-key", "edge02")
    try:
        path = planned(rig, "pinned", 6)
        known = rig.runs()
        child = rig.begin(
            "run", "rig.pair", *arguments("pinned", "--set", "pause=4"), "--yes", "--json",
            library=rig.little)
        run = rig.eventually("a run", lambda: next(
            (run for run in rig.runs() if run not in known), None))
        rig.handrail("pause", run).exits(0)
        rig.end(child).exits(12)
    finally:
        rig.fleet.heal("wrong-host-key", "edge02")
    document = rig.handrail("resume", run, "--json").exits(6).document()
    equal(outcomes(document), {"edge01": "changed", "edge02": "unreachable", "hub01": "changed"},
          "outcomes")
    claim("than in the plan" in reason(document, "edge02"), reason(document, "edge02"))
    equal(has_line(rig, "pinned"), ["edge01", "hub01"], "targets with the line")
    # A plan file of the time before names the other key: it is another plan now.
    rig.handrail("run", path, "--yes", library=rig.little).exits(3).says("host_keys")


@case("two names for one machine start nothing, and both are named", "fleet")
def one_machine_twice(rig):
    library = rig.copy(rig.little, "twice")
    text = library.read("inventory/fleet.yaml")
    addresses = {
        name: re.search(rf"{name}:.*?address: *([0-9.]+)", text, re.DOTALL).group(1)
        for name in ("edge01", "edge02")
    }
    library.write(
        "inventory/fleet.yaml", text.replace(addresses["edge02"], addresses["edge01"]))
    library.commit("One machine, two names")
    done = rig.handrail(
        "run", "rig.pair", *arguments("twice"), "--yes", "--json", library=library).exits(5)
    equal(outcomes(done.document()),
          {"edge01": "failed", "edge02": "failed", "hub01": "not_started"}, "outcomes")
    for target in ("edge01", "edge02"):
        why = reason(done.document(), target)
        claim("edge01" in why and "edge02" in why, f"{target}: {why}")
    equal(has_line(rig, "twice"), [], "targets with the line")
