"""Homes that can't be used: a clear error, what to do, and the code that fits."""

import os
import sqlite3
import subprocess

from .case import collector
from .rig import call, claim, equal, said

CASES = []
case = collector(CASES)


@case("a home of a newer Handrail's is refused, and nothing is started", "homes")
def newer(rig):
    where = {"library": rig.little, "home": rig.home("newer")}
    rig.handrail("run", "rig.look", "--on", "hub02", "--yes", **where).exits(0)
    with sqlite3.connect(os.path.join(where["home"], "journal.db")) as journal:
        journal.execute("insert into grdb_migrations values ('v9999')")
    journal.close()
    for words in (["history"], ["run", "rig.look", "--on", "hub02", "--yes"], ["doctor"]):
        done = rig.handrail(*words, **where)
        done.exits(11 if words == ["doctor"] else 3).says("newer handrail")
        claim("hint" in done.err or "→" in done.out, f"no remedy: {done.tail()}")


@case("a full disk holds the run where it is, and it goes on once there is room", "homes")
def full(rig):
    home, path = rig.home("full"), "/run/rig-full"
    where = {"library": rig.little, "home": home}
    os.makedirs(home, mode=0o700)
    call(["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "handrail-rig", home])
    try:
        child = rig.begin(
            "run", "rig.lines", "--on", "hub02", "--set", f"file={path}", "--set", "pause=0.5",
            "--yes", "--json", **where)
        lines = lambda: rig.fleet.shell("hub02", f"cat {path} 2>/dev/null || true").split()
        rig.eventually("a line", lines)
        fill(home)
        rig.eventually("it says so", lambda: "no space is left" in said(child).err.lower(), 60)
        before = lines()
        claim(len(before) < 8, "the run was over too early to tell")
        refused = rig.handrail("run", "rig.look", "--on", "hub02", "--yes", **where).exits(3)
        refused.says("no space is left")
        os.remove(os.path.join(home, "filler"))
        equal(rig.end(child, limit=60).exits(0).document()["state"], "succeeded", "state")
        equal(lines(), [f"line-{number}" for number in range(1, 9)], "the lines on the target")
    finally:
        subprocess.run(["umount", "-l", home], capture_output=True)


def fill(folder):
    with open(os.path.join(folder, "filler"), "wb", buffering=0) as file:
        for size in (65536, 4096, 512, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
