"""The one process that holds a fleet: when it dies, the kernel ends everything in it."""

import contextlib
import json
import os
import selectors
import signal
import socket
import sys
import time

import base
import kernel
import plain
import target as targets_of

MAXIMUM_REQUEST = 65536
MAXIMUM_DESCRIPTOR = 4096


def starttime(pid):
    """Tells two processes with one number apart (proc_pid_stat(5), field 22)."""
    try:
        with open(f"/proc/{pid}/stat") as stream:
            fields = stream.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else fields[19]


def launch(directory, fleet, public_key, claim):
    """Starts the supervisor as PID 1 of a new PID namespace, detached from us.

    It inherits `claim`, the socket whose name reserves the fleet's network.
    """
    middle = os.fork()
    if middle == 0:
        try:
            _middle(directory, fleet, public_key, claim.fileno())
        except BaseException as problem:
            print(f"the supervisor did not start: {problem}", file=sys.stderr)
        finally:
            os._exit(1)
    _, status = os.waitpid(middle, 0)
    return os.waitstatus_to_exitcode(status) == 0


def _middle(directory, fleet, public_key, claim):
    os.setsid()
    log = os.open(directory.file("supervisor.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open("/dev/null", os.O_RDONLY)
    kernel.unshare(kernel.CLONE_NEWPID)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        for there, here in ((0, nothing), (1, log), (2, log)):
            os.dup2(here, there)
        _close_all_but(reading, claim)
        # Nothing happens before the process number is on disk, so `stop` always finds us.
        if os.read(reading, 1) != b"g":
            os._exit(1)
        os.close(reading)
        try:
            Supervisor(directory, fleet).run(public_key)
        except BaseException as problem:
            print(f"{type(problem).__name__}: {problem}", flush=True)
        finally:
            os._exit(1)
    with open("/proc/sys/kernel/random/boot_id") as stream:
        boot_id = stream.read().strip()
    found = {"pid": child, "starttime": starttime(child), "boot_id": boot_id}
    directory.write("supervisor.json", json.dumps(found) + "\n")
    os.write(writing, b"g")
    os._exit(0)


def _close_all_but(*kept):
    first = 3
    for descriptor in sorted(kept):
        os.closerange(first, descriptor)
        first = descriptor + 1
    os.closerange(first, MAXIMUM_DESCRIPTOR)


class Supervisor:
    def __init__(self, directory, fleet):
        self.directory = directory
        self.fleet = fleet
        self.disks = {}
        self.running = {}  # name → pid here
        self.outside = {}  # name → pid outside
        self.state = {t.name: "starting" for t in fleet["targets"]}
        self.stopped = {}  # name → pids that freeze stopped
        self.booted = {}
        self.ready = False

    def run(self, public_key):
        kernel.name_process("fleet")
        os.umask(0o022)
        self.outside_proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
        kernel.unshare(kernel.CLONE_NEWNS)
        kernel.make_mounts_private()
        self.area = self.directory.file("mnt")
        os.makedirs(self.area, exist_ok=True)
        kernel.mount("fleet", self.area, "tmpfs", 0, "mode=755")
        kernel.mount("proc", "/proc", "proc", kernel.QUIET)
        kernel.mount("run", "/run", "tmpfs", kernel.MS_NOSUID, "mode=755,size=1g")
        os.mkdir("/run/sshd")
        wake, woken = os.pipe()
        for end in (wake, woken):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(woken)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
        listener = self.listen()
        self.start_all(public_key)
        self.loop(wake, listener)

    def listen(self):
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        folder = os.open(self.directory.path, os.O_RDONLY | os.O_DIRECTORY)
        # A socket's path may have 107 bytes; through the descriptor it always fits.
        listener.bind(f"/proc/self/fd/{folder}/control.sock")
        os.close(folder)
        listener.listen(64)
        return listener

    def start_all(self, public_key):
        keys = self.directory.file("hostkeys")
        if self.fleet["plain"]:
            pids = plain.start(self.directory, self.fleet["targets"], public_key)
            for each in self.fleet["targets"]:
                self.running[each.name] = pids[each.name]
                self.state[each.name] = "up"
        else:
            self.base = os.path.join(self.area, "base")
            base.build(self.base, self.fleet["targets"], public_key)
            for each in self.fleet["targets"]:
                self.disks[each.name] = targets_of.Disk(self.area, self.base, each, keys)
                self.boot(each.name)
        self.ready = True

    def boot(self, name):
        pid, outside = targets_of.boot(self.base, self.disks[name], self.outside_proc)
        self.running[name] = pid
        self.outside[name] = outside
        self.booted[name] = self.booted.get(name, 0) + 1
        self.state[name] = "up"

    def end(self, name):
        pid = self.running.pop(name, None)
        self.stopped.pop(name, None)
        self.outside.pop(name, None)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        self.state[name] = "down"

    def loop(self, wake, listener):
        selector = selectors.DefaultSelector()
        selector.register(wake, selectors.EVENT_READ)
        selector.register(listener, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is listener:
                    connection, _ = listener.accept()
                    with connection:
                        self.serve(connection)
                else:
                    os.read(wake, 4096)
            self.reap()

    def reap(self):
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            name = next((n for n, p in self.running.items() if p == pid), None)
            if name is not None:
                self.died(name, status)

    def died(self, name, status):
        # reboot(2): in a PID namespace, init dies of SIGHUP to restart, of SIGINT to halt.
        wants = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
        self.running.pop(name)
        self.outside.pop(name, None)
        self.stopped.pop(name, None)
        self.state[name] = "down"
        if wants == signal.SIGHUP and not self.fleet["plain"]:
            try:
                self.boot(name)
            except OSError as problem:
                print(f"{name}: {problem}", flush=True)
                self.state[name] = "failed"
        elif wants != signal.SIGINT:
            print(f"{name}: init ended unexpectedly, status {status}", flush=True)
            self.state[name] = "failed"

    def serve(self, connection):
        connection.settimeout(5)
        try:
            request = json.loads(connection.makefile().readline(MAXIMUM_REQUEST))
            answer = self.answer(request)
        except (OSError, ValueError, KeyError) as problem:
            answer = {"error": f"{type(problem).__name__}: {problem}"}
        try:
            connection.sendall(json.dumps(answer).encode() + b"\n")
        except OSError as problem:
            print(f"an answer was not taken: {problem}", flush=True)

    def answer(self, request):
        verb, name = request["verb"], request.get("target")
        if verb == "status":
            return {
                "ready": self.ready,
                "state": self.state,
                "outside": self.outside,
                "booted": self.booted,
            }
        if self.fleet["plain"]:
            return {"error": f"a plain target cannot do '{verb}': it has no system of its own"}
        if name not in self.state:
            return {"error": f"there is no target '{name}'"}
        verbs = {
            "reboot": self.reboot,
            "down": self.down,
            "up": self.up,
            "freeze": self.freeze,
            "thaw": self.thaw,
        }
        if verb not in verbs:
            return {"error": f"unknown request '{verb}'"}
        return verbs[verb](name)

    def reboot(self, name):
        self.end(name)
        self.boot(name)
        return {"state": "up", "changed": True}

    def down(self, name):
        changed = self.state[name] != "down"
        self.end(name)
        return {"state": "down", "changed": changed}

    def up(self, name):
        if self.state[name] == "frozen":
            return self.thaw(name)
        if self.state[name] == "up":
            return {"state": "up", "changed": False}
        self.boot(name)
        return {"state": "up", "changed": True}

    def freeze(self, name):
        """Stops every process of the target: it takes connections and says nothing."""
        if self.state[name] == "frozen":
            return {"state": "frozen", "changed": False}
        if self.state[name] != "up":
            return {"error": f"{name} is {self.state[name]}, so it cannot be frozen"}
        stopped = set()
        while True:
            found = [p for p in self.processes(name) if p not in stopped]
            found = [p for p in found if _process_state(p) != "T"]
            if not found:
                break
            for pid in found:
                # It may have ended since it was found.
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
                    stopped.add(pid)
            time.sleep(0.01)
        self.stopped[name] = stopped
        self.state[name] = "frozen"
        return {"state": "frozen", "changed": True}

    def thaw(self, name):
        if self.state[name] != "frozen":
            return {"state": self.state[name], "changed": False}
        alive = set(self.processes(name))
        for pid in self.stopped.pop(name, set()) & alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
        self.state[name] = "up"
        return {"state": "up", "changed": True}

    def processes(self, name):
        wanted = os.readlink(f"/proc/{self.running[name]}/ns/pid")
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    if os.readlink(f"/proc/{entry}/ns/pid") == wanted:
                        yield int(entry)
                except OSError:
                    continue  # it ended while we looked


def _process_state(pid):
    try:
        with open(f"/proc/{pid}/stat") as stream:
            return stream.read().rpartition(")")[2].split()[0]
    except OSError:
        return "X"
