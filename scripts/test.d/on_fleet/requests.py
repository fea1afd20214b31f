"""Steps that ask over HTTP, from the controller, of a real server."""

import json
import os
import signal
import sys

from . import alertmanager
from .case import collector
from .rig import ROOT, claim, equal, steps

CASES = []
case = collector(CASES)
RUNBOOK = """\
handrail: 1
id: rig.request
title: Asks over HTTP
kind: resolution
owner: rig
parameters:
  url: { type: url, description: Whom to ask }
  token: { type: secret, description: Who asks }
steps:
  - id: look
    effect: read
    http: { url: $url, path: [node, $target_name], take: { state: /node/state } }
    outputs: { state: string }
  - id: drain
    effect: once
    when: look.state = drained
    http:
      url: $url
      method: POST
      path: [WORD, $target_name]
      bearer: $token
      json: { token: $token, state: $look.state }
"""


def begin_server(rig, name):
    """Starts the tests' own server; its folder, and its URL."""
    folder = rig.path("http-" + name)
    os.makedirs(folder)
    program = os.path.join(ROOT, "Tests", "PluginsTests", "http_server.py")
    rig.spawn([sys.executable, program, folder, "127.0.0.1"])
    port = os.path.join(folder, "port")
    rig.eventually("the server listens", lambda: os.path.exists(port), 30)
    with open(port) as file:
        return folder, f"http://127.0.0.1:{file.read()}"


def asked(folder):
    """The requests that a server has read, in order."""
    try:
        with open(os.path.join(folder, "log")) as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return []


def prepare(rig, name, word):
    """A library with the runbook, a server, and what is given to every command."""
    library = rig.copy(rig.little, name)
    library.make("runbooks/request/runbook.yaml", RUNBOOK.replace("WORD", word))
    library.commit("Ask")
    folder, url = begin_server(rig, name)
    secret = rig.path(name + ".token")
    with open(secret, "w") as file:
        file.write("hunter2-hunter2")
    given = ["--set", f"url={url}", "--set", f"token=@{secret}"]
    return folder, given, secret, {"library": library, "home": rig.home(name)}


@case("requests are made from the controller: a dry run only reads, and a secret stays out of all "
      "records", "requests")
def made(rig):
    folder, given, _, where = prepare(rig, "requests-made", "echo")
    plan = rig.handrail("plan", "rig.request", "--on", "hub01", *given, "--json", **where)
    (forecast,) = plan.exits(0).document()["forecast"]["targets"]
    equal([entry["label"] for entry in forecast["entries"]], ["read", "would run"], "the plan")
    equal(asked(folder), ["GET /node/hub01"], "what a dry run asks")
    done = rig.handrail(
        "run", "rig.request", "--on", "hub01", *given, "--yes", "--json", **where).exits(0)
    document = done.document()
    equal(steps(document, "hub01"), {"look": "ok", "drain": "changed"}, "the steps")
    equal(asked(folder)[-1], "POST /echo/hub01", "what the run asks in the end")
    logs = rig.handrail("logs", document["run"], "--full", **where).exits(0)
    claim("Bearer [secret]" in logs.out, f"the answer isn't in the logs: {logs.out[-600:]}")
    found = []
    for place, _, names in os.walk(where["home"]):
        for name in names:
            with open(os.path.join(place, name), "rb") as file:
                if b"hunter2" in file.read():
                    found.append(name)
    equal((found, "hunter2" in done.out + done.err + logs.out), ([], False), "where the secret is")


@case("requests whose answer is lost with the controller are unknown, and aren't sent again",
      "requests")
def lost(rig):
    folder, given, secret, where = prepare(rig, "requests-lost", "slow")
    child = rig.begin(
        "run", "rig.request", "--on", "hub01", *given, "--yes", "--json", **where)
    rig.eventually("it was sent", lambda: "POST /slow/hub01" in asked(folder), 60)
    child.send_signal(signal.SIGKILL)
    child.wait()
    (run,) = rig.runs(**where)
    done = rig.handrail(
        "resume", run, "--set", f"token=@{secret}", "--json", **where).exits(9)
    equal(steps(done.document(), "hub01")["drain"], "unknown", "how it ended")
    equal([line for line in asked(folder) if "slow" in line], ["POST /slow/hub01"], "sent")
    claim("hunter2" not in json.dumps(done.document()), "the secret is in the document")


def begin_alertmanager(rig, name):
    return alertmanager.start(rig.path("alertmanager-" + name), rig.spawn)


@case("alert.silence makes one silence in a real Alertmanager, and none in a dry run", "requests")
def silenced(rig):
    url = begin_alertmanager(rig, "made")
    why = 'The "new" disk {comes} on\tThursday; $(id) \\ \u00fc'
    given = ["--on", "mbx01", "--set", "alertmanager=" + url, "--set", "alert_name=DiskFull",
             "--set", "instance=mbx01:9100", "--set", "ticket=INC-4711", "--set", "minutes=30",
             "--set", "why=" + why]
    plan = rig.handrail("plan", "alert.silence", *given, "--json").exits(0).document()
    claim(plan["may_change"], "the plan says that nothing may change")
    equal(alertmanager.silences(url), [], "silences after the dry run")
    done = rig.handrail("run", "alert.silence", *given, "--yes", "--json").exits(0).document()
    equal(steps(done, "mbx01"),
          {"ready": "ok", "times": "ok", "silence": "changed", "active": "ok"}, "the steps")
    (silence,) = alertmanager.silences(url)
    equal(silence["status"]["state"], "active", "the silence's state")
    equal((silence["comment"], silence["createdBy"]), (why, "INC-4711"), "what it says")
    equal(sorted((each["name"], each["value"], each["isRegex"]) for each in silence["matchers"]),
          [("alertname", "DiskFull", False), ("instance", "mbx01:9100", False)], "its matchers")


@case("alert.silence says what a real Alertmanager refuses", "requests")
def refused_silence(rig):
    url = begin_alertmanager(rig, "refused")
    failed = rig.handrail(
        "run", "alert.silence", "--on", "mbx01", "--set", "alertmanager=" + url + "/nowhere",
        "--set", "alert_name=DiskFull", "--set", "instance=mbx01:9100", "--set", "ticket=INC-4711",
        "--set", "why=The new disk comes.", "--yes", "--json")
    claim(failed.code != 0 and "404" in failed.out, f"{failed.code}: {failed.tail()}")
    equal(alertmanager.silences(url), [], "silences")
