"""What the benchmarks on a fleet share: targets, a library, the floor, and taking the time.

As a program it starts what stands after `--`, and writes to a file what that took:

    fleet_bench.py RESULT LOG -- COMMAND…

What the command leaves in the background is ended, and its processor time counted, too.
"""

import collections
import ctypes
import json
import os
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PARALLEL = 50
STEPS = [
    "test -d /etc && test -r /etc/passwd",
    'read load rest </proc/loadavg; echo "load $load"',
    "cat /proc/uptime",
    "df -P / | tail -n 1",
    "ls /etc | wc -l",
    "id -u",
    "uname -r",
    "test -e /etc/hostname && cat /etc/hostname",
    "grep -c . /etc/passwd",
    "echo done",
]

Target = collections.namedtuple("Target", "name address port")
Sample = collections.namedtuple("Sample", "seconds processor")
# Processor times in seconds: the command's own process, what it started and waited for, and the
# targets' side of it. Memory is the most that its own process took, in MiB.
Watched = collections.namedtuple("Watched", "seconds own started targets memory")


class Failed(Exception):
    """A command that didn't do what was measured; a figure for it would say nothing."""


class Fleet:
    """Plain sshd targets on loopback, and a folder for all that a measurement writes."""

    def __init__(self, count):
        self.work = tempfile.mkdtemp(prefix="handrail-bench-")
        self.folder = os.path.join(self.work, "fleet")
        self.config = os.path.join(self.folder, "ssh_config")
        self.inventory = os.path.join(self.folder, "inventory.yaml")
        self.count = count

    def __enter__(self):
        try:
            self._call("start", "--plain", "--targets", str(self.count), "--network", "auto")
            with open(os.path.join(self.folder, "targets.tsv")) as file:
                rows = [line.split("\t") for line in file.read().splitlines()[1:]]
        except BaseException:
            self.__exit__()
            raise
        self.targets = [Target(row[0], row[1], int(row[2])) for row in rows]
        return self

    def __exit__(self, *_):
        self._call("stop")
        shutil.rmtree(self.work, ignore_errors=True)

    def _call(self, verb, *arguments):
        command = [os.path.join(ROOT, "scripts/fleet"), verb, *arguments, "--dir", self.folder]
        subprocess.run(command, check=verb != "stop", stdout=subprocess.DEVNULL)

    def processor(self):
        """The processor time of all that runs and ran on the targets, in seconds.

        Every process of the fleet's PID namespace, with the ended children that it waited for;
        what loses its parent is waited for by the namespace's first process.
        """
        with open(os.path.join(self.folder, "supervisor.json")) as file:
            space = os.stat(f"/proc/{json.load(file)['pid']}/ns/pid").st_ino
        total = 0
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.stat(f"/proc/{name}/ns/pid").st_ino == space:
                    total += sum(_processor(name))
            except (OSError, ProcessLookupError):
                continue
        return total

    def path(self, *names):
        return os.path.join(self.work, *names)

    def write(self, name, text):
        """A file in the folder; returns its path."""
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    def one_script(self, name, script):
        """The floor: one plain ssh a target with everything in one script, so many at a time."""
        names = self.write("names", "".join(f"{target.name}\n" for target in self.targets))
        steps = self.write(f"{name}.steps.sh", script)
        os.makedirs(self.path("out"), exist_ok=True)
        line = f"ssh -F {self.config} -T @ sh -s <{steps} >{self.path('out')}/@"
        floor = f"xargs -P {PARALLEL} -I@ sh -c {shlex.quote(line)} <{names}\n"
        return ["sh", self.write(f"{name}.sh", floor)]


def library(folder, inventory, runbook, title, steps, files, parameters=None):
    """A library with one runbook, committed to git.

    `steps` and `parameters` are the runbook's, as mappings; `files` are paths in its folder, and
    their text.
    """
    book = os.path.join(folder, "runbooks", *runbook.split("."))
    document = {
        "handrail": 1,
        "id": runbook,
        "title": title,
        "kind": "resolution",
        "owner": "bench",
        "targets": {"pick": "many", "max": 1000},
        "rollout": {"max_in_flight": PARALLEL},
        **({"parameters": parameters} if parameters else {}),
        "steps": steps,
    }
    written = {
        os.path.join(book, "runbook.yaml"): _lines(document),
        os.path.join(book, "README.md"): f"# {title}\n\nFor the benchmark.\n",
        os.path.join(folder, "inventory/fleet.yaml"): inventory,
        os.path.join(folder, "handrail.yaml"): "handrail: 1\nid: bench\nenvironments:\n"
        "  bench: { content: off, change: off, production: false }\n",
    } | {os.path.join(book, name): text for name, text in files.items()}
    for path, text in written.items():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
        if os.path.basename(os.path.dirname(path)) == "scripts":
            os.chmod(path, 0o755)
    git = ["git", "-C", folder, "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "bench"]):
        subprocess.run(git + arguments, check=True)


def small_steps(folder, fleet, runbook, effect, count, **more):
    """A library with one runbook of so many small steps, each of them with that effect.

    They repeat the ten of STEPS; `more` are keys for each step. Returns its folder.
    """
    numbers = range(1, count + 1)
    steps = [
        {
            "id": f"s{number}",
            "title": f"Step {number}",
            "effect": effect,
            "run": {"script": f"scripts/s{number}"},
            **more,
        }
        for number in numbers
    ]
    scripts = {
        f"scripts/s{number}": f"#!/bin/sh\n{STEPS[(number - 1) % len(STEPS)]}\n"
        for number in numbers
    }
    with open(fleet.inventory) as file:
        library(folder, file.read(), runbook, "Small steps", steps, scripts)
    return folder


def _lines(document):
    """A document as YAML: a key a line, lists an element a line, all below in JSON."""
    text = ""
    for key, value in document.items():
        if isinstance(value, list):
            text += f"{key}:\n" + "".join(f"  - {json.dumps(each)}\n" for each in value)
        else:
            text += f"{key}: {json.dumps(value)}\n"
    return text


def run_command(handrail, fleet, runbook, folder, *options, home=None):
    """The command that runs a library's runbook on the whole fleet."""
    return [
        handrail,
        "run",
        runbook,
        "--limit",
        "*",
        "--yes",
        "--json",
        "--ssh-config",
        fleet.config,
        "--library",
        folder,
        "--home",
        home or fleet.path("home"),
        *options,
    ]


def release_build(build):
    """The path of the release build, made first when asked to."""
    if build:
        subprocess.run(
            ["swift", "build", "-c", "release", "--product", "handrail", "--static-swift-stdlib"],
            cwd=ROOT,
            check=True,
            stdout=sys.stderr,
        )
    handrail = os.path.join(ROOT, ".build/release/handrail")
    if not os.access(handrail, os.X_OK):
        sys.exit(f"{handrail} is missing: leave --no-build out")
    return handrail


def peak_memory(command, cwd):
    """The most resident memory of the command's own process, in MiB."""
    process = subprocess.Popen(
        command, cwd=cwd, shell=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    peak = 0

    def watch():
        nonlocal peak
        while process.poll() is None:
            try:
                with open(f"/proc/{process.pid}/status") as status:
                    for line in status:
                        if line.startswith("VmHWM:"):
                            peak = max(peak, int(line.split()[1]))
            except OSError:
                return
            time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    if process.wait() != 0:
        raise Failed(f"{' '.join(command)} exited {process.returncode}")
    watcher.join()
    return peak / 1024


def watched(command, fleet):
    """One run of a command, with what it took here and on the targets."""
    log = fleet.path("watched.log")
    before = fleet.processor()
    with open(log, "w") as said:
        began = time.monotonic()
        process = subprocess.Popen(
            command, cwd=fleet.work, stdin=subprocess.DEVNULL, stdout=said,
            stderr=subprocess.STDOUT,
        )
        memory = 0
        while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            memory = max(memory, _memory(process.pid))
            time.sleep(0.01)
        seconds = time.monotonic() - began
    # It has ended, and its times can be read until it is waited for.
    own, started = _processor(process.pid)
    if process.wait() != 0:
        raise Failed(
            f"{' '.join(command)}\nexited {process.returncode}; its last lines:\n{tail(log)}"
        )
    return Watched(seconds, own, started, fleet.processor() - before, memory)


def load():
    """How busy the machine is: the mean of the last minute, as the kernel counts it."""
    return f"{os.getloadavg()[0]:.1f}"


def tail(log):
    """The last lines of a file."""
    with open(log, errors="replace") as file:
        return "".join(file.readlines()[-20:])


def _memory(process):
    """The most resident memory that a process took so far, in MiB; 0 once it has ended."""
    with open(f"/proc/{process}/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0


def _processor(process):
    """The processor time of a process, and of the ended children that it waited for, in seconds."""
    with open(f"/proc/{process}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    ticks = os.sysconf("SC_CLK_TCK")
    return (int(fields[11]) + int(fields[12])) / ticks, (int(fields[13]) + int(fields[14])) / ticks


def output(command):
    """What a command writes."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def timed(command, fleet, environment=None):
    """One run of a command: its wall time, and processor time with all that it started."""
    result, log = fleet.path("sample.json"), fleet.path("sample.log")
    subprocess.run(
        [sys.executable, os.path.abspath(__file__), result, log, "--", *command],
        cwd=fleet.work,
        env=environment,
        check=True,
    )
    with open(result) as file:
        sample = json.load(file)
    if sample["status"] != 0:
        raise Failed(
            f"{' '.join(command)}\nexited {sample['status']}; its last lines:\n{tail(log)}"
        )
    return Sample(sample["seconds"], sample["processor"])


def _sample(result, log, command):
    # What loses its parent comes to this process (PR_SET_CHILD_SUBREAPER), to be waited for.
    if ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0) != 0:
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    with open(log, "w") as output:
        began = time.monotonic()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        status = process.wait()
        seconds = time.monotonic() - began
    _end_what_is_left()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(result, "w") as file:
        json.dump(
            {"status": status, "seconds": seconds, "processor": used.ru_utime + used.ru_stime}, file
        )


def _end_what_is_left(patience=10):
    """Ends this process's children, and theirs as they come to it, until there is none."""
    deadline = time.monotonic() + patience
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] != 0:
                continue
        except ChildProcessError:
            return
        for child in _children():
            late = time.monotonic() > deadline
            os.kill(child, signal.SIGKILL if late else signal.SIGTERM)
        time.sleep(0.01)


def _children():
    """The processes whose parent is this one: none of them can vanish before it waits for them."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as file:
                parent = int(file.read().rpartition(")")[2].split()[1])
        except (OSError, ProcessLookupError):
            continue
        if parent == os.getpid():
            yield int(name)


if __name__ == "__main__":
    _sample(sys.argv[1], sys.argv[2], sys.argv[4:])
