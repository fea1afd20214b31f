"""What people do about a run that did not end well: settle, retry, rollback."""

import signal

from .case import collector
from .rig import claim, equal, outcomes, steps

CASES = []
case = collector(CASES)
TARGETS = ("mbx01", "mbx02", "hub01")
FILE = "/etc/rig-undo"


def marks(rig, target, folder):
    return rig.fleet.shell(target, f"cat {folder}/.log 2>/dev/null || true").split("\n")[:-1]


def prepared(rig, folder):
    """Every target with a file of its own, and a service that runs."""
    for target in TARGETS:
        rig.fleet.shell(
            target,
            f"mkdir -p {folder}; mkdir -p /etc/sv/rig-sim; "
            "[ -e /etc/service/rig-sim ] || { printf '#!/bin/sh\\nexec sleep 100000\\n' "
            ">/etc/sv/rig-sim/run; chmod 755 /etc/sv/rig-sim/run; "
            "ln -s /etc/sv/rig-sim /etc/service/; }; "
            f"printf 'limit = 1\\n' >{FILE}; chmod 600 {FILE}")
    for target in TARGETS:
        rig.eventually(
            f"the service on {target}",
            lambda: rig.fleet.shell(target, "sv status rig-sim || :").startswith("run"))


def words(folder):
    return ("--set", f"folder={folder}", "--set", f"conf={FILE}", "--set", "service=rig-sim")


def file_of(rig, target):
    return rig.fleet.shell(target, f"cat {FILE}; stat -c %a {FILE}").split("\n")[:-1]


def service_of(rig, target):
    return rig.fleet.shell(target, "sv status rig-sim").split(":")[0]


@case("a rollback undoes script, file and service on three targets, but not what was changed since",
      "fleet")
def rollback(rig):
    where = {"library": rig.little, "home": rig.home("rollback")}
    folder = "/run/rig-rollback"
    prepared(rig, folder)
    document = rig.run(
        "rig.undo", "--limit", ",".join(TARGETS), *words(folder), **where).exits(0).document()
    run = document["run"]
    for target in TARGETS:
        equal(file_of(rig, target), ["limit = 7", "640"], f"the file on {target}")
        equal(service_of(rig, target), "down", f"the service on {target}")
    rig.fleet.shell("mbx02", f"printf 'limit = 9\\n' >{FILE}")
    rig.handrail("rollback", run, **where).exits(64).says("--yes")
    failed = rig.handrail("rollback", run, "--keep-going", "--yes", "--json", **where).exits(13)
    undone = failed.document()
    equal((undone["state"], undone["parent"], undone["goes_on_as"]),
          ("rollbackFailed", run, "rollback"), "the child run")
    for target in ("mbx01", "hub01"):
        equal(file_of(rig, target), ["limit = 1", "600"], f"the file on {target}")
        equal(service_of(rig, target), "run", f"the service on {target}")
        equal(marks(rig, target, folder), ["mark", "restarted", "unmark"], f"marks on {target}")
    # There the service was undone before; what stood under the changed file was left alone.
    equal(service_of(rig, "mbx02"), "run", "the service on mbx02")
    equal(file_of(rig, "mbx02")[0], "limit = 9", "the file on mbx02")
    equal(marks(rig, "mbx02", folder), ["mark", "restarted"], "marks on mbx02")
    (refused,) = [each for each in undone["not_undone"] if each.get("now")]
    equal((refused["target"], refused["step"]), ("mbx02", "file"), "what was refused")
    claim(len({refused["before"], refused["left"], refused["now"]}) == 3, f"its states: {refused}")
    listed = {each["step"] for each in undone["not_undone"] if each["outcome"] == "skipped"}
    equal(listed, {"restart"}, "what is not claimed")
    told = rig.handrail("status", undone["run"], **where).exits(0)
    told.says("rollback of " + run, "changed since")
    rig.handrail("status", run, **where).exits(0).says(undone["run"])
    # Put back as the run left it, the rest goes on; after that there is nothing left.
    rig.fleet.shell("mbx02", f"printf 'limit = 7\\n' >{FILE}; chmod 640 {FILE}")
    rig.handrail("rollback", run, "--limit", "mbx*", "--yes", **where).exits(7)
    equal(file_of(rig, "mbx02"), ["limit = 1", "600"], "the file on mbx02 in the end")
    equal(marks(rig, "mbx02", folder), ["mark", "restarted", "unmark"], "marks in the end")
    rig.handrail("rollback", run, "--yes", **where).exits(3).says("undone already")
    rig.handrail("audit", "verify", **where).exits(0)


@case("a retry goes on at the step that failed, with what was there before", "fleet")
def retry(rig):
    where = {"library": rig.little, "home": rig.home("retry")}
    folder = "/run/rig-retry"
    prepared(rig, folder)
    rig.fleet.shell("mbx02", f": >{folder}/broken")
    document = rig.run(
        "rig.undo", "--limit", ",".join(TARGETS), *words(folder), **where).exits(5).document()
    run = document["run"]
    equal(outcomes(document)["mbx02"], "failed", "mbx02")
    rig.handrail("retry", run, **where).exits(64)
    rig.handrail("retry", run, "--failed", "--from", "file", "--yes", **where).exits(3).says(
        "restart may run once only")
    again = rig.handrail("retry", run, "--failed", "--yes", "--json", **where).exits(5).document()
    equal(again["parent"], run, "the parent")
    equal(steps(again, "mbx02")["works"], "failed", "the step, still broken")
    rig.fleet.shell("mbx02", f"rm {folder}/broken")
    last = rig.handrail("retry", run, "--failed", "--yes", "--json", **where).exits(0).document()
    equal((last["state"], last["parent"]), ("succeeded", again["run"]), "the second retry")
    equal(steps(last, "mbx02")["works"], "changed", "the step in the end")
    # Nothing before it ran again, on no target.
    for target in TARGETS:
        equal(marks(rig, target, folder), ["mark", "restarted"], f"marks on {target}")
    rig.handrail("retry", run, "--failed", "--yes", **where).exits(3)
    # What the run and its retries changed is undone together.
    rig.handrail("rollback", last["run"], "--yes", **where).exits(7)
    for target in TARGETS:
        equal(file_of(rig, target), ["limit = 1", "600"], f"the file on {target}")
        equal(service_of(rig, target), "run", f"the service on {target}")
    rig.handrail("history", **where).exits(0).says("(retry)", "(rollback)")


@case("after kill -9 in a step that may run once a person settles it, and the run goes on", "edge02")
def settle(rig):
    where = {"library": rig.little, "home": rig.home("settle")}
    path = "/run/rig-settle"
    child = rig.begin(
        "run", "rig.lines-once", "--on", "edge02", "--set", f"file={path}", "--yes", **where)
    rig.eventually("the step has begun", lambda: "begun" in rig.fleet.shell(
        "edge02", f"cat {path} 2>/dev/null || true"))
    child.send_signal(signal.SIGKILL)
    child.wait()
    (run,) = rig.runs(**where)
    document = rig.handrail("resume", run, "--json", **where).exits(0, 9).document()
    if document["state"] == "needsPerson":
        equal([each["step"] for each in document["unsettled"]], ["once"], "what is unknown")
        rig.handrail(**where).exits(0).says(f"handrail settle {run} --on edge02 --step once")
        rig.handrail("retry", run, "--failed", "--yes", **where).exits(3).says("settle")
        document = rig.handrail(
            "settle", run, "--on", "edge02", "--step", "once", "--as", "done", "--why",
            "the line is there", "--json", **where).exits(0).document()
    equal(document["state"], "succeeded", "the state")
    found = rig.fleet.shell("edge02", f"cat {path}").split()
    equal((found.count("begun"), found[-1]), (1, "after"), "the lines")


@case("kill -9 amid a rollback, then resume: it goes on at the very undo, and no undo runs twice",
      "edge02")
def killed_rollback(rig):
    for number in range(6 if rig.full else 2):
        where = {"library": rig.little, "home": rig.home(f"undo-kill-{number}")}
        folder = f"/run/rig-undo-kill-{number}"
        rig.run(
            "rig.undo-slowly", "--on", "edge02", "--set", f"folder={folder}", **where).exits(0)
        child = rig.begin("rollback", "last", "--yes", **where)
        wanted = "begin untwo" if number % 2 else "unthree"
        rig.eventually(wanted, lambda: wanted in marks(rig, "edge02", folder))
        child.send_signal(signal.SIGKILL)
        child.wait()
        run = rig.runs(**where)[0]
        resumed = rig.handrail("resume", run, "--json", **where).exits(7, 9).document()
        for _ in range(3):
            if resumed["state"] != "needsPerson":
                break
            # Its guard still found the mark while the lost undo was under way, or after it.
            (unknown,) = resumed["unsettled"]
            gone = rig.fleet.shell("edge02", f"ls {folder}/{unknown['step']} 2>/dev/null || :")
            resumed = rig.handrail(
                "settle", run, "--on", "edge02", "--step", unknown["step"], "--as",
                "not-done" if gone.strip() else "done", "--why", "I looked", "--json",
                **where).exits(7, 9, 13).document()
        log = marks(rig, "edge02", folder)
        for name in ("one", "two", "three"):
            claim(log.count(f"begin un{name}") <= 1, f"un{name} began twice: {log}")
        if resumed["state"] == "rolledBack":
            left = rig.fleet.shell("edge02", f"ls {folder}").split()
            equal(left, [], "the marks that are left")
        else:
            equal(resumed["state"], "rollbackFailed", "the state")
