"""What both scenarios stand on: servers, people, a home, and how what happens is told."""

import concurrent.futures
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time

from on_fleet.rig import Ended, Failed, Fleet, call, decoded

from clock import Clock

HERE = os.path.dirname(os.path.realpath(__file__))
WIDTH = 100
# So long one command may take, also on a machine that is busy with much else.
PATIENCE = 900
PLAIN_WORD = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-"


def quoted(words):
    """The words as a person would type them."""
    shown = []
    for word in words:
        if word and all(letter in PLAIN_WORD for letter in word):
            shown.append(word)
        else:
            shown.append("'" + word.replace("'", "'\\''") + "'")
    return " ".join(shown)


class Stage:
    """A fleet, a library, a home with people in trust, and a clock."""

    def __init__(self, binary, zone, begins):
        self.binary = binary
        self.folder = tempfile.mkdtemp(prefix="handrail-scenario-")
        self.clock = Clock(self.folder, zone, begins)
        self.fleet = Fleet(os.path.join(self.folder, "fleet"))
        self.library = os.path.join(self.folder, "library")
        self.home = os.path.join(self.folder, "home")
        self.passed = self.failed = 0
        self.began = time.monotonic()
        self.child = None
        self.helpers = []
        self.paint = sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def close(self):
        """Ends what was started, and deletes what was made."""
        if self.child and self.child.poll() is None:
            self.kill()
            self.child.wait()
        for helper in self.helpers:
            helper.kill()
            helper.wait()
        self.fleet.stop()
        deadline = time.monotonic() + 10
        while os.path.exists(self.folder) and time.monotonic() < deadline:
            shutil.rmtree(self.folder, ignore_errors=True)
            time.sleep(0.1)

    def spawn(self, words, **options):
        """Starts a program that the story needs beside it; it is ended with the scenario."""
        self.helpers.append(subprocess.Popen(words, stdin=subprocess.DEVNULL, **options))

    def kill(self):
        """Ends the command under way, with what it started."""
        os.killpg(self.child.pid, signal.SIGKILL)

    # How it is told.

    def styled(self, style, text):
        return f"\x1b[{style}m{text}\x1b[0m" if self.paint else text

    def scene(self, title):
        print(f"\n{self.styled(1, '== ' + title)}", flush=True)

    def tell(self, text):
        print("\n" + textwrap.fill(" ".join(text.split()), WIDTH), flush=True)

    def expect(self, sentence, holds, found=""):
        """Says whether something holds, and counts it; returns whether it did."""
        if holds:
            self.passed += 1
            print(self.styled(32, f"   ok: {sentence}"), flush=True)
        else:
            self.failed += 1
            print(self.styled(31, f"   FAILED: {sentence}"), flush=True)
            if found != "":
                print("      " + str(found)[:2000].replace("\n", "\n      "), flush=True)
        return bool(holds)

    def same(self, sentence, found, expected):
        """Expects two values to be the same; sets are told by what they differ in."""
        if isinstance(found, set) and isinstance(expected, set):
            told = f"too many: {sorted(found - expected)[:8]}, missing: {sorted(expected - found)[:8]}"
        else:
            told = f"found {found!r}, expected {expected!r}"
        return self.expect(sentence, found == expected, told)

    def result(self):
        print(f"\nIt took {time.monotonic() - self.began:.0f} s.")
        print(f"{self.passed} passed, {self.failed} failed")
        return 0 if self.passed and not self.failed else 1

    # What people type.

    def environment(self, person):
        kept = {k: v for k, v in os.environ.items() if not k.startswith("HANDRAIL_")}
        kept.update(
            HANDRAIL_HOME=self.home, HANDRAIL_LIBRARY=self.library, NO_COLOR="1",
            HANDRAIL_SSH_CONFIG=self.fleet.ssh_config, LC_ALL="C.UTF-8", TZ=str(self.clock.zone))
        kept.pop("SSH_AUTH_SOCK", None)
        if person:
            kept["HANDRAIL_KEY"] = self.key(person)
        kept.update(self.clock.environment())
        return kept

    def key(self, person):
        return os.path.join(self.folder, "keys", person)

    def run(self, person, *words):
        """Runs the command as a person, without a word about it."""
        self.child = subprocess.Popen(
            [self.binary, *words], cwd=self.folder, env=self.environment(person),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            # Ctrl-C is the scenario's: what it does to a run is another story.
            start_new_session=True)
        try:
            out, err = self.child.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            self.child.communicate()
            raise Failed(f"handrail {quoted(words)} did not end within {PATIENCE} s")
        return Ended(self.child.returncode, decoded(out), decoded(err))

    def ask(self, *words, person=None):
        """A command's document; no step of the story."""
        return self.run(person, *words, "--json").document()

    def types(self, person, *words, exits=0, says=(), lines=24):
        """Shows a command and what it says, and expects its exit code and some words."""
        prompt = f"{self.clock.shown()} {person}$"
        print(f"\n{self.styled(1, ' '.join([prompt, 'handrail', quoted(words)]).rstrip())}", flush=True)
        done = self.run(person, *words)
        self.print_cut((done.err + done.out).splitlines(), lines)
        self.expect(f"exit code {exits}", done.code == exits, f"exit code {done.code}")
        told = " ".join((done.out + " " + done.err).split())
        for word in (says,) if isinstance(says, str) else says:
            self.expect(f"it says '{word}'", word.lower() in told.lower(), told[-1500:])
        return done

    def print_cut(self, lines, most):
        """Prints lines, the middle left out where there are too many."""
        if len(lines) > most + 1:
            head, tail = lines[:most * 2 // 3], lines[-(most - most * 2 // 3):]
            left = f"… {len(lines) - len(head) - len(tail)} lines are left out here"
            lines = [*head, self.styled(2, left), *tail]
        for line in lines:
            print(line)
        sys.stdout.flush()

    def shows(self, name):
        """Shows a file of the library."""
        print(f"\n{self.styled(1, '$ cat ' + name)}")
        with open(os.path.join(self.library, name)) as file:
            print(file.read().rstrip("\n"), flush=True)

    # What they work with.

    def start_fleet(self, servers):
        """Starts a target for each server, and notes its address."""
        self.fleet.start("--names", ",".join(server.name for server in servers))
        with open(os.path.join(self.fleet.directory, "targets.tsv")) as file:
            rows = [line.split("\t") for line in file.read().splitlines()[1:]]
        places = {row[0]: (row[1], int(row[2])) for row in rows}
        for server in servers:
            server.address, server.port = places[server.name]

    def plant(self, fault, names):
        """Plants a fault on several servers at once."""
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda name: self.fleet.plant(fault, name), names))

    def make_library(self, *sources):
        """A git repository with the content of folders, the later ones over the earlier ones."""
        for source in sources:
            shutil.copytree(source, self.library, dirs_exist_ok=True)
        for name in os.listdir(os.path.join(self.library, "inventory")) if os.path.isdir(
                os.path.join(self.library, "inventory")) else []:
            os.remove(os.path.join(self.library, "inventory", name))
        self.git("init", "-q", "-b", "main")

    def write(self, name, text):
        path = os.path.join(self.library, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)

    def git(self, *words):
        """git in the library, at the scenario's time."""
        identity = ["-c", "user.name=Lena Ortiz", "-c", "user.email=lena@example.invalid"]
        return call(
            ["git", "-C", self.library, *identity, *words], env=self.environment(None))

    def commit(self, message):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def make_people(self, people, floors):
        """A key for each of (id, name, roles); the first one makes the trust folder."""
        os.makedirs(os.path.join(self.folder, "keys"))
        for number, (person, name, roles) in enumerate(people):
            call(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", person, "-f",
                  self.key(person)])
            words = ["trust", "init", "--id", person] if number == 0 else ["trust", "add", person]
            words += ["--name", name, "--key", self.key(person) + ".pub"]
            words += ["--account", account(), "--git", f"{person}@example.invalid"]
            for role in roles:
                words += ["--role", role]
            done = self.run(None, *words)
            if done.code:
                raise Failed(f"handrail {quoted(words)}: exit {done.code}: {done.tail()}")
        with open(os.path.join(self.home, "trust", "environments.yaml"), "w") as file:
            file.write(floors)
        shutil.copy(
            os.path.join(self.fleet.directory, "known_hosts"),
            os.path.join(self.home, "trust", "hosts"))
        os.chmod(os.path.join(self.home, "trust", "hosts"), 0o644)


def account():
    return pwd.getpwuid(os.getuid()).pw_name

