"""Baselines on real targets: what they see, what they leave alone, and what is told of it."""

from .case import collector
from .rig import claim, equal

CASES = []
case = collector(CASES)

ROLES = {
    "mbx01": "mailbox", "mbx02": "mailbox", "hub01": "hub", "hub02": "hub", "edge01": "edge",
    "edge02": "edge",
}

BASELINE = """handrail: 1
id: baseline.rig
title: The rig's targets are set up as agreed
kind: baseline
owner: rig
run_as: root
targets: { select: "role in [mailbox, hub, edge]" }
every: 8h
exceptions: exceptions.yaml
items:
  - id: mark
    severity: critical
    title: Each target has its mark
    expect: { sh: 'cat /srv/rig-baseline/mark', equals: right }
    fix: { runbook: rig.mark, set: { text: right } }
  - id: conf
    severity: major
    file: { path: /srv/rig-baseline/conf, content: files/conf, mode: "0640", owner: root }
  - id: unwanted
    severity: minor
    file: { path: /srv/rig-baseline/unwanted, absent: true }
  - id: services
    for_each: [postfix, mail-sink]
    when: target.role = hub
    severity: critical
    service: { name: $item, state: running }
  - id: tool
    severity: minor
    package: { name: coreutils }
  - id: no-tool
    severity: minor
    package: { name: coreutils, version: 0.0-never }
  - id: number
    severity: major
    when: target.role = hub
    expect: { sh: 'cat /srv/rig-baseline/number', below: 100 }
"""

MEND = """handrail: 1
id: rig.mark
title: Puts the mark where it belongs
kind: resolution
owner: rig
run_as: root
targets: { pick: many, max: 10 }
parameters:
  text: { type: string, pattern: "[a-z]+" }
steps:
  - id: put
    effect: idempotent
    unless: { sh: 'test "$(cat /srv/rig-baseline/mark 2>/dev/null)" = "$1"', args: [$text] }
    run: { sh: 'printf "%s\\n" "$1" >/srv/rig-baseline/mark', args: [$text] }
    undo: []
"""

EXCEPTIONS = """handrail: 1
exceptions:
  - { item: no-tool, target: [TARGETS], until: 2999-12-31, why: Nobody has it, who: rig }
  - { item: conf, target: edge01, until: 2999-12-31, why: Known, who: rig }
  - { item: conf, target: edge02, until: 2020-12-31, why: Long ago, who: rig }
"""

SET_UP = """set -e
rm -rf /srv/rig-baseline; mkdir -p /srv/rig-baseline
echo right >/srv/rig-baseline/mark
printf 'agreed = yes\\n' >/srv/rig-baseline/conf
chmod 0640 /srv/rig-baseline/conf
echo 5 >/srv/rig-baseline/number
"""

# Everything that a baseline of this rig could write, and where undoing would remember it.
TREE = """
find /srv/rig-baseline /etc/sv /var/service /var/lib/handrail-undo -printf '%p %m %u %s %T@\\n' \
    2>/dev/null | sort
find /srv/rig-baseline /etc/sv -type f -exec sha256sum {} + | sort
dpkg-query -W -f '${Package} ${Version} ${Status}\\n' | sort
"""


def library(rig, name):
    made = rig.copy(rig.little, name)
    made.make("runbooks/baseline/runbook.yaml", BASELINE)
    made.make("runbooks/baseline/files/conf", "agreed = yes\n")
    made.make("runbooks/baseline/exceptions.yaml", EXCEPTIONS.replace("TARGETS", ", ".join(ROLES)))
    made.make("runbooks/baseline/README.md", "What holds.\n")
    made.make("runbooks/mark/runbook.yaml", MEND)
    made.make("runbooks/mark/README.md", "Mends it.\n")
    made.commit("A baseline")
    return made


def verdicts(document):
    """What an audit saw: by target and item."""
    return {
        (target["target"], item["item"]): item
        for target in document["targets"] for item in target.get("items", [])
    }


def results(report):
    (baseline,) = report["baselines"]
    return {(row["target"], row["item"]): row for row in baseline["results"]}


def settled(rig, target):
    """A target's tree; runit's own notes in supervise change by themselves."""
    lines = rig.fleet.shell(target, TREE).splitlines()
    return [line for line in lines if "/supervise" not in line]


def whole(document, expected):
    found = {key: item["verdict"] for key, item in verdicts(document).items()}
    for key, verdict in expected.items():
        equal(found.get(key), verdict, f"the verdict of {key}")
    others = {key: verdict for key, verdict in found.items() if key not in expected}
    odd = {key: v for key, v in others.items() if v != "complies" and key[1] != "no-tool"}
    equal(odd, {}, "what deviates although nothing was planted")


@case("a baseline is audited on several roles, mended, and audited again; nothing is written",
      "fleet")
def audit(rig):
    made = library(rig, "baselines")
    where = dict(library=made, home=rig.home("baselines"))
    for target in ROLES:
        rig.fleet.shell(target, SET_UP)
    rig.fleet.shell("mbx02", "echo wrong >/srv/rig-baseline/mark")
    rig.fleet.shell(
        "hub01", "echo wrong >/srv/rig-baseline/mark; echo many >/srv/rig-baseline/number")
    rig.fleet.shell("hub02", "echo 250 >/srv/rig-baseline/number; sv down mail-sink")
    rig.fleet.shell("edge01", "echo 'agreed = no' >/srv/rig-baseline/conf")
    rig.fleet.shell("edge02", "chmod 0600 /srv/rig-baseline/conf; touch /srv/rig-baseline/unwanted")
    rig.fleet.shell("mbx01", "rm /srv/rig-baseline/mark")
    trees = {target: settled(rig, target) for target in ROLES}

    plan = rig.handrail("plan", "baseline.rig", "--json", **where).exits(0).document()
    claim(not plan["may_change"], "the plan of a baseline may change something")
    # Something could not be looked at: that is told before what deviates.
    document = rig.handrail("run", "baseline.rig", "--json", **where).exits(5).document()
    equal(document["resolution"], "unresolved", "the resolution")
    expected = {
        ("mbx01", "mark"): "failed", ("mbx02", "mark"): "deviates",
        ("hub01", "mark"): "deviates", ("hub01", "number"): "failed",
        ("hub02", "number"): "deviates", ("hub02", "services[mail-sink]"): "deviates",
        ("edge01", "conf"): "excepted", ("edge02", "conf"): "deviates",
        ("edge02", "unwanted"): "deviates",
    }
    whole(document, expected)
    seen = verdicts(document)
    claim(("mbx01", "number") not in seen, "an item that doesn't apply has a result")
    equal(seen["mbx02", "mark"].get("actual"), "wrong", "what mbx02's mark is")
    equal(seen["mbx02", "mark"].get("expected"), "right", "what mbx02's mark should be")
    equal(seen["hub02", "services[mail-sink]"].get("actual"), "stopped", "the service")
    equal(seen["edge02", "unwanted"].get("expected"), "absent", "the unwanted file")
    mode = seen["edge02", "conf"]
    claim("mode 600" in mode["actual"] and "mode 640" in mode["expected"], f"the mode: {mode}")
    claim(mode["actual"].startswith("sha256:"), f"the content's digest: {mode}")
    equal(mode["actual"].split(",")[0], mode["expected"].split(",")[0], "equal contents")
    claim(seen["hub01", "tool"].get("actual", "")[0].isdigit(), "no version of coreutils is told")
    equal(seen["hub01", "no-tool"]["verdict"], "excepted", "what nobody has")
    equal({target: settled(rig, target) for target in ROLES}, trees, "nothing is written")

    report = rig.handrail("baseline", "report", "--json", **where).exits(14).document()
    (told,) = report["baselines"]
    equal({count.get("value"): count["targets"] for count in told["counts"]},
          {"edge": 2, "hub": 2, "mailbox": 2}, "targets by role")
    hubs = next(count for count in told["counts"] if count["value"] == "hub")
    equal((hubs["deviates"], hubs["failed"], hubs["excepted"]), (3, 1, 2), "the hubs' results")
    claim("ended" in [each["note"] for each in told["exceptions"]], "an ended exception isn't told")
    shown = rig.handrail("baseline", "report", "baseline.rig", **where).exits(14)
    shown.says("CRITICAL", "mark on 2 targets (hub01, mbx02)", "wrong instead of right",
               "handrail run rig.mark --limit hub01,mbx02 --set text=right", "by role")

    # What the report says to type.
    rig.handrail("run", "rig.mark", "--limit", "hub01,mbx02,mbx01", "--set", "text=right", "--yes",
                 **where).exits(0)
    rig.fleet.shell("hub02", "sv up mail-sink")
    rig.handrail("baseline", "audit", **where).exits(0).says("Nothing is due")
    rig.handrail("baseline", "audit", "--now", **where).exits(5)
    again = rig.handrail("baseline", "report", "--json", **where).exits(14).document()
    drift = {key: row.get("drift") for key, row in results(again).items()}
    for key in (("mbx02", "mark"), ("hub01", "mark"), ("hub02", "services[mail-sink]")):
        equal(drift[key], "mended", f"the drift of {key}")
    equal(drift["hub02", "number"], "staying", "what nobody mended")
    equal(drift["edge02", "unwanted"], "staying", "what nobody mended")
    equal(drift.get(("mbx01", "mark")), None, "the drift of what could not be seen before")
    for target in ROLES:
        rig.fleet.shell(target, "rm -rf /srv/rig-baseline")


@case("a baseline's target that is down keeps no other from being audited, and is overdue", "fleet")
def one_down(rig):
    made = library(rig, "baselines-down")
    where = dict(library=made, home=rig.home("baselines-down"))
    for target in ROLES:
        rig.fleet.shell(target, SET_UP)
    rig.fleet.power("down", "hub02")
    try:
        ended = rig.handrail("baseline", "audit", "--json", **where).exits(6)
        (document,) = ended.document()["runs"]
        states = {target["target"]: target["state"] for target in document["targets"]}
        equal(states.pop("hub02"), "unreachable", "the target that is down")
        equal(set(states.values()), {"ok"}, "the others")
        line = rig.handrail("baseline", "report", "--nagios", **where)
        line.exits(1).says("HANDRAIL WARNING", "1 target overdue", "overdue=1")
        rig.handrail("baseline", "report", **where).exits(0).says("never seen", "hub02")
    finally:
        rig.fleet.power("up", "hub02")
    for target in ROLES:
        rig.fleet.shell(target, "rm -rf /srv/rig-baseline")


@case("the example baseline sees what a fault did, and its fix mends it", "fleet")
def example(rig):
    where = dict(home=rig.home("baseline-example"))
    before = rig.handrail("run", "baseline.messaging", "--json", **where)
    odd = {key: item for key, item in verdicts(before.document()).items()
           if item["verdict"] != "complies"}
    equal(odd, {}, "what is odd on a healthy fleet")
    before.exits(0)
    rig.fleet.plant("config-drift", "edge01")
    try:
        found = rig.handrail("run", "baseline.messaging", "--json", **where).exits(14).document()
        equal(verdicts(found)["edge01", "limits-file"]["verdict"], "deviates", "the limits")
        alerts = rig.handrail("baseline", "report", "--alerts", **where).exits(14)
        path = rig.path("deviations.json")
        with open(path, "w") as file:
            file.write(alerts.out)
        answer = rig.handrail("alert", path, "--json", **where).exits(0).document()
        (fit,) = answer["fits"]
        equal((fit["runbook"], fit["targets"], fit["mends"]),
              ("config.mail-limits", ["edge01"], "limits-file"), "what mends it")
        rig.handrail(*fit["command"].split()[1:], "--yes", **where).exits(0)
        rig.handrail("run", "baseline.messaging", **where).exits(0).says("complies")
    finally:
        if rig.fleet.has("config-drift", "edge01"):
            rig.fleet.heal("config-drift", "edge01")
