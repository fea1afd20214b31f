"""A person at a terminal: what is typed, Ctrl-C, and a terminal that goes away."""

import time

from .case import collector
from .rig import claim, equal

CASES = []
case = collector(CASES)
LINES = [f"line-{number}" for number in range(1, 9)]


def lines(rig, path):
    return rig.fleet.shell("mbx01", f"cat {path} 2>/dev/null || true").split()


def lining(rig, name, *more, pause="0.4"):
    where = {"library": rig.little, "home": rig.home(name)}
    path = f"/run/rig-{name}"
    person = rig.terminal(
        "run", "rig.lines", "--on", "mbx01", "--set", f"file={path}", "--set", f"pause={pause}",
        *more, **where)
    return person, path, where


@case("a run is confirmed by the target's name alone", "mbx01")
def confirmed(rig):
    person, path, _ = lining(rig, "typed")
    person.shows("Type the target's name (mbx01)")
    person.types("yes\n")
    person.shows("'yes' doesn't confirm a run")
    person.types("mbx02\n")
    person.shows("That is not the target's name")
    person.types("mbx01\n")
    person.exits(0)
    equal(lines(rig, path), LINES, "the lines on the target")


@case("an empty line at the confirmation starts nothing", "mbx01")
def declined(rig):
    person, path, where = lining(rig, "declined")
    person.shows("Type the target's name (mbx01)")
    person.types("\n")
    person.exits(8)
    person.shows("It was not confirmed")
    equal((lines(rig, path), rig.runs(**where)), ([], []), "what was started")


@case("Ctrl-C at the confirmation starts nothing, and says so on a line of its own", "mbx01")
def interrupted(rig):
    person, path, where = lining(rig, "interrupted")
    person.shows("Type the target's name (mbx01)")
    person.types("\x03")
    person.exits(8)
    person.shows("\r\nerror: Interrupted: nothing was started.")
    equal((lines(rig, path), rig.runs(**where)), ([], []), "what was started")


@case("Ctrl-C pauses at the safe stop, and resume goes on", "mbx01")
def paused(rig):
    person, path, where = lining(rig, "paused", "--yes", pause="1.5")
    rig.eventually("a line", lambda: lines(rig, path))
    person.types("\x03")
    person.shows("Ctrl-C: pausing")
    person.exits(12)
    person.shows("handrail resume")
    equal(lines(rig, path), LINES[:4], "the lines until the safe stop")
    (run,) = rig.runs(**where)
    rig.handrail("resume", run, **where).exits(0)
    equal(lines(rig, path), LINES, "the lines on the target")


@case("a second Ctrl-C aborts, and what was held is given back", "mbx01")
def aborted(rig):
    where = {"library": rig.little, "home": rig.home("twice")}
    folder = "/run/rig-twice"
    person = rig.terminal(
        "run", "rig.hold", "--on", "mbx01", "--set", f"folder={folder}", "--set", "seconds=60",
        "--yes", **where)
    rig.eventually("the step has begun", lambda: "begun" in rig.fleet.shell(
        "mbx01", f"ls {folder} 2>/dev/null || true"))
    person.types("\x03")
    person.shows("Once more aborts")
    person.types("\x03")
    person.exits(8, limit=30)
    equal(rig.fleet.shell("mbx01", f"ls {folder}").split(), ["begun"], "marks")
    (run,) = rig.runs(**where)
    rig.handrail("status", run, **where).exits(0).says("aborted")


@case("questions are put to the person; Ctrl-C there is answered, and 'later' leaves the run",
      "mbx01")
def questions(rig):
    where = {"library": rig.little, "home": rig.home("asked")}
    person = rig.terminal(
        "run", "rig.talk", "--on", "mbx01", "--set", "folder=/run/rig-asked", "--yes", **where)
    person.shows("What was done ('later' leaves it):")
    person.types("told them\n")
    person.shows("Number or word:")
    person.types("3000\n")
    person.shows("'3000' is none of them.")
    person.types("\x03")
    person.shows("The question still waits")
    person.types("later\n")
    person.exits(12)
    person.shows("nobody leads it now")
    (run,) = rig.runs(**where)
    rig.handrail("answer", run, "choose", "quiet", **where).exits(0, 12)
    rig.handrail("resume", run, **where).exits(0, 3)
    status = rig.handrail("status", run, "--json", **where).exits(0).document()
    equal(status["state"], "succeeded", "state")


def step_by_step(rig, name):
    """A run that asks whether its second step, which may run only once, may begin."""
    where = {"library": rig.little, "home": rig.home(name)}
    folder = f"/run/rig-{name}"
    person = rig.terminal(
        "run", "rig.hold", "--on", "mbx01", "--set", f"folder={folder}", "--set", "seconds=0",
        "--step-by-step", "--yes", **where)
    person.shows("Step 1 of 3")
    person.types("yes\n")
    person.shows("Step 2 of 3")
    (run,) = rig.runs(**where)
    return person, run, folder, where


@case("a leader killed while it asks whether a step may begin has not begun it", "mbx01")
def killed_while_asking(rig):
    person, run, folder, where = step_by_step(rig, "step-killed")
    person.child.kill()
    person.exits(-9)
    rig.handrail("resume", run, **where).exits(0)
    equal(rig.fleet.shell("mbx01", f"ls {folder}").split(), ["begun", "ended", "later"], "marks")


@case("SIGTERM while a step is asked for ends the leading at once, and nothing began", "mbx01")
def terminated_while_asking(rig):
    person, run, folder, where = step_by_step(rig, "step-ended")
    began = time.monotonic()
    person.child.terminate()
    person.exits(12)
    claim(time.monotonic() - began < 30, "it waited for the answer")
    equal(rig.fleet.shell("mbx01", f"ls {folder}").split(), ["taken"], "marks")
    rig.handrail("resume", run, **where).exits(0)


@case("an abort from elsewhere takes the question about a step back", "mbx01")
def aborted_while_asking(rig):
    person, run, folder, where = step_by_step(rig, "step-aborted")
    rig.handrail("abort", run, **where).exits(0)
    person.exits(8, limit=20)
    equal(rig.fleet.shell("mbx01", f"ls {folder}").split(), [], "marks")


@case("a terminal that goes away leaves the run going on", "mbx01")
def hung_up(rig):
    person, path, where = lining(rig, "hung-up", "--yes", pause="0.8")
    rig.eventually("a line", lambda: lines(rig, path))
    claim(len(lines(rig, path)) < 8, "the run was over too early to tell")
    person.hang_up()
    person.exits(0, limit=30)
    equal(lines(rig, path), LINES, "the lines on the target")
    (run,) = rig.runs(**where)
    status = rig.handrail("status", run, "--json", **where).exits(0).document()
    equal(status["state"], "succeeded", "state")


@case("nothing is painted with NO_COLOR, and no line is wider than the terminal", "mbx01")
def plain(rig):
    where = {"library": rig.little, "home": rig.home("plain")}
    rig.handrail("run", "rig.look", "--on", "mbx01", "--yes", **where).exits(0)
    for words in (["list"], ["history"], ["status", "last"], ["inventory"], ["show", "rig.hold"],
                  ["plan", "rig.talk", "--on", "mbx01", "--set", "folder=/run/x", "--no-probe"]):
        person = rig.terminal(*words, **where)
        person.exits(0)
        person.reader.join(timeout=10)
        claim("\x1b" not in person.shown, f"{words} paints: {person.shown!r}")
        wide = [line for line in person.shown.splitlines() if len(line) > 80]
        equal(wide, [], f"lines of {words} that are too wide")
