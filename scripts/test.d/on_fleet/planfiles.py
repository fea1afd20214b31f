"""Plan files: rebuilt and compared, never executed."""

import json

from .case import collector
from .rig import claim, equal

CASES = []
case = collector(CASES)


def planned(rig, library, name):
    """A plan file for a runbook that leaves a mark."""
    path = rig.path(name + ".json")
    rig.handrail(
        "plan", "rig.hold", "--on", "edge01", "--set", f"folder=/run/rig/{name}", "--set",
        "seconds=0", "-o", path, library=library).exits(0)
    return path


def marks(rig, name):
    return rig.fleet.shell("edge01", f"ls /run/rig/{name} 2>/dev/null || true").split()


def refused(rig, path, library, name, *words):
    before = rig.runs()
    rig.handrail("run", path, "--yes", library=library).exits(3).says(*words)
    equal(marks(rig, name), [], "marks of a plan that was refused")
    equal(rig.runs(), before, "runs")


@case("an unchanged plan file runs", "edge01")
def unchanged(rig):
    library = rig.copy(rig.little, "plan-same")
    path = planned(rig, library, "same")
    # What is not the runbook's may change: another runbook, another commit.
    library.write("runbooks/look/README.md", "# Look\n")
    library.commit("An article")
    with open(path) as file:
        plan = json.load(file)
    done = rig.handrail("run", path, "--yes", "--json", library=library).exits(0)
    equal(done.document()["plan_digest"], plan["digest"], "digest")
    claim("later" in marks(rig, "same"), "the run left no mark")


@case("a plan file of an edited runbook is refused, and says what differs", "edge01")
def edited_runbook(rig):
    library = rig.copy(rig.little, "plan-runbook")
    path = planned(rig, library, "runbook")
    text = library.read("runbooks/hold/scripts/mark")
    library.write("runbooks/hold/scripts/mark", text + "# one line more\n")
    library.commit("Edit a script")
    refused(rig, path, library, "runbook", "runbook")


@case("a plan file is refused after the inventory's target leads elsewhere", "edge01")
def edited_inventory(rig):
    library = rig.copy(rig.little, "plan-inventory")
    path = planned(rig, library, "inventory")
    text = library.read("inventory/fleet.yaml")
    place = text.index("edge01:")
    library.write(
        "inventory/fleet.yaml",
        text[:place] + text[place:].replace("user: root", "user: operator", 1))
    library.commit("Another account")
    refused(rig, path, library, "inventory", "user", "operator")


@case("an edited plan file is refused, however it was edited", "edge01")
def edited_plan(rig):
    library = rig.copy(rig.little, "plan-file")
    path = planned(rig, library, "file")
    with open(path) as file:
        text = file.read()
    edits = {
        "another parameter": text.replace("/run/rig/file", "/run/rig/other"),
        "another command": text.replace("scripts/work", "scripts/evil"),
        "a later end": text.replace('"expires":', '"expires":9'),
        "no plan": "{}",
        "no JSON": text[:-20],
        "a key twice": text.replace('{"', '{"format":1,"', 1).replace('{"', '{"format":1,"', 1),
        "too deep": "[" * 5000,
    }
    for name, edited in edits.items():
        claim(edited != text, f"nothing was edited for {name}")
        with open(path, "w") as file:
            file.write(edited)
        done = rig.handrail("run", path, "--yes", library=library)
        claim(done.code == 3, f"{name}: exit {done.code}: {done.tail()}")
    equal(marks(rig, "file") + marks(rig, "other"), [], "marks")
