"""The parts that the cases share: a fleet, libraries, homes, and the command."""

import fcntl
import json
import os
import pty
import shutil
import struct
import subprocess
import tempfile
import termios
import threading
import time

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.realpath(os.path.join(HERE, "..", "..", ".."))


class Failed(Exception):
    """A claim that doesn't hold, in one sentence."""


def claim(holds, sentence):
    """Fails the case with the sentence unless it holds."""
    if not holds:
        raise Failed(sentence)


def equal(found, expected, what):
    claim(found == expected, f"{what}: expected {expected!r}, found {found!r}")


class Ended:
    """How a command ended."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def document(self):
        try:
            return json.loads(self.out)
        except ValueError as error:
            raise Failed(f"standard output is not one JSON document ({error}): {self.tail()}")

    def tail(self):
        text = (self.out[-1500:] + "\n" + self.err[-1500:]).strip()
        return text if len(text) < 1600 else "… " + text[-1600:]

    def exits(self, *codes):
        claim(self.code in codes, f"exit {self.code}, expected {codes}: {self.tail()}")
        return self

    def says(self, *words):
        both = (self.out + self.err).lower()
        for word in words:
            claim(word.lower() in both, f"it doesn't say {word!r}: {self.tail()}")
        return self


def call(command, **options):
    """Runs a program of the rig itself; it must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, **options)
    claim(done.returncode == 0, f"{command[:4]} failed: {done.stdout[-800:]}{done.stderr[-800:]}")
    return done.stdout


class Fleet:
    """Targets of their own: six, unless said otherwise."""

    def __init__(self, directory):
        self.directory = directory
        self.tool = os.path.join(ROOT, "scripts", "fleet")

    def _call(self, verb, *arguments, **options):
        return call([self.tool, verb, "--dir", self.directory, *arguments], **options)

    def start(self, *options):
        self._call("start", "--network", "auto", *options)

    def stop(self):
        subprocess.run([self.tool, "stop", "--dir", self.directory], capture_output=True)

    def plant(self, fault, target):
        self._call("fault", fault, target)

    def heal(self, fault, target):
        self._call("heal", fault, target)

    def has(self, fault, target):
        command = [self.tool, "fault", "--dir", self.directory, fault, target, "--check"]
        done = subprocess.run(command, capture_output=True, text=True)
        claim(done.returncode in (0, 1), f"fault --check {fault} {target}: {done.stderr}")
        return done.returncode == 0

    def power(self, verb, target):
        self._call(verb, target)

    def shell(self, target, line):
        return self._call("exec", target, line)

    @property
    def ssh_config(self):
        return os.path.join(self.directory, "ssh_config")

    @property
    def inventory(self):
        with open(os.path.join(self.directory, "inventory.yaml")) as file:
            return file.read()


class Library:
    """A copy of a library in a git repository of its own, with the fleet's inventory."""

    def __init__(self, path, source, fleet):
        self.path = path
        shutil.copytree(source, path, ignore=shutil.ignore_patterns(".git"))
        os.makedirs(os.path.join(path, "inventory"), exist_ok=True)
        for name in os.listdir(os.path.join(path, "inventory")):
            os.remove(os.path.join(path, "inventory", name))
        self.write("inventory/fleet.yaml", fleet.inventory)
        self.git("init", "-q", "-b", "main")
        self.commit("Begin")

    def git(self, *arguments):
        identity = ["-c", "user.name=rig", "-c", "user.email=rig@example.invalid"]
        return call(["git", "-C", self.path, *identity, *arguments])

    def commit(self, message):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def write(self, name, text):
        with open(os.path.join(self.path, name), "w") as file:
            file.write(text)

    def make(self, name, text):
        """Writes a file in a folder that may not be there yet."""
        os.makedirs(os.path.dirname(os.path.join(self.path, name)), exist_ok=True)
        self.write(name, text)

    def read(self, name):
        with open(os.path.join(self.path, name)) as file:
            return file.read()


class Rig:
    """Everything that a case needs; each lane of cases has a home of its own."""

    def __init__(self, full, binary):
        self.full, self.binary = full, os.path.abspath(binary)
        self.folder = tempfile.mkdtemp(prefix="handrail-rig-")
        self.fleet = Fleet(os.path.join(self.folder, "fleet"))
        self.lane = threading.local()
        self.children = []
        self.closed = False
        self.guard = threading.Lock()

    def open(self):
        self.fleet.start()
        self.examples = Library(
            os.path.join(self.folder, "examples"), os.path.join(ROOT, "runbooks"), self.fleet)
        self.little = Library(
            os.path.join(self.folder, "little"), os.path.join(HERE, "..", "library"), self.fleet)

    def close(self):
        """Ends everything; lanes that are still under way can start nothing more."""
        with self.guard:
            self.closed = True
            children = list(self.children)
        for child in children:
            if child.poll() is None:
                child.kill()
                child.wait()
        self.fleet.stop()
        deadline = time.monotonic() + 10
        while os.path.exists(self.folder) and time.monotonic() < deadline:
            shutil.rmtree(self.folder, ignore_errors=True)
            time.sleep(0.1)

    def terminal(self, *arguments, **where):
        """Starts the command on a terminal of its own."""
        return Terminal(self, *arguments, **where)

    def spawn(self, command, **options):
        """Starts a program that `close` will end."""
        with self.guard:
            claim(not self.closed, "the rig was closed")
            child = subprocess.Popen(command, cwd=self.folder, **options)
            self.children.append(child)
            return child

    def path(self, name):
        return os.path.join(self.folder, name)

    def home(self, name=None):
        """A home's path; the command makes it with its own mode."""
        return self.path("home-" + (name or self.lane.name))

    def copy(self, library, name):
        """A library like another one, to be changed by one case."""
        return Library(self.path("library-" + name), library.path, self.fleet)

    def environment(self, library, home):
        kept = {k: v for k, v in os.environ.items() if not k.startswith("HANDRAIL_")}
        kept.update(
            HANDRAIL_HOME=home or self.home(), HANDRAIL_LIBRARY=(library or self.examples).path,
            HANDRAIL_SSH_CONFIG=self.fleet.ssh_config, NO_COLOR="1", LC_ALL="C.UTF-8",
            # Nobody listens there: a request that asked a proxy would fail.
            http_proxy="http://127.0.0.1:9", all_proxy="http://127.0.0.1:9")
        return kept

    def begin(self, *arguments, library=None, home=None):
        """Starts the command and doesn't wait for it; both outputs go to files."""
        base = tempfile.mktemp(dir=self.folder, prefix="said-")
        with open(base + ".out", "wb") as out, open(base + ".err", "wb") as err:
            child = self.spawn(
                [self.binary, *arguments], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                env=self.environment(library, home))
        child.said = base
        return child

    def end(self, child, limit=90):
        """Waits for a command that was started."""
        try:
            code = child.wait(timeout=limit)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            raise Failed(f"{child.args[1:4]} did not end within {limit} s: {said(child).tail()}")
        ended = said(child)
        ended.code = code
        return ended

    def handrail(self, *arguments, library=None, home=None, limit=90, given=None):
        """Runs the command to its end; `given` is its standard input."""
        child = self.spawn(
            [self.binary, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=self.environment(library, home))
        try:
            out, err = child.communicate(given or b"", timeout=limit)
        except subprocess.TimeoutExpired:
            child.kill()
            out, err = child.communicate()
            raise Failed(f"{arguments[:3]} did not end within {limit} s: {(out + err)[-800:]!r}")
        return Ended(child.returncode, decoded(out), decoded(err))

    def run(self, runbook, *arguments, answers=None, **where):
        """`run --yes --json`; questions are answered by a second process."""
        known = self.runs(**where) if answers else []
        child = self.begin("run", runbook, *arguments, "--yes", "--json", **where)
        deadline = time.monotonic() + 90
        while answers and child.poll() is None and time.monotonic() < deadline:
            for run in [run for run in self.runs(**where) if run not in known]:
                self.answer(run, answers, **where)
            time.sleep(0.3)
        return self.end(child)

    def answer(self, run, answers, **where):
        status = self.handrail("status", run, "--json", **where).exits(0).document()
        for question in status["questions"]:
            choice = answers.get(question["step"])
            claim(choice, f"nobody has an answer for {question['step']}")
            self.handrail("answer", run, question["step"], choice, **where).exits(0)

    def runs(self, **where):
        """The ids of the home's runs, the newest first."""
        found = self.handrail("history", "--json", **where).exits(0).document()
        return [run["run"] for run in found["runs"]]

    def eventually(self, what, holds, limit=30):
        """Waits until something holds."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            found = holds()
            if found:
                return found
            time.sleep(0.1)
        raise Failed(f"within {limit} s it never came to this: {what}")


class Terminal:
    """A command on a terminal of its own, 80 by 24: what it shows, and what a person types."""

    def __init__(self, rig, *arguments, library=None, home=None):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        environment = dict(rig.environment(library, home), TERM="xterm")

        def take_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.child = rig.spawn(
            [rig.binary, *arguments], stdin=slave, stdout=slave, stderr=slave, env=environment,
            preexec_fn=take_terminal)
        os.close(slave)
        self.rig, self.shown = rig, ""
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        while True:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            if not data:
                return
            self.shown += decoded(data)

    def shows(self, words, limit=60):
        """Waits until the words were shown."""
        try:
            self.rig.eventually(
                words, lambda: words in self.shown or self.child.poll() is not None, limit)
        except Failed as failure:
            raise Failed(f"{failure}; it shows: {self.shown[-1500:]}")
        time_to_read = time.monotonic() + 2
        while words not in self.shown and time.monotonic() < time_to_read:
            time.sleep(0.05)
        claim(words in self.shown, f"it ended and never showed {words!r}: {self.shown[-1500:]}")

    def types(self, text):
        os.write(self.master, text.encode())

    def hang_up(self):
        os.close(self.master)

    def exits(self, *codes, limit=60):
        try:
            code = self.child.wait(timeout=limit)
        except subprocess.TimeoutExpired:
            raise Failed(f"it did not end within {limit} s; it shows: {self.shown[-1500:]}")
        claim(code in codes, f"exit {code}, expected {codes}: {self.shown[-1500:]}")


def decoded(data):
    return data.decode("utf-8", "surrogateescape")


def said(child):
    with open(child.said + ".out", "rb") as out, open(child.said + ".err", "rb") as err:
        return Ended(None, decoded(out.read()), decoded(err.read()))


def outcomes(document):
    """{target: its outcome} of a run's document."""
    return {each["target"]: each["state"] for each in document["targets"]}


def steps(document, target):
    """{step: its outcome} of one target."""
    (found,) = [each for each in document["targets"] if each["target"] == target]
    return {each["step"]: each["outcome"] for each in found["steps"]}


def outputs(document, target, step):
    for each in document["targets"]:
        for ended in each["steps"] if each["target"] == target else []:
            if ended["step"] == step:
                return ended.get("outputs") or {}
    raise Failed(f"{step} has no outcome on {target}")


def changed(document):
    """Every step that changed something, as TARGET/STEP."""
    return [
        f"{each['target']}/{ended['step']}"
        for each in document["targets"] for ended in each["steps"]
        if ended["outcome"] == "changed"
    ]
