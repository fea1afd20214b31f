"""What the cases work with: fleets, lanes of targets, homes, and what the steps noted."""

import json
import os
import shutil
import signal
import tempfile
import threading
import time
import traceback

from on_fleet.rig import Failed, Fleet, Library, Rig, claim

from . import records, truth

HERE = os.path.dirname(os.path.realpath(__file__))
PLAIN_TARGETS = 60
# So long a command may take on a machine that is busy with much else, in seconds.
PATIENCE = 600
KINDS = ("idem", "read", "once", "idem", "guarded")
EFFECTS = {"idem": "idempotent", "read": "read", "once": "once", "guarded": "once"}


class Bench(Rig):
    """A rig whose fleets are started when a case first asks for one."""

    def __init__(self, binary, expected):
        self.lane = threading.local()
        super().__init__(True, binary)
        self.expected = expected
        self.notes = tempfile.mkdtemp(prefix="handrail-chaos-", dir="/dev/shm")
        os.chmod(self.notes, 0o755)
        self.kept = None
        self.fleets = {}
        self.threads = []
        # What else is to be undone at the end.
        self.closers = []
        self.starting = threading.Lock()

    @property
    def binary(self):
        """What a lane runs: the command, or a script that leads to it."""
        return getattr(self.lane, "binary", None) or self.command

    @binary.setter
    def binary(self, path):
        self.command = path

    def eventually(self, what, holds, limit=PATIENCE):
        """Waits until something holds."""
        return super().eventually(what, holds, limit)

    def script(self, name, text):
        """A program of the rig's own."""
        path = self.path(name)
        with open(path, "w") as file:
            file.write("#!/bin/sh\n" + text + "\n")
        os.chmod(path, 0o755)
        return path

    def plain(self):
        """Sixty cheap targets; the machine's own files are theirs, but for /var/lib and the home."""
        return self._fleet("plain", "--plain", "--targets", str(PLAIN_TARGETS))

    def whole(self, *names):
        """Targets with roots of their own, that can be frozen and rebooted."""
        return self._fleet("whole", "--names", ",".join(names))

    def _fleet(self, name, *options):
        with self.starting:
            if name not in self.fleets:
                fleet = Fleet(self.path("fleet-" + name))
                self.fleets[name] = fleet
                fleet.start(*options)
            return self.fleets[name]

    def most_lanes(self, budget, few, targets):
        """A few lanes in a sample; in a full count as many as there are targets for, eight at most."""
        most = min(8, PLAIN_TARGETS // targets)
        return self.lanes(most if budget.is_full else few, targets)

    def lanes(self, lanes, targets, fleet=None):
        """Lanes of targets that share none."""
        fleet = fleet or self.plain()
        every = names(fleet)
        claim(lanes * targets <= len(every), "more targets than the fleet has")
        return [
            Lane(self, fleet, f"{number}", every[number * targets:(number + 1) * targets])
            for number in range(lanes)
        ]

    def environment(self, library, home):
        found = super().environment(library, home)
        found["HANDRAIL_SSH_CONFIG"] = library.fleet.ssh_config
        found.update(getattr(self.lane, "extra", {}))
        return found

    def keep(self, trial):
        """Keeps what a failed try left, and says where."""
        self.kept = self.kept or tempfile.mkdtemp(prefix="handrail-chaos-kept-")
        place = os.path.join(self.kept, trial.name)
        for name, folder in (("home", trial.home), ("notes", trial.notes)):
            if os.path.isdir(folder):
                shutil.copytree(folder, os.path.join(place, name), dirs_exist_ok=True)
        return place

    def close(self):
        with self.guard:
            self.closed = True
            children = list(self.children)
        for child in children:
            if child.poll() is None:
                child.kill()
        # With nothing to wait for any more they come to their ends, and undo what they did.
        for thread in self.threads:
            thread.join(10)
        for fleet in self.fleets.values():
            fleet.stop()
        for undo in reversed(self.closers):
            undo()
        super().close()
        shutil.rmtree(self.notes, ignore_errors=True)


def names(fleet):
    with open(os.path.join(fleet.directory, "targets.tsv")) as file:
        return [line.split("\t")[0] for line in file.read().splitlines()[1:]]


def inventory(fleet, targets):
    """The fleet's inventory with these targets only."""
    lines, keep = [], True
    for line in fleet.inventory.splitlines():
        if line.startswith("  ") and not line.startswith("    "):
            keep = line.strip().rstrip(":") in targets
        if keep:
            lines.append(line)
    return "\n".join(lines) + "\n"


class Lane:
    """Targets that one try at a time uses, and a library with these targets alone."""

    def __init__(self, bench, fleet, name, targets):
        self.bench, self.fleet, self.name, self.targets = bench, fleet, name, targets
        self.binary = None
        path = tempfile.mkdtemp(dir=bench.folder, prefix="library-") + "/library"
        self.library = Library(path, os.path.join(HERE, "library"), fleet)
        self.library.fleet = fleet
        self.library.write("inventory/fleet.yaml", inventory(fleet, targets))
        self.put(many(25))

    def put(self, *runbooks):
        """Adds runbooks, as (name, text), to the library."""
        for name, text in runbooks:
            self.library.make(f"runbooks/{name}/runbook.yaml", text)
        self.library.commit("Runbooks")

    def trial(self, name):
        return Trial(self, name)

    def listeners(self):
        """{target: its sshd} of a plain fleet."""
        with open(os.path.join(self.fleet.directory, "supervisor.json")) as file:
            supervisor = json.load(file)["pid"]
        found = {}
        for process, (parent, _) in table().items():
            if parent == supervisor:
                for line in command_line(process).split():
                    if line.startswith("/run/fleet/sshd_"):
                        found[line[len("/run/fleet/sshd_"):-len(".conf")]] = process
        return {target: found[target] for target in self.targets}

    def processes(self, *targets):
        """All processes of plain targets: each target has a mount namespace of its own."""
        spaces = {space(self.listeners()[target]) for target in targets}
        return [process for process in table() if space(process) in spaces]


class Trial:
    """One try: a home, and a folder that the steps note into."""

    def __init__(self, lane, name):
        self.lane, self.bench, self.name = lane, lane.bench, name
        self.home = self.bench.path("home-" + name)
        self.notes = os.path.join(self.bench.notes, name)
        os.makedirs(self.notes, exist_ok=True)
        # Where the notes are on targets with roots of their own.
        self.remote = None
        self.where = {"library": lane.library, "home": self.home}

    def begin(self, *arguments):
        return self.bench.begin(*arguments, **self.where)

    def begin_run(self, runbook="chaos.many", *more):
        return self.begin(
            "run", runbook, "--limit", "*", "--set", "folder=" + self.notes, *more, "--yes",
            "--json")

    def end(self, child, limit=PATIENCE):
        return self.bench.end(child, limit)

    def handrail(self, *arguments, limit=PATIENCE):
        return self.bench.handrail(*arguments, limit=limit, **self.where)

    def run(self):
        """The id of the home's newest run; nil before it was opened."""
        found = records.runs(self.home)
        return found[0] if found else None

    def events(self):
        run = self.run()
        return records.events(self.home, run) if run else []

    def verify(self):
        """The trail is what was written, whatever was killed."""
        done = self.handrail("audit", "verify")
        claim(done.code == 0, f"audit verify: exit {done.code}: {done.tail()}")

    def text(self, target):
        if self.remote:
            return self.lane.fleet.shell(target, f"cat {self.remote}/{target} 2>/dev/null || true")
        try:
            with open(os.path.join(self.notes, target)) as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def noted(self):
        """How many bytes the steps have noted so far, on all targets."""
        return sum(entry.stat().st_size for entry in os.scandir(self.notes))

    def whole_outputs(self):
        """Every output of a step that ended well is what it wrote; returns how many there are."""
        count = 0
        for event in self.events():
            if event.name == "attemptEnded" and event.action:
                record = event.body["_1"]
                if record["ending"] == {"exited": {"_0": 0}}:
                    data, is_right = records.output(self.home, record["stdout"])
                    written = truth.output(event.target, event.action)
                    claim(is_right and data == written,
                          f"{event.target}: the output of {event.action} has {len(data)} bytes "
                          f"that aren't the {len(written)} it wrote")
                    count += 1
        return count

    def check(self, plan, expected=None):
        """All targets' lines against the run's record; returns how many outcomes nobody knows."""
        self.settle_down()
        found = self.events()
        tries, ended = records.attempts(found), records.outcomes(found)
        refused = records.refused(found)
        expected = self.bench.expected if expected is None else expected
        return sum(
            truth.check(target, plan, truth.Notes(self.text(target)), ended.get(target, {}),
                        tries.get(target, {}), expected, refused.get(target, ()))
            for target in self.lane.targets)

    def settle_down(self, limit=60):
        """Waits until no step of this try is alive any more."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            alive = processes(self.remote or self.notes)
            if not alive:
                return
            time.sleep(0.1)
        raise Failed(f"{limit} s after the run's end steps of it are alive: {alive[:5]}")

    def calm_down(self, limit=60):
        """Waits until no step is alive at two looks in a row: what was sent ahead follows at once."""
        self.settle_down(limit)
        time.sleep(0.2)
        self.settle_down(limit)

    def drop(self):
        shutil.rmtree(self.home, ignore_errors=True)
        self.drop_notes()

    def drop_notes(self):
        shutil.rmtree(self.notes, ignore_errors=True)


def command_line(process):
    try:
        with open(f"/proc/{process}/cmdline", "rb") as file:
            return file.read().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def processes(word):
    """Processes with this word in their arguments, but for the command's own and this one."""
    found = []
    for process in filter(str.isdigit, os.listdir("/proc")):
        line = command_line(process)
        if word in line and "handrail" not in line.split(" ")[0] and int(process) != os.getpid():
            found.append((int(process), line[:120]))
    return found


def kill(child, number=signal.SIGKILL):
    child.send_signal(number)
    child.wait()


def table():
    """Every process that is there: {process: (its parent, its program's name)}."""
    found = {}
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{process}/stat") as file:
                name, _, rest = file.read().partition("(")[2].rpartition(")")
            # Of one that ended just now it may be empty.
            found[int(process)] = (int(rest.split()[1]), name)
        except (OSError, IndexError):
            continue
    return found


def space(process):
    """Which mount namespace a process is in; nil when it is gone."""
    try:
        return os.readlink(f"/proc/{process}/ns/mnt")
    except OSError:
        return None


def ends_within(child, seconds):
    """Whether it ended by itself within this time."""
    deadline = time.monotonic() + seconds
    while child.poll() is None:
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(left, 0.01))
    return True


def in_lanes(bench, budget, lanes, work):
    """Lets every lane take turns until the budget is used up; `work(lane, turn, trial)`."""

    def follow(lane):
        bench.lane.name, bench.lane.binary = lane.name, lane.binary
        for turn in budget.turns():
            if bench.closed:
                return
            trial = lane.trial(f"{turn.name}")
            try:
                work(lane, turn, trial)
            except Failed as failure:
                if bench.closed:
                    return
                budget.fail(turn, f"{failure}\nkept in {bench.keep(trial)}")
            except Exception as error:
                told = "".join(traceback.format_exception(error)[-3:])
                budget.fail(turn, f"{told}kept in {bench.keep(trial)}")
                raise
            trial.drop()

    threads = [threading.Thread(target=follow, args=(lane,), daemon=True) for lane in lanes]
    bench.threads = threads
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def steps(count, kinds=KINDS):
    return [f"{kinds[number % len(kinds)]}-{number + 1}" for number in range(count)]


def runbook(name, title, lines, parameters=()):
    head = [
        "handrail: 1", f"id: chaos.{name}", f"title: {title}", "kind: resolution", "owner: chaos",
        "uses: [lib/did, lib/note, lib/flood, lib/endless]", "targets: { pick: many, max: 1000 }",
        "rollout: { max_in_flight: 1000, stop_at: { failures: 10000 } }", "parameters:",
        "  folder: { type: path, description: Where its notes are }",
        '  pause: { type: string, default: "0.05", pattern: "[0-9.]+", description: Its time }',
    ]
    return name, "\n".join([*head, *parameters, "steps:", *lines]) + "\n"


def many(count, name="many", kinds=KINDS, retry=10):
    """A runbook of steps of all effects, each of which notes what it does."""
    lines = []
    for step in steps(count, kinds):
        kind = truth.kind(step)
        lines += [f"  - id: {step}", f"    effect: {EFFECTS[kind]}"]
        if kind == "guarded":
            lines.append(
                f"    unless: {{ script: lib/did, args: [$folder, $target_name, {step}] }}")
        elif kind != "once":
            lines.append(f"    retry: {{ attempts: {retry}, pause: 1s }}")
        lines.append(
            f"    run: {{ script: lib/note, args: [$folder, $target_name, {step}, $pause] }}")
    return runbook(name, "Notes what it does, step by step", lines)
