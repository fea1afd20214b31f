"""People who follow and steer a run from another process than the one that leads it."""

import fcntl
import os
import signal
import time

from .case import collector
from .rig import claim, equal, said, steps

CASES = []
case = collector(CASES)
LINES = [f"line-{number}" for number in range(1, 9)]


def talking(rig, name):
    """A run that waits for a person: its leader, its id, and the folder of its marks."""
    where = {"library": rig.little, "home": rig.home(name)}
    folder = f"/run/rig-{name}"
    leader = rig.begin(
        "run", "rig.talk", "--on", "mbx02", "--set", f"folder={folder}", "--yes", "--json", **where)
    run = the_run(rig, leader, where)
    asked(rig, run, "told", where)
    return leader, run, folder, where


def the_run(rig, leader, where):
    """The id of the home's only run, once there is one."""
    rig.eventually("a run", lambda: rig.runs(**where) or leader.poll() is not None)
    runs = rig.runs(**where)
    claim(runs, f"it ended without a run: {said(leader).tail()}")
    return runs[0]


def status(rig, run, where):
    return rig.handrail("status", run, "--json", **where).exits(0).document()


def asked(rig, run, step, where):
    rig.eventually(f"{step} asks", lambda: step in [
        each["step"] for each in status(rig, run, where)["questions"]])


def marks(rig, folder):
    return rig.fleet.shell("mbx02", f"ls {folder} 2>/dev/null || true").split()


def lines(rig, path):
    return rig.fleet.shell("mbx02", f"cat {path} 2>/dev/null || true").split()


def lining(rig, name, pause):
    """A run that appends a line after each pause."""
    where = {"library": rig.little, "home": rig.home(name)}
    path = f"/run/rig-{name}"
    leader = rig.begin(
        "run", "rig.lines", "--on", "mbx02", "--set", f"file={path}", "--set", f"pause={pause}",
        "--yes", "--json", **where)
    rig.eventually("a line", lambda: lines(rig, path) or leader.poll() is not None)
    return leader, the_run(rig, leader, where), path, where


def freeze(leader, where):
    """Stops a leader outside of the trail's lock: one that is stopped while it seals keeps it."""
    for _ in range(100):
        leader.send_signal(signal.SIGSTOP)
        with open(os.path.join(where["home"], "trail.lock")) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                leader.send_signal(signal.SIGCONT)
        time.sleep(0.01)
    claim(False, "the leader holds the trail's lock all the time")


@case("logs -f shows every attempt, and ends with the run", "mbx02")
def logs_follow(rig):
    leader, run, _, where = lining(rig, "follow", "0.2")
    done = rig.handrail("logs", run, "-f", "--step", "line-8", **where).exits(0)
    done.says("line-8", "has ended: succeeded")
    rig.end(leader).exits(0)
    alone = rig.handrail("logs", run, "--step", "line-8", **where).exits(0)
    equal(done.out, alone.out, "what was followed")


@case("Ctrl-C leaves logs -f and watch, and the run goes on", "mbx02")
def leaving(rig):
    leader, run, path, where = lining(rig, "left", "1.5")
    for verb in (["logs", run, "-f"], ["watch", run]):
        follower = rig.begin(*verb, **where)
        rig.eventually(f"{verb[0]} shows a step", lambda: "line-1" in said(follower).out
                       + said(follower).err)
        follower.send_signal(signal.SIGINT)
        rig.end(follower, limit=15).exits(0).says("the run goes on")
    claim(leader.poll() is None, "the run was over too early to tell")
    equal(rig.end(leader).exits(0).document()["state"], "succeeded", "state")
    equal(lines(rig, path), LINES, "the lines on the target")


@case("note, pause, confirm and answer reach a living leader; resume goes on", "mbx02")
def steer(rig):
    leader, run, folder, where = talking(rig, "steer")
    rig.handrail("note", run, "looked at it", **where).exits(0).says("noted")
    rig.handrail("pause", run, **where).exits(0).says("stops after choose")
    rig.handrail("confirm", run, "told", "--note", "they know", **where).exits(0)
    asked(rig, run, "choose", where)
    wrong = rig.handrail("answer", run, "choose", "queit", **where).exits(3)
    wrong.says("did you mean quiet")
    done = rig.handrail("answer", run, "choose", "quiet", "--json", **where).exits(0)
    equal(done.document()["reply"], "taken", "reply")
    paused = rig.end(leader, limit=20).exits(12).document()
    equal(paused["state"], "paused", "state")
    equal(paused["notes"], ["looked at it"], "notes")
    equal(marks(rig, folder), ["first"], "marks before resume")
    rig.handrail("pause", run, **where).exits(3).says("paused already")
    ended = rig.handrail("resume", run, "--json", **where).exits(0).document()
    equal(ended["state"], "succeeded", "state")
    equal(marks(rig, folder), ["first", "last"], "marks")


@case("an abort reaches a living leader that waits for a person", "mbx02")
def abort_question(rig):
    leader, run, folder, where = talking(rig, "unanswered")
    rig.handrail("abort", run, **where).exits(0)
    equal(rig.end(leader, limit=20).exits(8).document()["state"], "aborted", "state")
    equal(marks(rig, folder), ["first"], "marks")
    for verb in (["abort"], ["pause"], ["resume"], ["note", "late"]):
        done = rig.handrail(verb[0], run, *verb[1:], **where).exits(3)
        done.says("has ended")


@case("a question that waits too long needs a person, who answers later", "mbx02")
def too_late(rig):
    where = {"library": rig.little, "home": rig.home("late")}
    done = rig.handrail(
        "run", "rig.talk-soon", "--on", "mbx02", "--set", "folder=/run/rig-late", "--yes",
        "--json", **where).exits(12).document()
    equal(done["state"], "needsPerson", "state")
    run = done["run"]
    rig.handrail(**where).exits(0).says(run, "overdue", f"handrail answer {run} choose quiet\n",
                                        f"handrail answer {run} choose busy\n")
    done = rig.handrail("answer", run, "choose", "quiet", "--json", **where).exits(0).document()
    equal(done["state"], "succeeded", "state")
    equal(marks(rig, "/run/rig-late"), ["last"], "marks")


@case("resume takes over from a leader that was stopped, and each line is there once", "mbx02")
def stopped_leader(rig):
    leader, run, path, where = lining(rig, "stopped", "0.8")
    freeze(leader, where)
    try:
        rig.handrail("resume", run, **where).exits(4).says("another process leads", "watch")
        taken = []

        def resumed():
            taken[:] = [rig.handrail("resume", run, "--json", **where)]
            return taken[0].code != 4

        rig.eventually("the run can be taken over", resumed, limit=40)
        equal(taken[0].exits(0).document()["state"], "succeeded", "state")
    finally:
        leader.send_signal(signal.SIGCONT)
    rig.end(leader, limit=30).exits(4).says("another process leads")
    equal(lines(rig, path), LINES, "the lines on the target")


@case("abort doesn't wait for ever for a leader that was stopped", "mbx02")
def abort_stopped(rig):
    leader, run, folder, where = talking(rig, "frozen")
    freeze(leader, where)
    try:
        done = rig.handrail("abort", run, "--json", limit=40, **where).exits(8)
        equal(done.document()["state"], "aborted", "state")
    finally:
        leader.send_signal(signal.SIGCONT)
    rig.end(leader, limit=30).exits(4)
    equal(marks(rig, folder), ["first"], "marks")


@case("abort of a stopped leader's run ends a step that outlives it, and gives back what it held", "mbx02")
def abort_stopped_step(rig):
    where = {"library": rig.little, "home": rig.home("cut")}
    folder = "/run/rig-cut"
    leader = rig.begin(
        "run", "rig.hold", "--on", "mbx02", "--set", f"folder={folder}", "--set", "seconds=60",
        "--yes", **where)
    rig.eventually("the step has begun", lambda: "begun" in marks(rig, folder))
    run = the_run(rig, leader, where)
    freeze(leader, where)
    try:
        done = rig.handrail("abort", run, "--json", limit=60, **where).exits(8).document()
        equal(done["state"], "aborted", "state")
        equal(steps(done, "mbx02")["work"], "aborted", "the step")
        equal(done["owed"], [], "what is owed")
    finally:
        leader.send_signal(signal.SIGCONT)
    rig.end(leader, limit=30).exits(4)
    claim("taken" not in marks(rig, folder), "it was not given back")
    claim("later" not in marks(rig, folder), "the target went on")


@case("what is owed can be paid by hand, with a note", "mbx02")
def paid_by_hand(rig):
    where = {"library": rig.little, "home": rig.home("hand")}
    folder = "/run/rig-hand"
    rig.fleet.shell("mbx02", f"mkdir -p {folder} && touch {folder}/jammed")
    run = rig.handrail(
        "run", "rig.hold", "--on", "mbx02", "--set", f"folder={folder}", "--set", "seconds=0",
        "--yes", "--json", **where).exits(12).document()["run"]
    rig.handrail("pay", run, "--on", "mbx02", "--by-hand", **where).exits(64).says("--note")
    rig.handrail("pay", run, "--on", "mbx1", "--by-hand", "--note", "x", **where).exits(3)
    done = rig.handrail(
        "pay", run, "--on", "mbx02", "--by-hand", "--note", "put back", "--json", **where)
    equal(done.exits(0).document()["state"], "succeeded", "state")
    claim("taken" in marks(rig, folder), "something was run")


@case("doctor --on says how a target is reached, and what keeps it from being", "mbx02")
def doctor(rig):
    good = rig.handrail("doctor", "--on", "mbx02", "--json").exits(0).document()
    (found,) = [each for each in good["findings"] if each["check"] == "mbx02"]
    equal(found["verdict"], "ok", "verdict")
    claim("reached as root" in found["message"], found["message"])
    rig.fleet.plant("login-refused", "mbx02")
    try:
        bad = rig.handrail("doctor", "--on", "mbx02", "--json").exits(11).document()
    finally:
        rig.fleet.heal("login-refused", "mbx02")
    (found,) = [each for each in bad["findings"] if each["check"] == "mbx02"]
    equal(found["verdict"], "problem", "verdict")
    claim("log" in found["message"].lower(), found["message"])
    rig.handrail("doctor", "--on", "mbx20").exits(3).says("mbx02")


@case("a target that is restarted by a step goes on where it was, with another boot", "mbx02")
def restarted(rig):
    folder = "/var/tmp/rig-restart"
    document = rig.handrail(
        "run", "rig.restart", "--on", "mbx02", "--set", f"folder={folder}", "--yes", "--json",
        library=rig.little, limit=240).exits(0).document()
    equal(set(steps(document, "mbx02").values()), {"changed"}, "steps")
    boots = rig.fleet.shell("mbx02", f"cat {folder}/boots").split()
    equal((len(boots), len(set(boots))), (3, 3), "boots that the steps saw")
