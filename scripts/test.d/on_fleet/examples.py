"""Each runbook of the example library, with its fault planted."""

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
