"""Targets that can't be reached, or won't let anybody in: outcomes of those targets alone."""

from .case import collector
from .rig import claim, equal, outcomes

CASES = []
case = collector(CASES)


def look_at(rig, *targets):
    return rig.handrail(
        "run", "rig.look", "--limit", ",".join(targets), "--yes", "--json", library=rig.little)


def only_one_fails(rig, broken, code, words):
    done = look_at(rig, "mbx01", broken, "hub01").exits(code)
    document = done.document()
    found = outcomes(document)
    equal(found.pop(broken), "unreachable", broken)
    equal(found, {"mbx01": "ok", "hub01": "ok"}, "the others")
    (group,) = document["failures"]
    equal(group["targets"], [broken], "the targets of the failure")
    claim(any(word in group["reason"].lower() for word in words),
          f"the reason says none of {words}: {group['reason']!r}")


@case("a target that is down is unreachable, and the others are done", "fleet")
def down(rig):
    rig.fleet.power("down", "mbx02")
    try:
        only_one_fails(rig, "mbx02", 6, ["refused", "no route", "timed out"])
    finally:
        rig.fleet.power("up", "mbx02")


@case("a changed host key stops its target only, and says what to do", "fleet")
def changed_host_key(rig):
    rig.fleet.plant("wrong-host-key", "edge01")
    try:
        only_one_fails(rig, "edge01", 6, ["host key"])
    finally:
        rig.fleet.heal("wrong-host-key", "edge01")


@case("a refused login stops its target only, and says what to do", "fleet")
def refused_login(rig):
    rig.fleet.plant("login-refused", "edge02")
    try:
        only_one_fails(rig, "edge02", 6, ["permission denied", "login", "refused"])
    finally:
        rig.fleet.heal("login-refused", "edge02")


@case("a target that stops answering ends by its time limit", "fleet")
def frozen(rig):
    rig.fleet.power("freeze", "mbx02")
    try:
        document = look_at(rig, "mbx01", "mbx02").exits(5, 6).document()
        found = outcomes(document)
        equal(found["mbx01"], "ok", "mbx01")
        claim(found["mbx02"] in ("unreachable", "timedOut"), f"mbx02 ended {found['mbx02']}")
    finally:
        rig.fleet.power("thaw", "mbx02")
