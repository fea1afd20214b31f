"""One changing run a target: who comes second is refused or waits, and is told for whom."""

import signal
import time

from .case import collector
from .rig import claim, equal, outcomes, said

CASES = []
case = collector(CASES)


def count(rig, target, folder):
    return rig.fleet.shell(target, f"cat {folder}.count 2>/dev/null || true").split().count("done")


def alone(rig, folder, where, *targets, seconds="1"):
    """Starts a run that fails when another one is at work on the same target."""
    return rig.begin(
        "run", "rig.alone", "--limit", ",".join(targets), "--set", f"folder={folder}", "--set",
        f"seconds={seconds}", "--yes", "--json", **where)


def holding(rig, folder, where, target, seconds="6"):
    """A run that is at work on a target: its leader and its id."""
    known = rig.runs(**where)
    leader = alone(rig, folder, where, target, seconds=seconds)
    rig.eventually(
        "it is at work", lambda: leader.poll() is not None
        or rig.fleet.shell(target, f"test -d {folder} && echo yes || true").split() == ["yes"])
    claim(leader.poll() is None, f"it ended: {said(leader).tail()}")
    (run,) = [run for run in rig.runs(**where) if run not in known]
    return leader, run


@case("a target that another run changes is refused, by whom, since when and at which step", "hub02")
def refused(rig):
    where, folder = {"library": rig.little, "home": rig.home("locked")}, "/run/rig-locked"
    leader, run = holding(rig, folder, where, "hub02", seconds="15")
    command = ("rig.alone", "--on", "hub02", "--set", f"folder={folder}")
    for done in (
        rig.handrail("run", *command, "--yes", **where), rig.handrail("plan", *command, **where)):
        done.exits(4).says("hub02 is locked by run " + run, "rig.alone", "at step work",
                           "handrail watch " + run)
    # Who only looks is in nobody's way, nor is anybody in his.
    rig.handrail("run", "rig.look", "--on", "hub02", "--yes", **where).exits(0)
    rig.handrail(**where).exits(0).says("holds hub02")
    (lock,) = rig.handrail("status", "--json", **where).exits(0).document()["locks"]
    equal((lock["target"], lock["run"], lock["step"]), ("hub02", run, "work"), "the lock")
    rig.end(leader).exits(0)
    rig.handrail("run", *command, "--set", "seconds=0", "--yes", **where).exits(0)
    equal(count(rig, "hub02", folder), 2, "how often it was done")
    equal(rig.handrail("status", "--json", **where).exits(0).document()["locks"], [], "locks")


@case("two runs that start at once on one target never overlap", "hub02")
def at_once(rig):
    folder = "/run/rig-at-once"
    for number in range(20 if rig.full else 4):
        where = {"library": rig.little, "home": rig.home(f"at-once-{number}")}
        before = count(rig, "hub02", folder)
        children = [alone(rig, folder, where, "hub02", seconds="0.5") for _ in range(2)]
        codes = [rig.end(child).code for child in children]
        claim(0 in codes and set(codes) <= {0, 4}, f"they ended with {codes}: "
              + " | ".join(said(child).tail() for child in children))
        equal(count(rig, "hub02", folder) - before, codes.count(0), "how often it was done")


@case("with several targets the others go on, and the one that is held follows", "fleet")
def deferred(rig):
    where, folder = {"library": rig.little, "home": rig.home("deferred")}, "/run/rig-deferred"
    leader, run = holding(rig, folder, where, "hub02", seconds="8")
    shown = rig.handrail(
        "plan", "rig.alone", "--limit", "hub01,hub02", "--set", f"folder={folder}", **where)
    shown.exits(0).says("waits", "hub02 is locked by run " + run)
    second = alone(rig, folder, where, "hub01", "hub02", seconds="0")
    rig.eventually("hub01 is done", lambda: count(rig, "hub01", folder) == 1
                   or second.poll() is not None)

    def waits():
        found = [each for each in rig.handrail("status", "--json", **where).document()["runs"]
                 if each["run"] != run]
        return [each for each in found if each["state"] == "waiting"]

    (waiting,) = rig.eventually("it waits", waits)
    claim(run in waiting["state_reason"], f"it waits for {waiting['state_reason']!r}")
    equal(outcomes(waiting)["hub02"], "deferred", "hub02 meanwhile")
    rig.handrail("status", waiting["run"], **where).exits(0).says(
        "waiting", "hub02 is locked by run " + run, "at step work")
    rig.handrail(**where).exits(0).says("waits hub02 is locked by run " + run)
    rig.end(leader).exits(0)
    ended = rig.end(second).exits(0).document()
    equal(ended["state"], "succeeded", "state")
    equal(count(rig, "hub02", folder), 2, "how often it was done on hub02")


@case("a run that waits is paused and aborted like every other", "hub02")
def paused(rig):
    where, folder = {"library": rig.little, "home": rig.home("waits")}, "/run/rig-waits"
    leader, run = holding(rig, folder, where, "hub02", seconds="9")
    second = alone(rig, folder, where, "hub02", "hub01", seconds="0")

    def waiting():
        return [each["run"] for each in rig.handrail("status", "--json", **where).document()["runs"]
                if each["state"] == "waiting"]

    (waits,) = rig.eventually("it waits", lambda: waiting() or second.poll() is not None)
    rig.handrail("pause", waits, **where).exits(0)
    equal(rig.end(second, limit=20).exits(12).document()["state"], "paused", "state")
    rig.handrail("abort", waits, "--json", **where).exits(8)
    rig.end(leader).exits(0)
    equal(count(rig, "hub02", folder), 1, "how often it was done")


@case("a lock of a leader that was killed stays, and says how to go on", "hub02")
def killed(rig):
    where, path = {"library": rig.little, "home": rig.home("killed")}, "/run/rig-killed"
    leader = rig.begin(
        "run", "rig.lines", "--on", "hub02", "--set", f"file={path}", "--set", "pause=0.5", "--yes",
        **where)
    rig.eventually("a line", lambda: rig.fleet.shell("hub02", f"cat {path} 2>/dev/null || true"))
    leader.send_signal(signal.SIGKILL)
    leader.wait()
    (run,) = rig.runs(**where)
    second = ("run", "rig.alone", "--on", "hub02", "--set", "folder=/run/rig-killed-too", "--yes")
    rig.handrail(*second, **where).exits(4).says(
        "locked by run " + run, f"handrail resume {run}", f"handrail abort {run}")
    rig.handrail(**where).exits(0).says("holds hub02", f"handrail resume {run}")
    rig.handrail("resume", run, **where).exits(0)
    rig.handrail(*second, **where).exits(0)


@case("killed at any moment, a run leaves no lock that nobody can free", "hub02")
def killed_anywhere(rig):
    for number in range(20 if rig.full else 4):
        where = {"library": rig.little, "home": rig.home(f"killed-{number}")}
        folder = f"/run/rig-killed-{number}"
        leader = alone(rig, folder, where, "hub02", seconds="0.1")
        time.sleep(0.25 + 0.09 * number)
        leader.send_signal(signal.SIGKILL)
        leader.wait()
        for run in rig.runs(**where):
            state = rig.handrail("status", run, "--json", **where).exits(0).document()["state"]
            if state not in ("succeeded", "failed"):
                rig.handrail("abort", run, **where).exits(8, 9)
        equal(rig.handrail("status", "--json", **where).document()["locks"], [], "locks")
        rig.fleet.shell("hub02", f"rmdir {folder} 2>/dev/null || true")
        again = alone(rig, folder, where, "hub02", seconds="0")
        rig.end(again).exits(0)


@case("what is owed keeps the lock until it is paid", "hub02")
def owed(rig):
    where = {"library": rig.little, "home": rig.home("owed-lock")}
    rig.fleet.shell("hub02", "mkdir -p /run/rig-owed-lock && touch /run/rig-owed-lock/jammed")
    first = rig.handrail(
        "run", "rig.hold", "--on", "hub02", "--set", "folder=/run/rig-owed-lock", "--set",
        "seconds=0", "--yes", "--json", **where)
    run = first.exits(12).document()["run"]
    second = ("run", "rig.alone", "--on", "hub02", "--set", "folder=/run/rig-owed-too", "--yes")
    rig.handrail(*second, **where).exits(4).says(
        "locked by run " + run, "take is owed there", f"handrail status {run}")
    rig.fleet.shell("hub02", "rm /run/rig-owed-lock/jammed")
    rig.handrail("pay", run, "--on", "hub02", **where).exits(0)
    rig.handrail(*second, **where).exits(0)


def guarded(rig, name, also=""):
    """The little library with a rule of the house: of a cluster one at a time."""
    library = rig.copy(rig.little, name)
    library.write("handrail.yaml", library.read("handrail.yaml")
                  + "protect:\n  - per: cluster\n    max_unavailable: 1\n" + also)
    library.commit("Protect clusters")
    return {"library": library, "home": rig.home(name)}


def times(rig, target, folder):
    """When runs were at work on a target: pairs of nanoseconds."""
    begun, ended = (
        [int(line) for line in rig.fleet.shell(target, f"cat {folder}.{end}").split()]
        for end in ("begun", "ended"))
    return list(zip(begun, ended, strict=True))


@case("of a protected cluster no two targets are changed at once, over all runs", "fleet")
def cluster(rig):
    where, folder = guarded(rig, "cluster"), "/run/rig-cluster"
    both = [alone(rig, folder, where, "hub01", "hub02", seconds="0.7") for _ in range(2)]
    codes = [rig.end(child).code for child in both]
    claim(0 in codes and set(codes) <= {0, 4}, f"they ended with {codes}: "
          + " | ".join(said(child).tail() for child in both))
    spans = sorted(times(rig, "hub01", folder) + times(rig, "hub02", folder))
    equal(len(spans), 2 * codes.count(0), "how often one was changed")
    for (_, ended), (begun, _) in zip(spans, spans[1:]):
        claim(ended <= begun, f"two were changed at once: {spans}")


@case("a member that failed keeps the others available until it is mended", "fleet")
def mended(rig):
    where, folder = guarded(rig, "mended"), "/run/rig-mended"
    rig.fleet.shell("hub01", f"mkdir {folder}")
    failed = rig.end(alone(rig, folder, where, "hub01", seconds="0")).exits(5).document()["run"]
    command = ("rig.alone", "--on", "hub02", "--set", f"folder={folder}")
    for done in (
        rig.handrail("run", *command, "--yes", **where), rig.handrail("plan", *command, **where)):
        done.exits(4).says("hub02 is kept available", "at most 1 may be unavailable",
                           f"hub01 ended failed in run {failed}")
    rig.fleet.shell("hub01", f"rmdir {folder}")
    rig.end(alone(rig, folder, where, "hub01", seconds="0")).exits(0)
    rig.end(alone(rig, folder, where, "hub02", seconds="0")).exits(0)


@case("a member that failed is asked whether it is well all the same (peers_ok)", "fleet")
def asked(rig):
    folder = "/run/rig-asked"
    where = guarded(
        rig, "asked", f"    peers_ok: 'test ! -d {folder} || {{ echo the folder is there; exit 3; }}'\n")
    rig.fleet.shell("hub01", f"mkdir {folder}")
    rig.end(alone(rig, folder, where, "hub01", seconds="0")).exits(5)
    second = alone(rig, folder, where, "hub02", seconds="0")

    def told():
        return [each for each in rig.handrail("status", "--json", **where).document()["runs"]
                if "peers_ok on hub01 answered 3" in each["state_reason"]]

    rig.eventually("it waits, and says what hub01 answered", lambda: told()
                   or second.poll() is not None)
    (waiting,) = told()
    claim("the folder is there" in waiting["state_reason"], waiting["state_reason"])
    equal(count(rig, "hub02", folder), 0, "how often it was done on hub02 meanwhile")
    rig.fleet.shell("hub01", f"rmdir {folder}")
    # Asked again after half a minute.
    equal(rig.end(second, limit=60).exits(0).document()["state"], "succeeded", "state")
    equal(count(rig, "hub02", folder), 1, "how often it was done on hub02")
    rig.handrail("audit", "show", waiting["run"], **where).exits(0).says("target.vouched")
    rig.handrail("audit", "verify", **where).exits(0)


@case("after a run that is over a person says that a target is well", "fleet")
def vouched(rig):
    where, folder = guarded(rig, "vouched"), "/run/rig-vouched"
    rig.fleet.shell("hub01", f"mkdir {folder}")
    failed = rig.end(alone(rig, folder, where, "hub01", seconds="0")).exits(5).document()["run"]
    well = ("settle", failed, "--on", "hub01", "--as", "well", "--why", "looked at it")
    second = ("run", "rig.alone", "--on", "hub02", "--set", f"folder={folder}", "--set", "seconds=0")
    rig.handrail(*second, "--yes", **where).exits(4).says("--on hub01 --as well --why")
    rig.handrail(*well, **where).exits(0).says("hub01 is well")
    rig.handrail(*second, "--yes", **where).exits(0)
    rig.handrail(*well, **where).exits(3).says("waits to be settled")
    rig.handrail("audit", "verify", **where).exits(0)
