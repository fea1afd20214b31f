"""Each runbook of the example library, with its fault planted."""

import json

from .case import collector
from .rig import changed, claim, equal, outcomes, steps

CASES = []
case = collector(CASES)

# Runbook, fault, target, the first step that changes something, answers to what the run asks.
EXAMPLES = [
    ("disk.full", "disk-full", "mbx01", "rotated", {}),
    ("mailbox.slow-server", "slow-service", "mbx01", "restart", {}),
    ("service.hangs", "service-hangs", "mbx02", "drain", {"users": "fine"}),
    ("postfix.stuck-queue", "mail-queue", "hub01", "setting", {}),
    ("config.mail-limits", "config-drift", "edge01", "limits-file", {}),
    ("disk.inodes", "inode-exhaustion", "edge02", "stale", {}),
    ("tls.expiring", "certificate-expires", "hub02", "request", {}),
    ("kernel.noisy-module", "noisy-module", "mbx02", "keep-out", {"sure": "out"}),
    ("process.runaway", "runaway-process", "edge01", "slow", {"which": "end", "force": "kill"}),
]


def mend(rig, runbook, fault, target, step, answers):
    folder = rig.examples.path + "/runbooks/" + runbook.replace(".", "/")
    rig.handrail("validate", folder, "--json").exits(0)
    rig.fleet.plant(fault, target)

    plan = rig.handrail("plan", runbook, "--on", target, "--json").exits(0).document()
    (forecast,) = plan["forecast"]["targets"]
    equal(forecast["symptom"], "present", "the symptom in the plan")
    (entry,) = [each for each in forecast["entries"] if each.get("step") == step]
    # Behind a question it depends on the answer; what it would do today is said all the same.
    claim("would change" in (entry["label"], entry.get("note", "").rpartition("today: ")[2]),
          f"the plan says of {step}: {entry}")
    claim(plan["may_change"], "the plan says that nothing may change")
    claim(rig.fleet.has(fault, target), "the plan has changed the target")

    done = rig.run(runbook, "--on", target, answers=answers).exits(0)
    document = done.document()
    equal(document["state"], "succeeded", "state")
    equal(document["resolution"], "resolved", "resolution")
    equal(steps(document, target)[step], "changed", step)
    equal(document["owed"], [], "what is owed")
    claim(not rig.fleet.has(fault, target), f"{fault} is still on {target}")

    again = rig.run(runbook, "--on", target, answers=answers).exits(0).document()
    equal(again["state"], "succeeded", "state of the second run")
    equal(changed(again), [], "steps that changed something in the second run")


def add(runbook, fault, target, step, answers):
    @case(f"{runbook} mends {fault}, and a second run changes nothing", target)
    def body(rig):
        mend(rig, runbook, fault, target, step, answers)


for example in EXAMPLES:
    add(*example)


@case("service.outdated restarts what runs old files, service by service", "hub02")
def item_by_item(rig):
    services = ["imapd-sim", "mail-sink", "postfix"]
    given = ("--on", "hub02", "--set", "services=" + ",".join(services))
    items = [f"restart[{service}]" for service in services]
    rig.fleet.plant("outdated-services", "hub02")
    plan = rig.handrail("plan", "service.outdated", *given, "--json").exits(0).document()
    (forecast,) = plan["forecast"]["targets"]
    equal(forecast["symptom"], "present", "the symptom in the plan")
    found = {entry.get("step"): entry for entry in forecast["entries"]}
    for item in items:
        claim("would change" in (found[item]["label"], found[item].get("note", "")[-12:]),
              f"the plan says of {item}: {found[item]}")
    shown = rig.handrail("plan", "service.outdated", *given).exits(0)
    shown.says(*[f"{item}: needs no undo" for item in items])

    document = rig.run("service.outdated", *given).exits(0).document()
    equal({name: how for name, how in steps(document, "hub02").items() if name in items},
          dict.fromkeys(items, "changed"), "the items")
    equal(document["resolution"], "resolved", "resolution")
    claim(not rig.fleet.has("outdated-services", "hub02"), "services still run old programs")
    logs = rig.handrail("logs", document["run"]).exits(0)
    places = [logs.out.index(item) for item in items]
    equal(places, sorted(places), "the order of the items")
    again = rig.run("service.outdated", *given).exits(0).document()
    equal(changed(again), [], "items that changed something in the second run")


@case("an item that fails ends its step on a real target, and later items stay as they are", "hub02")
def item_that_fails(rig):
    library = rig.copy(rig.little, "items")
    library.make("runbooks/items/runbook.yaml", """handrail: 1
id: rig.items
title: Goes through a list
kind: resolution
owner: rig
run_as: root
parameters:
  names: { type: list }
steps:
  - id: make
    for_each: $names
    effect: idempotent
    unless: { sh: 'test -e "/run/rig/$1"', args: [$item] }
    run: { sh: 'test "$1" != bad || { echo "no $1" >&2; exit 3; }; : >"/run/rig/$1"', args: [$item] }
    undo: []
  - id: after
    effect: read
    run: ls /run/rig
""")
    library.commit("A list")
    rig.fleet.shell("hub02", "rm -rf /run/rig && mkdir -p /run/rig && : >/run/rig/there")
    # A text that is no plain word, and means something to a shell, is an item like any other.
    odd = "a b; $(echo '$HOME')"
    names = rig.path("names.json")
    with open(names, "w") as file:
        json.dump({"names": ["there", odd, "bad", "never"]}, file)
    where = {"library": library}
    document = rig.run("rig.items", "--on", "hub02", "--params", "@" + names, **where)
    document = document.exits(5).document()
    equal(steps(document, "hub02"),
          {"make[there]": "satisfied", "make[#2]": "changed", "make[bad]": "failed"}, "the items")
    (group,) = document["failures"]
    equal(group["part"], "make[bad]", "what failed")
    claim("no bad" in group["reason"], group["reason"])
    equal(rig.fleet.shell("hub02", "ls -N /run/rig").splitlines(), [odd, "there"], "what was made")


@case("the wrong target is noticed, and nothing is started", "mbx01")
def wrong_target(rig):
    # Two limits differ, so the file would change; the healthy disk needs nothing.
    rig.fleet.shell("mbx01", "rm -rf /run/rig && mkdir -p /run/rig")
    library = rig.copy(rig.little, "symptom")
    library.write("runbooks/look/runbook.yaml", """handrail: 1
id: rig.look
title: Would change a target that doesn't have the symptom
kind: resolution
owner: rig
run_as: root
symptoms:
  - alert: RigBroken
    present: "test -e /run/rig/broken"
    not_present: ask
steps:
  - id: change
    effect: once
    run: "touch /run/rig/changed"
""")
    library.commit("A symptom that isn't there")
    before = rig.runs()
    done = rig.handrail("run", "rig.look", "--on", "mbx01", "--yes", library=library)
    done.exits(4).says("symptom", "mbx01", "nothing was started")
    equal(rig.runs(), before, "runs")
    equal(rig.fleet.shell("mbx01", "ls /run/rig").strip(), "", "what was changed")


@case("config.mail-limits over six targets: one can't take it, the others are mended", "fleet")
def one_of_six_fails(rig):
    healthy = ["mbx01", "mbx02", "hub01", "hub02", "edge01"]
    for target in healthy:
        rig.fleet.plant("config-drift", target)
    rig.fleet.plant("config-broken-check", "edge02")
    selection = ("--limit", "role in [mailbox, hub, edge]")
    plan = rig.handrail("plan", "config.mail-limits", *selection).says("200", "edge02")
    claim(plan.code in (0, 5), f"plan ended with {plan.code}")
    document = rig.run("config.mail-limits", *selection).exits(5).document()
    found = outcomes(document)
    equal(found.pop("edge02"), "failed", "edge02")
    equal(set(found.values()), {"changed"}, "the others")
    (group,) = document["failures"]
    equal(group["targets"], ["edge02"], "the targets of the failure")
    claim("max_connections" in group["reason"] or "100" in group["reason"] or group["reason"],
          "the failure has no reason")
    equal(document["resolution"], "unresolved", "resolution")
    for target in healthy:
        claim(not rig.fleet.has("config-drift", target), f"config-drift is still on {target}")
    logs = rig.handrail("logs", document["run"], "--failed", "--group").exits(0)
    logs.says("edge02", "100")
    rig.fleet.heal("config-broken-check", "edge02")
