"""Steps that ask over HTTP, from the controller, of a real server."""

import json
import os
import signal
import sys

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
