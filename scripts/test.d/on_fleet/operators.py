"""An operator's whole way, on real servers: from the alert to solved, or escalated."""

import hashlib
import json
import os
import stat
import subprocess

from .case import collector
from .rig import claim, equal, steps

CASES = []
case = collector(CASES)

# As Alertmanager's webhook sends it.
PAGE = {
    "version": "4", "status": "firing", "receiver": "operators",
    "alerts": [{
        "status": "firing",
        "labels": {
            "alertname": "ServerLatencyHigh", "instance": "mbx01:9100", "threshold": "100",
            "severity": "page"},
        "annotations": {"summary": "a log-in on mbx01 takes 160 ms, for five minutes"},
        "startsAt": "2026-11-23T02:09:00Z",
        "generatorURL": "http://monitor.example/graph?g0.expr=latency",
    }],
}


def page(rig, name):
    path = rig.path(name)
    with open(path, "w") as file:
        json.dump(PAGE, file)
    return path


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def read(path):
    with open(path) as file:
        return file.read()


@case("a slow server: the alert, the runbook tried, no help, escalated with everything", "mbx01")
def seed(rig):
    where = {"home": rig.home("seed")}
    alert = page(rig, "seed-page.json")
    rig.fleet.plant("slow-driver", "mbx01")
    try:
        found = rig.handrail("alert", alert, "--json", **where).exits(0).document()
        (fit,) = found["fits"]
        equal((fit["runbook"], fit["targets"]), ("mailbox.slow-server", ["mbx01"]), "what fits")
        equal(fit["parameters"], {"latency_limit": "100"}, "what it is filled with")

        person = rig.terminal("alert", alert, "--ticket", "INC-4711", **where)
        person.shows("Run which?")
        person.types("1\n")
        person.shows("Type the target's name (mbx01)")
        person.types("mbx01\n")
        person.exits(14)
        person.shows("handrail escalate r-")

        status = rig.handrail("status", "last", "--json", **where).exits(0).document()
        equal(status["resolution"], "unresolved", "resolution")
        equal((status["ticket"], status["alert"]), ("INC-4711", "ServerLatencyHigh"), "its origin")
        equal(status["escalate"], "tier-3", "whom to tell")
        equal(steps(status, "mbx01")["restart"], "changed", "the restart")
        rig.handrail("status", "last", **where).exits(0).says(
            "It is as slow as before", "to tier-3", "handrail escalate")
        handed_over(rig, status, where)
        once_too_often(rig, alert, where)
        rig.handrail("audit", "verify", **where).exits(0)
    finally:
        rig.fleet.heal("slow-driver", "mbx01")


def handed_over(rig, status, where):
    """Everything that tier 3 needs is in the pack, and the trail says that it was this."""
    done = rig.handrail(
        "escalate", "last", "--note", "restarted once; users | still call <4711>", "--json",
        **where).exits(0).document()
    folder = done["folder"]
    equal(stat.S_IMODE(os.stat(folder).st_mode), 0o700, "the folder's mode")
    equal(digest(folder + "/pack.json"), done["content_digest"], "the digest of pack.json")
    pack = json.loads(read(folder + "/pack.json"))
    equal((pack["to"], pack["ticket"]), ("tier-3", "INC-4711"), "to whom, and for what")
    (alert,) = pack["alerts"]
    equal(alert["labels"], PAGE["alerts"][0]["labels"], "the alert's labels")
    equal(alert["annotations"], PAGE["alerts"][0]["annotations"], "the alert's annotations")
    given = {each["name"]: each.get("value") for each in pack["parameters"]}
    equal((given["latency_limit"], given["port"]), ("100", "1143"), "parameters")
    equal(pack["run"]["run"], status["run"], "the run")
    equal(steps(pack["run"], "mbx01"), steps(status, "mbx01"), "every step with its outcome")
    parts = [each["part"] for each in pack["attempts"]]
    for part in ("measure", "evidence", "restart (guard)", "restart", "again"):
        claim(part in parts, f"no attempt of {part} in {parts}")
    (measure,) = [each for each in pack["attempts"] if each["part"] == "measure"]
    claim("state     slow" in measure["stdout"]["text"], f"measure wrote {measure['stdout']}")
    equal(pack["run"]["owed"], [], "what is owed")
    claim(any(each["step"] == "restart" for each in pack["undo"]), f"undo: {pack['undo']}")
    for kept in pack["files"]:
        equal(digest(f"{folder}/{kept['path']}"), kept["sha256"], kept["path"])
    names = [each["what"] for each in pack["files"]]
    for what in ("the plan", "the forecast", "uptime, collected", "lsmod", "dmesg"):
        claim(any(what in name for name in names), f"{what!r} isn't in {names}")
    equal(digest(folder + "/plan.json"), status["plan_digest"], "the plan")
    equal(pack["missing"], [], "what is missing")
    text = read(folder + "/pack.md")
    for words in ("# Escalated to tier-3: A mailbox server answers slowly",
                  "restarted once; users \\| still call \\<4711\\>", "state     slow",
                  "INC-4711", "It is as slow as before", "a log-in on mbx01 takes 160 ms"):
        claim(words in text, f"pack.md doesn't say {words!r}")
    log = subprocess.run(
        ["git", "--git-dir", where["home"] + "/trail.git", "log"], capture_output=True, text=True,
        check=True).stdout
    claim("escalated by" in log and "restarted once" in log, "git log doesn't tell it")
    evidence = subprocess.run(
        ["git", "--git-dir", where["home"] + "/trail.git", "cat-file", "blob",
         f"HEAD:evidence/{done['pack_digest'][:2]}/{done['pack_digest']}"],
        capture_output=True, text=True, check=True).stdout
    claim("state     slow" not in evidence, "the trail's copy holds an output")
    claim(status["run"] in evidence, "the trail's copy isn't of this run")

    inbox = rig.handrail("--json", **where).exits(0).document()
    equal([each["kind"] for each in inbox["items"]], ["escalated"], "the inbox")
    rig.handrail("escalate", "last", "--done", "--note", "the driver was disabled", **where).exits(0)
    equal(rig.handrail("--json", **where).exits(0).document()["items"], [], "the inbox at the end")


def once_too_often(rig, alert, where):
    """Who ran it here is said, and a third time within a day is refused."""
    rig.handrail("alert", alert, **where).exits(0).says("Already run here", "unresolved")
    run = ("run", "mailbox.slow-server", "--alert", alert, "--yes")
    rig.handrail(*run, **where).exits(14)
    before = rig.runs(**where)
    refused = rig.handrail(*run, **where).exits(4)
    refused.says("2 of 2 times within 1d on mbx01", before[1], "handrail escalate")
    rig.handrail(
        "plan", "mailbox.slow-server", "--alert", alert, "--no-probe", **where).exits(0).says(
        "a run would be refused")
    equal(rig.runs(**where), before, "runs")
    history = rig.handrail("history", "--json", **where).exits(0).document()
    (helped,) = history["helped"]
    equal((helped["past"]["runs"], helped["past"]["unresolved"]), (2, 2), "what helped")


@case("the offer of an alert can be left, and a wrong answer is asked again", "mbx01")
def offer(rig):
    where = {"home": rig.home("offer")}
    person = rig.terminal("alert", page(rig, "offer-page.json"), **where)
    person.shows("Run which?")
    person.types("mailbox\n")
    person.shows("is none of them")
    person.types("none\n")
    person.exits(0)
    equal(rig.runs(**where), [], "what was started")
    person = rig.terminal("alert", page(rig, "offer-page.json"), **where)
    person.shows("Run which?")
    person.types("\x03")
    person.exits(8, 130)
    equal(rig.runs(**where), [], "what was started after Ctrl-C")


@case("a warning of a runbook is met before a run of it", "mbx01")
def flagged(rig):
    where = {"library": rig.little, "home": rig.home("flagged")}
    rig.handrail("flag", "rig.look", "--why", "it looks at the wrong place", **where).exits(0)
    rig.handrail("run", "rig.look", "--on", "mbx01", "--yes", **where).exits(0).says(
        "FLAGGED", "it looks at the wrong place")
    person = rig.terminal("run", "rig.look", "--on", "mbx01", **where)
    person.shows("FLAGGED")
    person.shows("Type the target's name")
    person.types("\n")
    person.exits(0, 8)
