"""A home whose disk is full at some write, or loses its power."""

import fcntl
import mmap
import os
import shutil
import signal
import sqlite3
import struct
import subprocess

from on_fleet.rig import Failed, call, claim, equal

from .bench import HERE, ends_within, in_lanes, kill, many, steps
from .budget import collector
from .controllers import UNKNOWN, UNREACHED, WELL
from .crashes import POINTS, SHORT, pause

CASES = []
case = collector(CASES)
KINDS = ("once", "idem", "guarded", "read")
PLAN = steps(4, KINDS)
SIZE = 32 << 20
# EXT4_IOC_SHUTDOWN, _IOR('X', 125, __u32), and its way (linux/ext4.h).
SHUTDOWN, WITHOUT_LOG_FLUSH = 0x8004587D, 2


class Counter:
    """The calls that a process has made which write below its home, and how many were refused."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as file:
            file.write(bytes(16))
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), 16)

    def read(self):
        return struct.unpack("qq", self.map[:])


def compiled(bench):
    """The preloaded part; made once."""
    path = bench.path("disk.so")
    with bench.starting:
        if not os.path.exists(path):
            compiler = shutil.which("cc") or shutil.which("clang")
            claim(compiler, "no C compiler: neither cc nor clang")
            call([compiler, "-O1", "-shared", "-fPIC", "-o", path + ".new",
                  os.path.join(HERE, "disk.c"), "-ldl"])
            os.rename(path + ".new", path)
    return path


def started(bench, trial, words, **variables):
    """Starts a command on such a disk; the child and its counter."""
    counter = Counter(bench.path(f"count-{trial.name}"))
    bench.lane.extra = {
        "LD_PRELOAD": compiled(bench), "CHAOS_FOLDER": trial.home, "CHAOS_COUNT": counter.path,
        "CHAOS_ROOM": trial.home + ".room", **variables,
    }
    try:
        return trial.begin(*words), counter
    finally:
        bench.lane.extra = {}


def words(trial, time=SHORT):
    return ["run", "chaos.disk", "--limit", "*", "--set", "folder=" + trial.notes, "--set",
            "pause=" + time, "--yes", "--json"]


def finished(bench, trial, budget):
    """Whatever was left is led to its end, and is as it must be."""
    run = trial.run()
    done = trial.handrail(*(["resume", run, "--json"] if run else words(trial)))
    if not (done.code == 3 and "has ended" in done.out):
        done.exits(WELL, *([] if bench.expected else [UNKNOWN]), *UNREACHED)


def well_ended(bench, trial, budget):
    budget.add("outcomes that nobody knows", trial.check(PLAN))
    trial.verify()
    trial.handrail("history", "--json").exits(0)


@case("full-disks", "home full from some write on",
      "at every call that writes below the home: nothing more starts, nothing is called a success, "
      "and all goes on once there is room", (9, 25), (1000, 5400))
def full_disks(bench, budget):
    lanes = bench.most_lanes(budget, 3, 2)
    for lane in lanes:
        lane.put(many(4, "disk", KINDS))
    probe = lanes[0].trial("full-disks-probe")
    bench.lane.binary = None
    child, counter = started(bench, probe, words(probe))
    probe.end(child).exits(0)
    total, _ = counter.read()
    probe.drop()
    budget.add("calls in a run", total)
    budget.count = min(budget.count, total)

    def work(lane, turn, trial):
        # All of them in turn, or as many spread over the run.
        at = turn.number if budget.count == total else 1 + (
            (turn.number - 1) * total // budget.count + turn.chance.randrange(
                max(1, total // budget.count))) % total
        child, counter = started(bench, trial, words(trial), CHAOS_FULL_AT=str(at))
        bench.eventually(f"call {at} is refused",
                         lambda: counter.read()[1] or child.poll() is not None)
        if not counter.read()[1]:
            trial.end(child).exits(WELL, *UNREACHED)
            budget.add("ended before that call")
            return budget.did()
        # What was under way ends; then nothing more is begun.
        ends_within(child, 0.5)
        trial.calm_down()
        noted = trial.noted()
        is_over = ends_within(child, 0.7)
        equal(trial.noted(), noted, f"call {at}: what is noted while the disk is full")
        if is_over and child.returncode == 0:
            budget.add("ended well without that call")
        with open(trial.home + ".room", "w"):
            pass
        done = trial.end(child)
        if done.code == 0:
            claim(any(event.name == "closed" for event in trial.events()),
                  f"call {at}: exit 0, and the end isn't recorded")
            budget.add("went on by itself")
        elif done.code in UNREACHED:
            budget.add("went on, and a target was not reached")
        else:
            both = (done.out + done.err).lower()
            claim("space" in both or "room" in both or "full" in both,
                  f"call {at}: exit {done.code}, and no word of the full disk: {done.tail()}")
            finished(bench, trial, budget)
            budget.add("led on by a person")
        well_ended(bench, trial, budget)
        budget.did()

    in_lanes(bench, budget, lanes, work)


class PowerlessDisk:
    """An ext4 of its own in a file, whose power can be cut."""

    def __init__(self, bench, name):
        self.image, self.place = bench.path(f"disk-{name}"), bench.path(f"mount-{name}")
        with open(self.image, "wb") as file:
            file.truncate(SIZE)
        call(["mkfs.ext4", "-q", "-F", self.image])
        os.makedirs(self.place)
        bench.closers.append(self.drop)

    def mount(self):
        # Nothing but a sync writes the log: the kernel would after 5 s.
        call(["mount", "-o", "loop,commit=300", self.image, self.place])

    def unmount(self):
        call(["umount", self.place])

    def lose(self):
        """Stops it at once; what its log has not written is gone."""
        place = os.open(self.place, os.O_RDONLY)
        fcntl.ioctl(place, SHUTDOWN, struct.pack("I", WITHOUT_LOG_FLUSH))
        os.close(place)

    def drop(self):
        if os.path.ismount(self.place):
            subprocess.run(["umount", "-l", self.place], capture_output=True)
        if os.path.exists(self.image):
            os.remove(self.image)


def on_a_disk(bench, trial):
    """Gives a try a home on such a disk, mounted."""
    disk = PowerlessDisk(bench, trial.name)
    disk.mount()
    trial.home = trial.where["home"] = os.path.join(disk.place, "home")
    os.makedirs(trial.home, mode=0o700)
    os.sync()
    return disk


def notices_lies(bench, budget, lane):
    """On a disk whose syncs do nothing, what was started isn't recorded: that must be noticed."""
    bench.lane.binary = None
    trial = lane.trial("power-loss-lies")
    disk = on_a_disk(bench, trial)
    child, _ = started(bench, trial, words(trial), CHAOS_LIES="1")
    bench.eventually("a step has noted something", trial.noted)
    disk.lose()
    kill(child)
    disk.unmount()
    disk.mount()
    try:
        trial.check(PLAN, expected=False)
    except (Failed, sqlite3.DatabaseError):
        budget.add("disk whose syncs do nothing, noticed")
    else:
        claim(False, "a disk whose syncs do nothing isn't noticed")
    finally:
        disk.unmount()
        disk.drop()
        trial.drop()


@case("power-loss", "loss of the controller's power",
      "what was not synced is gone, at each labelled point and at writes and syncs at random: the "
      "home opens, every start was recorded, nothing runs twice, and all goes on",
      (9, 25), (2 * len(POINTS) + 300, 3600))
def power_loss(bench, budget):
    lanes = bench.most_lanes(budget, 4, 2)
    for lane in lanes:
        lane.put(many(4, "disk", KINDS))
    total = [400]
    notices_lies(bench, budget, lanes[0])

    def work(lane, turn, trial):
        disk = on_a_disk(bench, trial)
        if turn.number % 3:
            at = {"CHAOS_LOSE_AT": str(1 + int(total[0] * max(turn.chance.random(), turn.chance.random())))}
        else:
            at = {"CHAOS_LOSE": "1", "HANDRAIL_CRASH_AT": POINTS[turn.number // 3 % len(POINTS)]}
        child, counter = started(
            bench, trial, words(trial, pause(at.get("HANDRAIL_CRASH_AT", ""))), **at)
        code = trial.end(child).code
        if code != -signal.SIGKILL:
            if "CHAOS_LOSE_AT" in at:
                total[0] = max(50, counter.read()[0])
            budget.add("ended before that")
        else:
            disk.unmount()
            disk.mount()
            budget.add("at a labelled point" if "CHAOS_LOSE" in at else "at a write or sync")
            if os.path.exists(os.path.join(trial.home, "journal.db")) and trial.run():
                trial.verify()
            elif os.listdir(trial.home):
                budget.add("before the run was recorded")
            finished(bench, trial, budget)
            budget.did()
        well_ended(bench, trial, budget)
        disk.unmount()
        disk.drop()

    in_lanes(bench, budget, lanes, work)
