"""Typed actions by the programs of a real target, and undoing them; and becoming another account."""

import os
import subprocess

from .case import collector
from .rig import ROOT, Ended, claim, equal, outcomes, outputs, steps

CASES = []
case = collector(CASES)
ACTIONS = os.path.join(ROOT, "Sources", "Plugins", "Actions")


def performed(rig, target, action, *arguments):
    """Runs an action's program on a target, as an executor does; how it ended, and its report."""
    program = "HANDRAIL_OUTPUT=/run/rig-output\nexport HANDRAIL_OUTPUT\n: >/run/rig-output\n"
    for name in ("state", action):
        with open(os.path.join(ACTIONS, name + ".sh")) as file:
            program += file.read()
    command = ["ssh", "-F", rig.fleet.ssh_config, "-l", "root", target, "sh", "-s", "--", *arguments]
    done = subprocess.run(command, input=program, capture_output=True, text=True)
    ended = Ended(done.returncode, done.stdout, done.stderr)
    return ended, rig.fleet.shell(target, "cat /run/rig-output").strip()


def state_of(rig, target, service):
    return rig.fleet.shell(target, f"sv status {service}").split(":")[0]


@case("a service under runit is stopped, started and restarted, and shown before", "edge01")
def service(rig):
    where = {"library": rig.little}
    given = ("--on", "edge01", "--set", "service=imapd-sim")
    plan = rig.handrail("plan", "rig.service", *given, "--json", **where).exits(0).document()
    (forecast,) = plan["forecast"]["targets"]
    found = {each["step"]: each for each in forecast["entries"]}
    equal(found["stopped"]["diff"], "imapd-sim: running -> stopped\n", "the diff")
    undo = {each["step"]: each for each in plan["plan"]["rollback"]}
    claim("service" in undo["stopped"]["restores"], f"the rollback plan: {undo}")
    equal(undo["restarted"]["not_undone"], "a restart can't be undone", "a restart's undo")
    before = rig.fleet.shell("edge01", "sv status imapd-sim")
    document = rig.run("rig.service", *given, **where).exits(0).document()
    equal(
        steps(document, "edge01"),
        {"stopped": "changed", "running": "changed", "restarted": "changed",
         "still-running": "satisfied"}, "the steps")
    claim(before.split("s,")[0] != rig.fleet.shell("edge01", "sv status imapd-sim").split("s,")[0],
          "it still runs as it did")
    equal(state_of(rig, "edge01", "imapd-sim"), "run", "the state")
    run = document["run"]
    ended, report = performed(
        rig, "edge01", "service", "restore", "imapd-sim", "running", run, "running")
    equal((ended.code, report), (0, "changed=yes"), "undoing the start")
    equal(state_of(rig, "edge01", "imapd-sim"), "down", "the state after that")
    ended, report = performed(
        rig, "edge01", "service", "restore", "imapd-sim", "stopped", run, "stopped")
    equal((ended.code, report), (0, "changed=yes"), "undoing the stop")
    equal(state_of(rig, "edge01", "imapd-sim"), "run", "the state in the end")


@case("a service that isn't there, or ends at once, is a failure with its reason", "edge01")
def no_service(rig):
    where = {"library": rig.little}
    done = rig.run("rig.service", "--on", "edge01", "--set", "service=nosuch", **where).exits(5)
    (group,) = done.document()["failures"]
    claim("There is no service 'nosuch'" in group["reason"], group["reason"])
    rig.fleet.shell(
        "edge01",
        "mkdir -p /etc/sv/brief && printf '#!/bin/sh\\nsleep 0.2\\nexit 1\\n' >/etc/sv/brief/run"
        " && printf '#!/bin/sh\\nsleep 2\\n' >/etc/sv/brief/finish"
        " && chmod 755 /etc/sv/brief/* && touch /etc/sv/brief/down"
        " && ln -s /etc/sv/brief /etc/service/")
    rig.eventually("runit sees the service", lambda: rig.fleet.shell(
        "edge01", "sv status brief || :").startswith("down"))
    done = rig.run("rig.service", "--on", "edge01", "--set", "service=brief", **where).exits(5)
    (group,) = done.document()["failures"]
    claim("after all" in group["reason"], group["reason"])
    rig.fleet.shell("edge01", "rm /etc/service/brief; sv exit brief || :")


@case("a package goes to a version and back", "hub02")
def package(rig):
    where = {"library": rig.little}

    def installed():
        return rig.fleet.shell(
            "hub02", "dpkg-query -W -f '${Version}' storctl 2>/dev/null || echo none").strip()

    def bring(version):
        given = ("--on", "hub02", "--set", f"version={version}")
        plan = rig.handrail("plan", "rig.package", *given, "--json", **where).exits(0).document()
        (forecast,) = plan["forecast"]["targets"]
        equal(forecast["entries"][0]["diff"], f"storctl: {was} -> {version}\n", "the diff")
        document = rig.run("rig.package", *given, **where).exits(0).document()
        equal(steps(document, "hub02"), {"package": "changed"}, "the step")
        equal(installed(), version, "what is installed")
        return document["run"]

    def undo(run, version):
        return performed(
            rig, "hub02", "package", "restore", "storctl", "exactly", version, run, "package")

    was = "absent"
    first = bring("1.0")
    was = "1.0"
    second = bring("1.1")
    again = rig.run("rig.package", "--on", "hub02", "--set", "version=1.1", **where).exits(0)
    equal(steps(again.document(), "hub02"), {"package": "satisfied"}, "a second run")
    ended, report = undo(first, "1.0")
    equal((ended.code, report), (3, ""), "undoing what another run has changed since")
    ended.says("before the run: absent", "as the run left it: 1.0", "now: 1.1")
    equal(installed(), "1.1", "what is installed after a refusal")
    ended, report = undo(second, "1.1")
    equal((ended.code, report), (0, "changed=yes"), "undoing the second")
    equal(installed(), "1.0", "the version from before")
    ended, report = undo(first, "1.0")
    equal((ended.code, report), (0, "changed=yes"), "undoing the first")
    equal(installed(), "none", "what is installed in the end")
    done = rig.run("rig.package", "--on", "hub02", "--set", "version=9.9", **where).exits(5)
    (group,) = done.document()["failures"]
    claim("could not install storctl=9.9" in group["reason"], group["reason"])


def who(rig, target, library):
    return rig.handrail("run", "rig.whoami", "--on", target, "--yes", "--json", library=library)


def for_operator(rig, name, account):
    """A library whose targets are logged in to as operator, and steps run as the account."""
    library = rig.copy(rig.little, name)
    for path, old, new in [
        ("inventory/fleet.yaml", "user: root", "user: operator"),
        ("runbooks/whoami/runbook.yaml", "run_as: root", f"run_as: {account}"),
    ]:
        library.write(path, library.read(path).replace(old, new))
    library.commit("Log in as operator")
    return library


# What the fleet's targets have.
ANY = "operator ALL=(ALL:ALL) NOPASSWD: ALL"


def with_rule(rig, target, rule):
    rig.fleet.shell(target, f"printf '%s\\n' '{rule}' >/etc/sudoers.d/operator")


@case("sudo that is allowed, and the rule that the error names, become root", "hub01")
def become(rig):
    root, other = for_operator(rig, "root", "root"), for_operator(rig, "other", "postfix")
    with_rule(rig, "hub01", "operator ALL=(root) NOPASSWD: /bin/sh")
    document = who(rig, "hub01", root).exits(0).document()
    equal(outputs(document, "hub01", "who"), {"who": "root"}, "with the rule of the error")
    with_rule(rig, "hub01", ANY)
    for library, account in [(root, "root"), (other, "postfix")]:
        document = who(rig, "hub01", library).exits(0).document()
        equal(outputs(document, "hub01", "who"), {"who": account}, f"as {account}")


@case("sudo that refuses, asks for a password or is missing is an outcome with its remedy", "hub01")
def refused_become(rig):
    library = for_operator(rig, "refused", "root")
    for rule in ["operator ALL=(ALL:ALL) ALL", "operator ALL=(nobody) NOPASSWD: ALL",
                 "# nothing for operator", "operator ALL=(root) NOPASSWD: /bin/true"]:
        with_rule(rig, "hub01", rule)
        done = who(rig, "hub01", library).exits(5, 6)
        (group,) = done.document()["failures"]
        claim(
            "sudo refused to become root on hub01" in group["reason"]
            and "NOPASSWD: /bin/sh" in group["reason"], f"with '{rule}': {group['reason']}")
    with_rule(rig, "hub01", ANY)
    sudo = rig.fleet.shell("hub01", "command -v sudo").strip()
    rig.fleet.shell("hub01", f"mv {sudo} {sudo}.away")
    try:
        (group,) = who(rig, "hub01", library).exits(5, 6).document()["failures"]
        claim("There is no sudo on hub01" in group["reason"], group["reason"])
    finally:
        rig.fleet.shell("hub01", f"mv {sudo}.away {sudo}")
    equal(outcomes(who(rig, "hub01", library).exits(0).document()), {"hub01": "ok"}, "in the end")
