"""Steps that are sent ahead, and what ends them in their midst."""

import signal
import time

from .case import collector
from .rig import claim, equal, outcomes, said, steps

CASES = []
case = collector(CASES)
NAMES = [f"s{number}" for number in range(1, 9)] + ["last"]


def notes(rig, path):
    """What the steps noted, as (word, step)."""
    text = rig.fleet.shell("edge02", f"cat {path} 2>/dev/null || true")
    return [tuple(line.split()) for line in text.splitlines()]


def begun(rig, name, after, pause="0.3"):
    """A run whose step `after` has begun: its leader, its id, and the file of its notes."""
    where = {"library": rig.little, "home": rig.home(name)}
    path = f"/run/rig-{name}"
    leader = rig.begin(
        "run", "rig.ahead", "--on", "edge02", "--set", f"file={path}", "--set", f"pause={pause}",
        "--yes", "--json", **where)
    rig.eventually(f"{after} has begun", lambda: ("begin", after) in notes(rig, path)
                   or leader.poll() is not None)
    claim(leader.poll() is None, f"the run was over too early: {said(leader).tail()}")
    (run,) = rig.runs(**where)
    return leader, run, path, where


def one_by_one(found):
    """No step began beside another, or before its turn; a step that was cut has no end."""
    cuts = 0
    for (word, name), following in zip(found, found[1:]):
        if word == "end":
            claim(following == ("begin", NAMES[NAMES.index(name) + 1]), f"{found}")
        elif following != ("end", name):
            equal(following[0], "begin", "what follows a step that was cut")
            cuts += 1
    return cuts


@case("steps that need no decision are begun one after the other, with one request", "edge02")
def all_of_them(rig):
    where = {"library": rig.little, "home": rig.home("ahead")}
    done = rig.handrail(
        "run", "rig.ahead", "--on", "edge02", "--set", "file=/run/rig-ahead", "--set", "pause=0",
        "--yes", "--json", **where).exits(0).document()
    equal(one_by_one(notes(rig, "/run/rig-ahead")), 0, "steps that were cut")
    logs = rig.handrail("logs", done["run"], "--json", **where).exits(0).document()["attempts"]
    equal([(each["step"], each["number"]) for each in logs], [(name, 1) for name in NAMES], "attempts")
    equal(len({each["started"] for each in logs[:8]}), 1, "intents before the first one started")
    claim(logs[8]["started"] >= logs[7]["ended"], "the last one was sent ahead")


@case("kill -9 amid steps sent ahead: none beside another, and the last one once", "edge02")
def killed(rig):
    for number in range(30 if rig.full else 4):
        after = f"s{1 + number % 7}"
        leader, run, path, where = begun(rig, f"ahead-kill-{number}", after, pause="0.5")
        time.sleep(0.047 * (number % 11))
        leader.send_signal(signal.SIGKILL)
        leader.wait()
        done = rig.handrail("resume", run, "--json", **where).exits(0).document()
        equal(done["state"], "succeeded", "state")
        found = notes(rig, path)
        claim(one_by_one_after_a_kill(found), f"killed after {after}: {found}")
        equal(found.count(("begin", "last")), 1, "how often the last one began")
        rig.handrail("audit", "verify", **where).exits(0)


def one_by_one_after_a_kill(found):
    """Every step has run to its end, in order, after whatever the killed leader had begun."""
    position = 0
    for word, name in found:
        place = NAMES.index(name)
        claim(place <= position, f"{name} began before its turn: {found}")
        if word == "end":
            position = max(position, place + 1)
    open_steps = [name for word, name in found if word == "begin"]
    for name in set(open_steps):
        more = open_steps.count(name) - found.count(("end", name))
        claim(more in (0, 1), f"{name} was cut {more} times: {found}")
    return position == len(NAMES)


@case("an abort amid steps sent ahead ends the one under way, and begins no other", "edge02")
def aborted(rig):
    leader, run, path, where = begun(rig, "ahead-abort", "s3", pause="1")
    rig.handrail("abort", run, **where).exits(0)
    done = rig.end(leader, limit=30).exits(8).document()
    equal(outcomes(done), {"edge02": "aborted"}, "outcome")
    found = notes(rig, path)
    last = found[-1]
    time.sleep(2)
    equal(notes(rig, path), found, "notes after the abort")
    ended = [name for word, name in found if word == "end"]
    equal([name for name, outcome in steps(done, "edge02").items() if outcome == "changed"], ended,
          "the steps that were done")
    equal(last[0], "begin", "the step under way, which was ended")
    logs = rig.handrail("logs", run, **where).exits(0)
    claim("s5" not in logs.out, "logs tell of steps that were not begun")


@case("SIGTERM amid steps sent ahead: no other is begun, and the next leader goes on there", "edge02")
def left(rig):
    leader, run, path, where = begun(rig, "ahead-left", "s2", pause="1")
    leader.send_signal(signal.SIGTERM)
    rig.end(leader, limit=20).exits(12)
    found = notes(rig, path)
    equal(found[-1][0], "end", "the step under way, which was left to end")
    time.sleep(2)
    equal(notes(rig, path), found, "notes after the leader left")
    rig.handrail("resume", run, "--json", **where).exits(0)
    equal(notes(rig, path), [(word, name) for name in NAMES for word in ("begin", "end")], "notes")


@case("a step that fails amid steps sent ahead: what comes after it is not begun", "edge02")
def failed(rig):
    where = {"library": rig.copy(rig.little, "ahead-fails"), "home": rig.home("ahead-fails")}
    stretch = where["library"].read("runbooks/ahead/scripts/stretch")
    where["library"].write(
        "runbooks/ahead/scripts/stretch", stretch + '[ "$2" != s4 ] || exit 5\n')
    where["library"].commit("s4 fails")
    path = "/run/rig-ahead-fails"
    done = rig.handrail(
        "run", "rig.ahead", "--on", "edge02", "--set", f"file={path}", "--set", "pause=0",
        "--yes", "--json", **where).exits(5).document()
    equal(steps(done, "edge02")["s4"], "failed", "the step")
    equal([name for word, name in notes(rig, path) if word == "begin"],
          ["s1", "s2", "s3", "s4", "s4"], "what was begun")
    rig.handrail("logs", done["run"], **where).exits(0).says("exit 5")
    rig.handrail("audit", "verify", **where).exits(0)
