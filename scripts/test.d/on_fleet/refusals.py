"""Bad input: a clear error, exit code 3, and nothing started."""

import json
import os

from .case import collector
from .rig import Library, claim, equal

CASES = []
case = collector(CASES)


@case("zero targets are an error", "words")
def zero_targets(rig):
    done = rig.handrail(
        "run", "config.mail-limits", "--limit", "role = hub and site = mars", "--yes", "--json")
    done.exits(3)
    claim(done.document()["error"]["message"], "no message")
    rig.handrail("plan", "disk.full", "--on", "mbx10").exits(3).says("mbx01")
    equal(rig.runs(), [], "runs")


@case("a library that is no git repository is refused", "words")
def no_repository(rig):
    plain = Library.__new__(Library)
    plain.path = rig.path("plain")
    os.makedirs(plain.path)
    plain.write("handrail.yaml", rig.examples.read("handrail.yaml"))
    done = rig.handrail("run", "disk.full", "--on", "mbx01", "--yes", library=plain)
    done.exits(3).says("git")
    equal(rig.runs(), [], "runs")


@case("a dirty working tree is a warning that says which commit is used", "words")
def dirty_tree(rig):
    library = rig.copy(rig.little, "dirty")
    text = library.read("runbooks/look/runbook.yaml")
    library.write("runbooks/look/runbook.yaml", text.replace("Looks at targets", "Edited"))
    done = rig.handrail(
        "plan", "rig.look", "--on", "mbx01", "--no-probe", library=library).exits(0)
    commit = library.git("rev-parse", "--short=7", "HEAD").strip()
    claim("warning" in done.err and commit in done.err, f"no warning with {commit}: {done.err}")
    claim("Looks at targets" in done.out, f"the commit is not what is used: {done.out}")


@case("a document's problems come all at once, with file, line and column", "words")
def bad_document(rig):
    library = rig.copy(rig.little, "bad")
    library.write("runbooks/look/runbook.yaml", """handrail: 1
id: rig.look
title: Bad
kind: resolutoin
owner: rig
steps:
  - id: look
    effct: read
    run: { script: scripts/none, args: [$nothing] }
  - id: look
    effect: read
    run: "true"
""")
    done = rig.handrail("validate", library.path, "--working-tree", "--json").exits(3)
    found = done.document()["diagnostics"]
    places = {(each["position"]["line"], each["code"]) for each in found if each.get("position")}
    for line in (4, 8, 9, 10):
        claim(line in {place[0] for place in places}, f"nothing about line {line}: {places}")
    library.commit("Bad")
    done = rig.handrail(
        "run", "rig.look", "--on", "mbx01", "--yes", library=library).exits(3)
    done.says("runbook.yaml:4:")
    equal(rig.runs(), [], "runs")


@case("what isn't built yet is refused by name, or hidden", "words")
def not_built(rig):
    rig.handrail("rollback", "last").exits(64, 3)
    done = rig.handrail("frobnicate").exits(64)
    claim(done.err, "no word on standard error")
    rig.handrail("--version").exits(0).says("handrail")


@case("JSON on standard output is one document, also for refusals", "words")
def pure_json(rig):
    for arguments in (
        ["list"], ["show", "disk.full"], ["inventory"], ["history"], ["status"], ["validate"],
        ["show", "disk.ful"], ["status", "r-20200101-0000-aaaa"], ["plan", "disk.full"],
    ):
        done = rig.handrail(*arguments, "--json")
        try:
            json.loads(done.out)
        except ValueError:
            claim(False, f"{' '.join(arguments)} --json writes {done.out[:300]!r}")
