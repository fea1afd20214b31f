"""A home that comes back from a backup or from its trail, while a run of it is open."""

import os
import signal
import time

from .case import collector
from .interruption import lines_of
from .rig import claim, equal, steps

CASES = []
case = collector(CASES)
TARGET = "hub02"


def begun(rig, name, count):
    """A run that appends a line every half second, once it has appended so many."""
    where = {"library": rig.little, "home": rig.home(name)}
    path = f"/run/rig-{name}"
    child = rig.begin(
        "run", "rig.lines", "--on", TARGET, "--set", f"file={path}", "--set", "pause=0.5", "--yes",
        **where)
    rig.eventually(f"{count} lines", lambda: len(lines_of(rig, TARGET, path)) >= count)
    claim(child.poll() is None, f"the run was over too early: exit {child.poll()}")
    return where, path, child


def backed_up(rig, name, where):
    """A backup of a home, and the place to restore it to."""
    file = os.path.join(os.path.dirname(where["home"]), f"{name}.tar")
    rig.handrail("backup", "-o", file, **where).exits(0).says("1 open", "sha256")
    return file, {"library": where["library"], "home": where["home"] + "-restored"}


def waits(rig, there):
    """The run that waits for a person, as the inbox of a restored home has it."""
    items = rig.handrail("--json", **there).exits(0).document()["items"]
    equal([item["kind"] for item in items], ["restored"], "what the inbox has")
    return items[0]["run"]


@case("a run that ended after the backup: guards settle it, and not a line is added", "homes")
def ended_since(rig):
    where, path, child = begun(rig, "backup-ended", 2)
    file, there = backed_up(rig, "backup-ended", where)
    rig.end(child, limit=60).exits(0)
    lines = lines_of(rig, TARGET, path)
    equal(len(lines), 8, "the lines that the run left")
    rig.handrail("restore", file, **there).exits(12)
    run = waits(rig, there)
    document = rig.handrail("resume", run, "--json", **there).exits(0).document()
    equal(document["state"], "succeeded", "state")
    equal(lines_of(rig, TARGET, path), lines, "the lines on the target")
    rig.handrail("audit", "verify", **there).exits(0)


@case("a run that died after the backup: what its guards say is needed is not started", "homes")
def died_since(rig):
    where, path, child = begun(rig, "backup-died", 1)
    file, there = backed_up(rig, "backup-died", where)
    rig.eventually("more lines", lambda: len(lines_of(rig, TARGET, path)) >= 4)
    child.send_signal(signal.SIGKILL)
    child.wait()
    # What was under way may end; then nothing moves any more.
    rig.eventually("it is quiet", quiet(rig, path), 30)
    lines = lines_of(rig, TARGET, path)
    rig.handrail("restore", file, **there).exits(12)
    run = waits(rig, there)
    document = rig.handrail("resume", run, "--json", **there).exits(9).document()
    claim("unknown" in steps(document, TARGET).values(), f"no step is unknown: {document}")
    equal(lines_of(rig, TARGET, path), lines, "the lines on the target")
    rig.handrail("audit", "verify", **there).exits(0)


@case("a lost journal comes back from the trail, its open run starts nothing more", "homes")
def lost(rig):
    where, path, child = begun(rig, "journal-lost", 3)
    child.send_signal(signal.SIGKILL)
    child.wait()
    rig.eventually("it is quiet", quiet(rig, path), 30)
    lines = lines_of(rig, TARGET, path)
    for end in ("", "-wal", "-shm"):
        name = os.path.join(where["home"], "journal.db" + end)
        if os.path.exists(name):
            os.remove(name)
    rig.handrail("history", **where).exits(10).says("restore --from-trail")
    rig.handrail("restore", "--from-trail", **where).exits(12).says("kept in")
    run = waits(rig, where)
    rig.handrail("history", **where).exits(0).says(run)
    rig.handrail("audit", "verify", **where).exits(0)
    rig.handrail("resume", run, "--json", **where).exits(9)
    equal(lines_of(rig, TARGET, path), lines, "the lines on the target")
    rig.handrail("run", "rig.look", "--on", TARGET, "--yes", **where).exits(0)
    rig.handrail("audit", "verify", **where).exits(0)


def quiet(rig, path):
    """Whether a file has not grown since it was looked at last."""
    seen = []

    def is_quiet():
        time.sleep(0.8)
        seen.append(len(lines_of(rig, TARGET, path)))
        return len(seen) > 3 and len(set(seen[-3:])) == 1

    return is_quiet
