#!/usr/bin/env python3
"""Contract of detached steps (docs/detached-steps.md), the target's end, run against real shells.

As session_contract.py, whose sessions and shells it uses; prints 'N passed, N failed'.
  detached_contract.py [--shell NAME] [--only WORD] [--all] [--bench] [-v]
"""
import ctypes
import os
import re
import resource
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import session_contract  # noqa: E402
from session_contract import (ALL_BYTES, FOLDER, TIMEOUT, Broken, Result, Session, Shell,  # noqa: E402
                              alive, functions_between, same, until)

ALL = "--all" in sys.argv
BOOT = open("/proc/sys/kernel/random/boot_id").read().strip()


def compacted(*names):
    """As SessionRequest.swift sends it."""
    lines = b"".join(open(os.path.join(FOLDER, n), "rb").read() for n in names).split(b"\n")
    return b"\n".join(l.lstrip(b" ") for l in lines if l.strip() and not l.lstrip(b" ").startswith(b"#")) + b"\n"


SPOOL, SUPERVISOR = compacted("spool.sh"), compacted("groups.sh", "supervisor.sh")


class Detached(Session):
    """A session of one run on a spool of the test's own."""

    home = None

    def open(self, how="open", target="web1", run=None, root=None, staged=True):
        """The spool's id and the run's state; the run is this session's from now on."""
        self.target, self.run_name = target, run or f"{secrets.token_hex(16)}-1"
        self.root = root or os.path.join(self.home, "spool")
        if staged:
            self.put("in/spool.sh", SPOOL)
            self.put("in/supervisor.sh", SUPERVISOR)
        self.path = os.path.join(self.root, target, self.run_name)
        return self.ask("spool", how, target, self.run_name, self.root).split(" ")

    def claim_path(self, claim="s.1", name=""):
        return os.path.join(self.path, claim, name) if name else os.path.join(self.path, claim)

    def read(self, name, claim="s.1"):
        if not os.path.exists(self.claim_path(claim, name)):
            return b""
        with open(self.claim_path(claim, name), "rb") as file:
            return file.read()

    def detach(self, text=None, claim="s.1", timeout=30, grace=1, limit=65536, flags="-", words=None,
               args=(), env=(), script=None, extra=b""):
        """Asks for a step, `sh -c TEXT sh ARGS…` unless words are given; its nonce."""
        nonce = self.nonce()
        if words is None:
            words = (b"sh",) if script else (b"sh", b"-c", text.encode(), b"sh")
        head = f"detach {nonce} {flags} {claim} {timeout} {grace} {limit}\n".encode()
        head += b"".join(self.item(b"word", w) for w in words)
        if script:
            head += f"script 0 {script}\n".encode()
        head += b"".join(self.item(b"arg", a) for a in args)
        head += b"".join(self.item(b"env", v, b" " + k) for k, v in env)
        self.send(head + extra + b"go 0\n")
        return nonce

    def awaiting(self, claim="s.1", out=0, err=0):
        nonce = self.nonce()
        self.send(f"await {nonce} {claim} {out} {err}\n".encode())
        return nonce

    def outcome(self, nonce, timeout=TIMEOUT):
        """What came of a step, or the state of a claim: `claim STATE`, `err WORD`."""
        _, frame = self.out.find(rb"\n@HR %s (spooled|claim|err) ([^\n]*)\n" % nonce.encode(), timeout)
        if frame[1] != b"spooled":
            return f"{frame[1].decode()} {frame[2].decode()}"
        why, out_drop, err_drop, held = frame[2].decode().split(" ")
        result = self.finish(nonce, timeout)
        same(result.left, "-")
        result.__dict__.update(why=why, out_drop=out_drop, err_drop=err_drop, held=held)
        return result

    def do(self, text=None, wait=TIMEOUT, **named):
        return self.outcome(self.detach(text, **named), wait)

    def state(self, claim="s.1"):
        return self.ask("state", claim)

    def supervisor(self, claim="s.1"):
        return int(self.read("sup", claim).split()[0])

    def group(self, claim="s.1"):
        return int(self.read("pg", claim).split()[0])

    def is_up(self, claim="s.1"):
        """Waits until the step has been started."""
        same(until(lambda: b"run" in self.read("gate", claim)), True)


class Told(Exception):
    """What a session answered, where it should not have."""


def well(result, rc=0, out=b"", err=b"", why="exit"):
    """A step's outcome, with nothing dropped and nothing held."""
    if isinstance(result, str):
        raise Told(result)
    same((result.rc, result.out, result.err, result.why, result.out_drop, result.err_drop, result.held),
         (rc, out, err, why, "0", "0", "0"))


# --- the tests: one function each, given a started session and the shell's description ----------

def a_step_runs_detached_and_its_outcome_comes_back(s, _):
    same(s.open()[1], "open")
    well(s.do("echo out; echo err >&2; exit 7"), 7, b"out\n", b"err\n")
    same(s.state(), "done")
    well(s.outcome(s.awaiting()), 7, b"out\n", b"err\n")
    well(s.do(":", claim="s.2"))
    same(s.sh("echo on").out, b"on\n")


def the_layout_is_the_documented_one(s, _):
    number, _ = s.open()
    same(bool(re.fullmatch("[0-9a-f]{32}", number)), True)
    same(open(f"{s.root}/id").read(), number + "\n")
    well(s.do("printf a=1 >$HANDRAIL_OUTPUT; printf o; printf e >&2", flags="output"), 0, b"o", b"e")
    same(sorted(os.listdir(s.claim_path())), sorted("cancel err gate out output pg rc sup".split()))
    same((s.read("gate"), s.read("out"), s.read("err"), s.read("output")), (b"----\nrun\n", b"o", b"e", b"a=1"))
    same(s.read("rc").split(b"\n")[0], b"0 exit 0 0 0 .")
    for name in ("sup", "pg"):
        same(s.read(name).decode().split()[2], BOOT)
    same(sorted(n for n in os.listdir(s.path) if not n.startswith("work.")), ["s.1"])
    same(s.do(":", claim="s.1"), "claim done")
    same(os.stat(s.root).st_mode & 0o777, 0o700)


def a_second_session_gets_the_same_outcome(s, shell):
    number, _ = s.open()
    nonce = s.detach("printf 'ab\\n'; sleep 0.6; printf 'cd' >&2; exit 3")
    s.is_up()
    t = shell.start()
    same(t.open(run=s.run_name, root=s.root), [number, "open"])
    same((t.state(), t.do(":")), ("running", "claim running"))
    well(t.outcome(t.awaiting()), 3, b"ab\n", b"cd")
    well(s.outcome(nonce), 3, b"ab\n", b"cd")
    well(t.outcome(t.awaiting("s.1", 1, 1)), 3, b"b\n", b"d")
    well(t.outcome(t.awaiting("s.1", 3, 2)), 3)
    well(t.outcome(t.awaiting("s.1", 99, 99)), 3)


def a_lost_session_loses_no_step(s, shell):
    s.open()
    s.detach("sleep 1; echo late; exit 4")
    s.is_up()
    s.drop()
    s.process.wait(TIMEOUT)
    t = shell.start()
    t.open("look", run=s.run_name, root=s.root)
    same(t.state(), "running")
    well(t.outcome(t.awaiting()), 4, b"late\n")


def void_is_for_good(s, _):
    s.open()
    same((s.ask("void", "s.1"), s.ask("void", "s.1"), s.state()), ("yes", "yes", "void"))
    same(s.do("echo no"), "claim void")
    well(s.do("echo yes", claim="s.2"), 0, b"yes\n")
    same(s.ask("void", "s.2"), "done")
    same(s.state("s.3"), "absent")


def a_timeout_ends_the_group(s, _):
    s.open()
    start = time.monotonic()
    r = s.do("sleep 50 & echo $!; sleep 50", timeout=1)
    took = time.monotonic() - start
    same((r.rc, r.why, 0.95 <= took < 3), (143, "timeout", True))
    same(alive(int(r.out)), False)


def what_ignores_term_is_killed_after_the_grace(s, _):
    s.open()
    r = s.do("trap '' TERM; echo $$; while :; do sleep 9; done", timeout=1, grace=1)
    same((r.rc, r.why), (137, "timeout"))
    same(alive(int(r.out)), False)
    r = s.do("trap '' TERM; while :; do sleep 9; done", claim="s.2", timeout=1, grace=0)
    same((r.rc, r.why), (137, "timeout"))


def a_cancel_ends_the_step(s, _):
    s.open()
    nonce = s.detach("echo up; exec sleep 60")
    s.is_up()
    s.send(f"cancel {nonce}\n".encode())
    r = s.outcome(nonce, 8)
    same((r.rc, r.why, r.out), (143, "cancel", b"up\n"))


def output_is_cut_exactly(s, _):
    s.open()
    data = os.urandom(200001)
    s.put("files/big", data)
    for turn, limit in enumerate((0, 1, 4095, 4096, 4097, 65536, 200000, 200001, 200002), 1):
        r = s.do("cat files/big; cat files/big >&2", claim=f"cut.{turn}", limit=limit)
        same((r.rc, r.out == data[:limit], r.err == data[:limit]), (0, True, True))
        left = str(max(0, len(data) - limit))
        same((limit, r.out_drop, r.err_drop, r.held), (limit, left, left, "0"))


def clean_removes_the_run_and_it_stays_closed(s, shell):
    s.open()
    well(s.do(":"))
    same((s.ask("clean"), s.state(), s.ask("clean")), ("yes", "closed", "yes"))
    same(os.path.exists(s.path), False)
    same(s.do("echo no"), "claim closed")
    t = shell.start()
    same(t.open(run=s.run_name, root=s.root)[1], "closed")
    same((os.path.exists(s.path), t.do("echo no"), t.ask("void", "s.1")), (False, "claim closed", "closed"))


def end_of_tests():
    """The last test stands before this."""


def bench(shell, steps=200):
    """Wall and CPU of a no-op: detached, and attached beside it.

    CPU: user and system time of everything that the session started, its own shells included; we are
    the one to whom the kernel gives what it leaves behind. A session that only opens is taken off.
    """
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    used = {}
    for name in ("none", "attached", "detached"):
        walls, before = [], resource.getrusage(resource.RUSAGE_CHILDREN)
        s = shell.start()
        s.open()
        s.put("scripts/noop.sh", b":\n")
        well(s.do(script="scripts/noop.sh", claim="warm.1"))
        for number in range(0 if name == "none" else steps):
            start = time.monotonic()
            if name == "attached":
                s.step("sh scripts/noop.sh")
            else:
                well(s.do(script="scripts/noop.sh", claim=f"b{number}.1"))
            walls.append((time.monotonic() - start) * 1000)
        s.bye()
        try:
            while True:
                os.waitpid(-1, 0)
        except ChildProcessError:
            pass
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used[name] = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000
        walls.sort()
        if walls:
            print(f"{shell.name} {name}: wall median {walls[steps // 2]:.2f} ms, "
                  f"best tenth {walls[steps // 10]:.2f} ms, "
                  f"CPU {(used[name] - used['none']) / steps:.2f} ms a step, {steps} steps")


class DetachedShell:
    """Gives each test a spool's home of its own, and ends what it left."""


def start(self, *args, **named):
    session = Shell.plain_start(self, *args, **named)
    if getattr(self, "home", None) is None:
        self.home = tempfile.mkdtemp(prefix="handrail-detached-")
    session.home = self.home
    return session


def tidy(self):
    Shell.plain_tidy(self)
    home, self.home = getattr(self, "home", None), None
    if home is None:
        return
    for folder, _, names in os.walk(home):
        for name in ("sup", "pg"):
            if name in names:
                words = open(os.path.join(folder, name)).read().split()
                if len(words) == 3 and words[2] == BOOT:
                    try:
                        stat = open(f"/proc/{words[0]}/stat").read().rsplit(")", 1)[1].split()
                        if stat[19] == words[1]:
                            os.killpg(int(words[0]), signal.SIGKILL)
                    except OSError:
                        pass
    shutil.rmtree(home, ignore_errors=True)


Shell.plain_start, Shell.plain_tidy = Shell.start, Shell.tidy
Shell.start, Shell.tidy, Shell.opens = start, tidy, Detached

if __name__ == "__main__":
    sys.exit(session_contract.main(
        functions_between(a_step_runs_detached_and_its_outcome_comes_back, end_of_tests), bench))
