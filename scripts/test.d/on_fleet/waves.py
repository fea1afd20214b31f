"""Waves with something to do before and after each: on real targets, with a controller that dies."""

import signal

from .case import collector
from .rig import claim, equal, outcomes
from .requests import asked, begin_server

CASES = []
case = collector(CASES)
RUNBOOK = """\
handrail: 1
id: rig.framed
title: Marks targets wave by wave, with the balancer told before and after
kind: resolution
owner: rig
run_as: root
targets: { pick: many, max: 4 }
parameters:
  url: { type: url, description: The balancer }
  folder: { type: path, description: Where the marks are }
  word: { type: string, default: echo, description: How the balancer answers at the first wave }
rollout:
  waves: [1, rest]
  stop_at: { wave: 1 }
  on_stop: ON_STOP
before_wave:
  - id: told
    effect: read
    run: { sh: 'printf "count=%s\\n" "$(grep -c .)" >> "$HANDRAIL_OUTPUT"', stdin: $wave_targets }
    outputs: { count: integer }
  - id: drain
    effect: idempotent
    timeout: 100s
    http: { url: $url, method: POST, path: [$word, before, $wave_name] }
after_wave:
  - id: undrain
    effect: idempotent
    when: has told.count
    http: { url: $url, method: POST, path: [echo, after, $wave_name, $told.count] }
steps:
  - id: mark
    effect: once
    run:
      sh: |
        mkdir -p "$1" && test ! -e "$1/jammed" && echo "$2 of $3" >> "$1/marks"
      args: [$folder, $target_name, $told.count]
    undo: { run: { sh: 'rm -f "$1/marks"', args: [$folder] } }
"""


def prepare(rig, name, on_stop="pause"):
    library = rig.copy(rig.little, name)
    library.make("runbooks/framed/runbook.yaml", RUNBOOK.replace("ON_STOP", on_stop))
    library.commit("Frame")
    server, url = begin_server(rig, name)
    folder = "/run/rig-" + name
    return server, folder, ["--set", f"url={url}", "--set", f"folder={folder}"], {
        "library": library, "home": rig.home(name)}


def begin(rig, given, where, *more):
    return rig.begin(
        "run", "rig.framed", "--limit", "hub01,hub02", *given, *more, "--yes", "--json", **where)


def marks(rig, target, folder):
    return rig.fleet.shell(target, f"cat {folder}/marks 2>/dev/null || true").strip()


def frame(number, count=1):
    return [f"POST /echo/before/wave%20{number}", f"POST /echo/after/wave%20{number}/{count}"]


@case("each wave is begun and ended once, and its targets know what began it", "fleet")
def framed(rig):
    server, folder, given, where = prepare(rig, "framed")
    rig.handrail("plan", "rig.framed", "--limit", "hub01,hub02", *given, **where).exits(0).says(
        "Before each wave", "drain", "After each wave", "undrain")
    equal(asked(server), [], "what a plan asks")
    done = rig.end(begin(rig, given, where)).exits(0).document()
    equal(outcomes(done), {"hub01": "changed", "hub02": "changed"}, "the targets")
    equal(asked(server), frame(1) + frame(2), "what the balancer was told")
    equal(marks(rig, "hub01", folder), "hub01 of 1", "what hub01 was given")
    names = [each["target"] for each in done["done_once"]]
    equal(names, ["before_wave:1", "after_wave:1", "before_wave:2", "after_wave:2"], "the lists")
    rig.handrail("logs", done["run"], "--on", "after_wave:2", **where).exits(0).says("undrain")
    rig.handrail("audit", "verify", **where).exits(0)


@case("a leader killed amid before_wave: the next one goes on, and no target had begun", "fleet")
def killed(rig):
    server, folder, given, where = prepare(rig, "framed-killed")
    # The balancer takes a minute to answer: nobody sees the end of the request.
    child = begin(rig, given, where, "--set", "word=slow")
    slow = "POST /slow/before/wave%201"
    rig.eventually("it was sent", lambda: slow in asked(server) or child.poll() is not None, 60)
    child.send_signal(signal.SIGKILL)
    child.wait()
    (run,) = rig.runs(**where)
    equal(marks(rig, "hub01", folder), "", "what was done meanwhile")
    status = rig.handrail("status", run, "--json", **where).document()
    (started,) = status["done_once"]
    equal((started["target"], started["under_way"]), ("before_wave:1", "drain"), "what it is at")
    leader = rig.begin("resume", run, "--json", **where)
    rig.eventually("it is sent again", lambda: asked(server).count(slow) == 2
                   or leader.poll() is not None, 60)
    rig.handrail("abort", run, **where).exits(0, 8, 9)
    # What the balancer made of the request that was cut short is not known.
    rig.end(leader).exits(8, 9)
    equal(marks(rig, "hub01", folder), "", "what an aborted wave did")
    equal(asked(server)[-1], "POST /echo/after/wave%201/1", "what gave it back")


@case("a wave that fails is ended all the same, and a rollback frames what it undoes", "fleet")
def failing(rig):
    server, folder, given, where = prepare(rig, "framed-failing", on_stop="abort")
    rig.fleet.shell("hub02", f"mkdir -p {folder} && touch {folder}/jammed")
    done = rig.end(begin(rig, given, where)).exits(5).document()
    equal(outcomes(done), {"hub01": "changed", "hub02": "failed"}, "the targets")
    equal(asked(server), frame(1) + frame(2), "what the balancer was told")
    back = rig.handrail("rollback", done["run"], "--yes", "--json", **where).exits(7, 13).document()
    told = asked(server)[4:]
    equal(told[-2:], frame(1), "what the balancer was told at last")
    equal(marks(rig, "hub01", folder), "", "what is left")
    claim(back["done_once"][-1]["target"] == "after_wave:1", f"lists: {back['done_once']}")


@case("a run paused within a wave gives back what began it, and begins it once more", "fleet")
def paused(rig):
    server, folder, given, where = prepare(rig, "framed-paused")
    rig.fleet.shell("hub01", f"mkdir -p {folder} && touch {folder}/jammed")
    done = rig.end(begin(rig, given, where)).exits(12).document()
    equal(asked(server), frame(1), "what the balancer was told")
    rig.handrail("resume", done["run"], "--json", **where).exits(5)
    equal(asked(server), frame(1) + frame(2), "what it was told then")


SHARED = """\
handrail: 1
id: rig.shared
title: Opens one ticket for all, and marks each target with it
kind: resolution
owner: rig
run_as: root
targets: { pick: many, max: 4 }
parameters:
  url: { type: url, description: Where tickets are }
  folder: { type: path, description: Where the marks are }
values:
  weight:
    - { when: target_name = hub01, is: heavy }
    - { is: light }
steps:
  - id: ticket
    per: run
    effect: once
    http: { url: $url, method: POST, path: [echo, ticket], take: { number: /path } }
    outputs: { number: string }
  - id: mark
    effect: once
    run:
      sh: 'mkdir -p "$1" && echo "$2 $3" >> "$1/marks"'
      args: [$folder, $ticket.number, $weight]
"""


@case("a step that is done once is shared by all targets, and each has its own value", "fleet")
def shared(rig):
    library = rig.copy(rig.little, "shared")
    library.make("runbooks/shared/runbook.yaml", SHARED)
    library.commit("Share")
    server, url = begin_server(rig, "shared")
    folder, where = "/run/rig-shared", {"library": library, "home": rig.home("shared")}
    done = rig.handrail(
        "run", "rig.shared", "--limit", "hub01,hub02", "--set", f"url={url}", "--set",
        f"folder={folder}", "--yes", "--json", **where).exits(0).document()
    equal(asked(server), ["POST /echo/ticket"], "what was asked for")
    equal(outcomes(done), {"hub01": "changed", "hub02": "changed"}, "the targets")
    equal(marks(rig, "hub01", folder), "/echo/ticket heavy", "the mark of hub01")
    equal(marks(rig, "hub02", folder), "/echo/ticket light", "the mark of hub02")
    equal([each["target"] for each in done["done_once"]], ["once:ticket"], "what was done once")
    rig.handrail("logs", done["run"], "--on", "once:ticket", **where).exits(0).says("ticket")
