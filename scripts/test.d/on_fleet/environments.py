"""Environments: what runs in production has succeeded in pre-release first."""

import os

from .case import collector
from .rig import claim

CASES = []
case = collector(CASES)

HOUSE = """handrail: 1
id: rig.environments
environments:
  pre-release: { content: off, change: off, production: false }
  lab: { content: off, change: off, production: false, after: pre-release }
"""

RUNBOOK = """handrail: 1
id: rig.limits
title: Higher limits
kind: change
owner: rig
targets: { pick: many, max: 2 }
steps:
  - id: set
    title: Set it
    effect: idempotent
    run: { sh: "mkdir -p /run/rig-environments && echo %s > /run/rig-environments/limits" }
    undo: []
verify:
  - assert: { sh: "test -s /run/rig-environments/limits" }
"""


@case("production waits for pre-release, and an edited runbook waits again", "edge01")
def order(rig):
    library = rig.copy(rig.little, "environments")
    where = {"library": library, "home": rig.home("environments")}
    library.write("handrail.yaml", HOUSE)
    # edge01 is the only target of pre-release; both have the role that counts.
    text = library.read("inventory/fleet.yaml")
    head, rest = text.split("edge01:", 1)
    library.write(
        "inventory/fleet.yaml",
        head + "edge01:" + rest.replace("environment: lab", "environment: pre-release", 1))
    library.make("runbooks/limits/README.md", "# Limits\n")
    library.make("runbooks/limits/runbook.yaml", RUNBOOK % "first")
    library.commit("Two environments")
    edge02 = ["rig.limits", "--on", "edge02"]
    rig.handrail("run", *edge02, "--yes", **where).exits(4).says(
        "has not succeeded in pre-release", "handrail run rig.limits --limit edge01")
    there = rig.handrail("run", "rig.limits", "--on", "edge01", "--yes", "--json", **where)
    first = there.exits(0).document()["run"]
    rig.handrail("plan", *edge02, **where).exits(0).says(
        "2 environment: open", f"{first} succeeded in pre-release")
    rig.handrail("run", *edge02, "--yes", **where).exits(0)
    library.write("runbooks/limits/runbook.yaml", RUNBOOK % "second")
    library.commit("Another script")
    rig.handrail("run", *edge02, "--yes", **where).exits(4).says(
        f"ran there ({first}", "not this one")
    found = rig.fleet.shell("edge02", "cat /run/rig-environments/limits")
    claim(found.strip() == "first", f"the edited runbook ran: {found!r}")
    # A home that comes back from its trail knows it, too.
    rig.handrail("run", "rig.limits", "--on", "edge01", "--yes", **where).exits(0)
    for end in ("", "-wal", "-shm"):
        name = os.path.join(where["home"], "journal.db" + end)
        if os.path.exists(name):
            os.remove(name)
    rig.handrail("restore", "--from-trail", **where).exits(0)
    rig.handrail("run", *edge02, "--yes", **where).exits(0)
    rig.handrail("audit", "verify", **where).exits(0)
