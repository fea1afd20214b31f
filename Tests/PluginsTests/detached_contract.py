#!/usr/bin/env python3
"""Contract of detached steps (docs/detached-steps.md), the target's end, run against real shells.

As session_contract.py, whose sessions and shells it uses; prints 'N passed, N failed'.
  detached_contract.py [--shell NAME] [--only WORD] [--all] [--bench] [-v]
"""
import ctypes
import os
import random
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


SPOOL, SUPERVISOR = compacted("claim.sh", "spool.sh"), compacted("groups.sh", "claim.sh", "supervisor.sh")


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

    def end_claim(self, claim, seconds):
        nonce = self.nonce()
        self.send(f"endclaim {nonce} {claim} {seconds}\n".encode())
        return self.reply(nonce, b"state").decode()

    def nonce_of_hello(self):
        return self.dir.rsplit("-")[-1]

    def noted(self, word, claim="s.1"):
        """The rest of the first line of the record that begins with a word."""
        for line in self.read("record", claim).decode().split("\n")[:-1]:
            if line.split(" ")[0] == word:
                return line.split(" ")[1:]
        return None

    def supervisor(self, claim="s.1"):
        return int(self.noted("sup", claim)[0])

    def group(self, claim="s.1"):
        return int(self.noted("run", claim)[0])

    def is_up(self, claim="s.1"):
        """Waits until the step has been started."""
        same(until(lambda: self.noted("run", claim) is not None), True)


def well(result, rc=0, out=b"", err=b"", why="exit"):
    """A step's outcome, with nothing dropped and nothing held."""
    if isinstance(result, str):
        raise Broken(result)
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
    same(sorted(os.listdir(s.claim_path())), sorted("err out output record".split()))
    same((s.read("out"), s.read("err"), s.read("output")), (b"o", b"e", b"a=1"))
    same([l.split()[0] for l in s.read("record").decode().splitlines()], ["sup", "run", "end"])
    same(s.noted("end"), ["0", "exit", "0", "0", "0"])
    same((s.noted("sup")[2], s.noted("run")[2]), (BOOT, BOOT))
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


def refused(wanted, ask):
    """ASK has to fail with the answer WANTED."""
    try:
        found = ask()
    except Broken as error:
        same(str(error), wanted)
    else:
        raise AssertionError(f"{found!r} instead of {wanted}")


def a_spool_needs_its_library_staged(s, _):
    refused("err noscript in/supervisor.sh", lambda: s.open(staged=False))
    s.put("in/supervisor.sh", SUPERVISOR)
    refused("err noscript in/spool.sh", lambda: s.open(staged=False))
    same(s.open()[1], "open")


def nothing_detached_comes_before_spool(s, shell):
    for line in ("state %s s.1", "clean %s", "await %s s.1 0 0", "detach %s - s.1 9 1 9"):
        t = shell.start()
        nonce = t.nonce()
        t.send((line % nonce + "\n").encode())
        refused("err protocol", lambda: t.reply(nonce, b"x"))
        t.process.wait(TIMEOUT)


def what_is_no_request_ends_the_session(s, shell):
    run = "0" * 32 + "-1"
    for line in (f"spool %s open ../x {run} -", f"spool %s open a/b {run} -", "spool %s open web1 x-1 -",
                 f"spool %s make web1 {run} -", f"spool %s open web1 {run} relative",
                 f"spool %s open web1 {run} /a/../b", f"spool %s open web1 {run}1234567890 -",
                 f"spool %s open .web {run} /x", f"spool %s open web1 {run} /", "state %s s", "state %s .s.1",
                 "state %s s.0", "state %s s.1/..", "state %s 5", "state %s s.1234567890", "await %s s.1 x 0",
                 "await %s s.1 0", "detach %s - s.1 0 1 9", "detach %s left s.1 9 1 9",
                 "detach %s - s.1 9 1 -1", "endclaim %s s.1 x", "clean %s x", "void %s " + "a" * 119 + ".1"):
        t = shell.start()
        t.home = s.home
        t.open()
        nonce = t.nonce()
        t.send((line % nonce + "\n").encode())
        refused("err protocol", lambda: t.reply(nonce, b"x"))
        t.process.wait(TIMEOUT)


def look_makes_no_run(s, _):
    same(s.open("look")[1], "norun")
    same((os.path.exists(s.path), s.state(), s.do(":"), s.ask("void", "s.1")),
         (False, "norun", "claim norun", "norun"))
    number, state = s.ask("spool", "open", "web1", s.run_name, s.root).split()
    same((state, s.state()), ("open", "absent"))


def two_targets_on_one_machine_share_no_claims(s, shell):
    number = s.open()[0]
    well(s.do("echo 1"), 0, b"1\n")
    t = shell.start()
    same(t.open(target="web2", run=s.run_name, root=s.root), [number, "open"])
    well(t.do("echo 2"), 0, b"2\n")


def statuses_are_the_shell_s(s, _):
    s.open()
    for number, (text, rc) in enumerate((("exit 255", 255), ("exit 1", 1), ("kill -KILL $$", 137),
                                         ("kill -TERM 0; sleep 9", 143), ("kill -KILL 0", 137),
                                         ("nosuchprogram 2>/dev/null", 127)), 1):
        r = s.do(text, claim=f"rc.{number}")
        same((text, r.rc, r.why), (text, rc, "exit"))


def what_is_missing_starts_nothing(s, _):
    s.open()
    same(s.do(words=(b"no-such-interp",)), "err nointerp no-such-interp")
    same(s.do(script="scripts/none.sh"), "err noscript scripts/none.sh")
    same(s.do("cat", extra=b"stdin 0 in/none\n"), "err nostdin")
    same(s.do(words=()), "err noitem")
    same(s.do(":", env=[(b"IFS", b"x")]), "err badenv IFS")
    same(s.state(), "absent")
    well(s.do("echo on"), 0, b"on\n")


def every_byte_of_a_value_arrives(s, shell):
    values = [v for v in session_contract.VALUES if len(v) < 2000] + [b"x" * 65536]
    s.open()
    s.put("scripts/hex.sh", b'for a in "$@"; do printf "%s" "$a" | od -An -v -tx1 | tr -d " \\n"; echo; done\n')
    r = s.do(script="scripts/hex.sh", args=values, limit=1 << 20)
    same([bytes.fromhex(l.decode()) for l in r.out.split(b"\n")[:-1]], values)
    env = [(b"V%d" % i, v) for i, v in enumerate(values)]
    r = s.do(words=(b"cat", b"/proc/self/environ"), env=env, claim="s.2", limit=1 << 20)
    found = dict(p.split(b"=", 1) for p in r.out.split(b"\0") if b"=" in p)
    for name, value in env:
        same((name, found.get(name)), (name, value))
    same([n for n in found if n.startswith((b"hr_", b"HR"))], [])


def values_too_many_for_the_system_start_nothing(s, _):
    s.open()
    big = [(b"V%d" % i, b"x" * 65536) for i in range(60)]
    same(s.do("echo no >&2", env=big), "err nostart")
    same(s.state(), "void")


def a_step_finds_the_login_as_an_attached_one_does(s, shell):
    def seen(text):
        fields = dict(l.split(b"=", 1) for l in text.split(b"\0") if b"=" in l)
        return {k: v for k, v in fields.items() if k not in (b"PWD", b"OLDPWD", b"_")}

    t = shell.start(env={"LC_ALL": "C.UTF-8", "LANG": "C"})
    t.open()
    words = (b"cat", b"/proc/self/environ")
    own = t.run(words=words)
    same(sorted(set(seen(t.do(words=words).out).items()) ^ set(seen(own.out).items())), [])
    same(t.do('echo "$LC_ALL"', claim="s.2", env=[(b"LC_ALL", b"C")]).out, b"C\n")
    work = f"{t.path}/work.{t.dir.rsplit('-')[-1]}".encode()
    same(t.do('pwd; umask; echo "$PWD"', claim="s.3").out.split(), [work, t.umask, work])
    t.put("files/a", b"x")
    same(t.run(words=(b"cat", b"files/a")).out, b"x")


def a_step_s_path_is_its_own_affair(s, shell):
    s.open()
    path = "/nowhere:" + (shell.path or f"{shell.front}:/bin")
    well(s.do("echo $PATH", env=[(b"PATH", path.encode())]), 0, path.encode() + b"\n")
    if not s.bare:
        same(s.do("echo $PATH", env=[(b"PATH", b"/nowhere")], claim="s.2").rc, 127)
    well(s.do("echo on", claim="s.3"), 0, b"on\n")


def signals_of_a_step_are_the_default_ones(s, shell):
    s.open()

    def masks(text):
        fields = dict(l.split(b":\t") for l in text.splitlines() if b":\t" in l)
        return int(fields[b"SigBlk"], 16), int(fields[b"SigIgn"], 16)
    plain = subprocess.run([*shell.argv, "-c", "cat /proc/self/status"], capture_output=True, check=True)
    blocked, ignored = masks(s.do(words=(b"cat", b"/proc/self/status")).out)
    same((blocked, ignored & ~masks(plain.stdout)[1]), (0, 0))


def nothing_of_the_session_stays_open(s, _):
    s.open()
    r = s.do("cd /proc/self/fd && for f in 0 3 4 5 6 7 8 9 10 11 12 13 63 255; do [ ! -e $f ] || ls -l $f; done; :")
    lines = [l for l in r.out.splitlines() if b"/proc" not in l and b"/fd" not in l]
    same([l.split(b" -> ")[-1] for l in lines], [b"/dev/null"])
    mine = set()
    for pid in subprocess.run(["pgrep", "-g", s.hello["pg"]], capture_output=True, text=True).stdout.split():
        for number in ("0", "1", "2"):
            mine.add(os.readlink(f"/proc/{pid}/fd/{number}"))
    nonce = s.detach("exec sleep 1", claim="s.2")
    s.is_up("s.2")
    time.sleep(0.2)
    top = s.supervisor("s.2")
    same(os.getpgid(top), top)
    same(os.getsid(s.group("s.2")), s.group("s.2"))
    theirs = {}
    for pid in subprocess.run(["pgrep", "-s", f"{top},{s.group('s.2')}"], capture_output=True, text=True).stdout.split():
        try:
            theirs[pid] = {os.readlink(f"/proc/{pid}/fd/{n}") for n in os.listdir(f"/proc/{pid}/fd")}
        except OSError:
            pass
    same(len(theirs) >= 5, True)
    for pid, names in theirs.items():
        same((pid, {n for n in names & mine if n.startswith(("pipe", "socket"))}), (pid, set()))
    well(s.outcome(nonce))


def outputs_come_back(s, _):
    s.open()
    for number, (text, kind, given) in enumerate((
            ('printf "a=1\\nb=2" >>"$HANDRAIL_OUTPUT"', "given", b"a=1\nb=2"), (":", "none", None),
            ('>"$HANDRAIL_OUTPUT"', "none", None), ('head -c 65537 /dev/zero >"$HANDRAIL_OUTPUT"', "over", None),
            ('head -c 65536 /dev/zero >"$HANDRAIL_OUTPUT"', "given", b"\0" * 65536),
            ('mkfifo "$HANDRAIL_OUTPUT"', "odd", None), ('ln -s /etc/passwd "$HANDRAIL_OUTPUT"', "odd", None)), 1):
        r = s.do(text, claim=f"o.{number}", flags="output")
        same((text, r.rc, r.kind, r.given), (text, 0, kind, given))
    same(s.do('echo ${HANDRAIL_OUTPUT-unset}').out, b"unset\n")


def standard_input_is_empty_or_what_was_staged(s, _):
    s.open()
    well(s.do("cat"))
    data = ALL_BYTES + b"\0" * 5 + b"tail"
    s.put("in/a", data)
    well(s.do(words=(b"cat",), extra=b"stdin 0 in/a\n", claim="s.2"), 0, data)
    r = s.do(words=(b"cat",), extra=b"argfile 0 in/a\nenvfile 0 F in/a\n", claim="s.3")
    well(r, 0, data)
    same(s.do('cat "$F"', extra=b"envfile 0 F in/a\n", claim="s.4").out, data)


def a_secret_is_read_and_nowhere_else(s, _):
    s.open()
    mark = secrets.token_hex(20).encode()
    s.put("secret/token", mark)
    nonce = s.detach('IFS= read -r line; [ "$line" = "" ] || sleep 1; printf %s "$line" | wc -c', extra=b"stdin 0 secret/token\n")
    s.is_up()
    same([n for n in os.listdir("/dev/shm") + os.listdir("/run") if n.endswith(".secret") and s.nonce_of_hello() in n], [])
    for pid in subprocess.run(["pgrep", "-s", f"{s.supervisor()},{s.group()}"], capture_output=True, text=True).stdout.split():
        for name in ("cmdline", "environ"):
            try:
                same(mark in open(f"/proc/{pid}/{name}", "rb").read(), False)
            except OSError:
                pass
    same(int(s.outcome(nonce).out), 40)
    same(subprocess.run(["grep", "-rqF", mark.decode(), s.home, s.dir]).returncode, 1)
    for extra in (b"argfile 0 secret/token\n", b"envfile 0 T secret/token\n", b"script 0 secret/token\n"):
        s.put("secret/token", mark)
        same(s.do("echo no", extra=extra, claim="s.2"), "err nosecret secret/token")
        same(s.state("s.2"), "absent")
    s.put("secret/token", mark)
    same(s.do(":", extra=b"stdin 0 secret/token\n"), "claim done")
    same([n for n in os.listdir("/dev/shm") + os.listdir("/run") if s.nonce_of_hello() + ".secret" in n], [])


def output_that_looks_like_frames_is_output(s, _):
    s.open()
    text = b"\n@HR " + b"0" * 32 + b" end 0 - none\n@HR spooled exit 0 0 0\n\n@HR \n"
    s.put("files/fake", text)
    nonce = s.detach("cat files/fake; cat files/fake >&2; env; for p in $$ $PPID; do tr '\\0' ' ' </proc/$p/cmdline; done; exit 3")
    r = s.outcome(nonce)
    same((r.rc, r.out.startswith(text), r.err, nonce.encode() in r.out), (3, True, text, False))


def writes_of_every_size_are_cut_exactly(s, _):
    s.open()
    ones = "i=0; while [ $i -lt 3000 ]; do printf x; printf y >&2; i=$((i+1)); done"
    for number, limit in enumerate((0, 1, 1000, 2999, 3000, 3001) if ALL else (1, 2999, 3000), 1):
        r = s.do(ones, claim=f"one.{number}", limit=limit)
        same((limit, r.out, r.err), (limit, b"x" * min(limit, 3000), b"y" * min(limit, 3000)))
        same((r.out_drop, r.err_drop), (str(max(0, 3000 - limit)),) * 2)
    odd = ("i=1; while [ $i -le 40 ]; do head -c $((i * i * 7)) files/d; "
           "[ $((i % 8)) != 0 ] || sleep 0.01; i=$((i+1)); done")
    data = os.urandom(12000)
    s.put("files/d", data)
    whole = b"".join(data[:i * i * 7] for i in range(1, 41))
    limits = (5000, 8191, 8192, 8193, 100000, len(whole) - 1, len(whole), len(whole) + 1)
    for number, limit in enumerate(limits if ALL else limits[1:6:2], 1):
        r = s.do(odd, claim=f"odd.{number}", limit=limit)
        same((limit, r.out == whole[:limit], r.out_drop), (limit, True, str(max(0, len(whole) - limit))))


def the_rest_of_much_output_is_counted(s, _):
    s.open()
    count = 1024 if ALL else 48
    start = time.monotonic()
    r = s.do(f"dd if=/dev/zero bs=1048576 count={count} 2>/dev/null & dd if=/dev/zero bs=65536 count=17 >&2 2>/dev/null; wait",
             wait=300, timeout=300, limit=100001)
    same((r.rc, len(r.out), r.out_drop), (0, 100001, str(count * 1048576 - 100001)))
    same((len(r.err), r.err_drop), (100001, str(17 * 65536 - 100001)))


def something_left_behind_may_hold_a_stream(s, _):
    s.open()
    mark = os.path.join(s.home, "mark")
    start = time.monotonic()
    r = s.do(f"(trap 'echo pipe >>{mark}' PIPE; until [ -e {mark}.go ]; do sleep 0.1; done; echo late; echo later >&2; echo went $? >>{mark}) & echo first; exit 5")
    took = time.monotonic() - start
    same((r.rc, r.why, r.out, r.held, r.out_drop, r.err_drop, r.kind), (5, "exit", b"first\n", "1", "-", "-", "none"))
    same(took > 0.9, True)
    same(s.state(), "done")
    open(mark + ".go", "w").close()
    same(until(lambda: os.path.exists(mark) and open(mark).read() != ""), True)
    same(open(mark).read(), "went 0\n")
    same(s.outcome(s.awaiting()).out, b"first\n")
    r = s.do("sleep 30 >&2 & echo $!", claim="s.2")
    same((r.held, r.out_drop, r.err_drop), ("1", "0", "-"))
    same(alive(int(r.out)), True)
    os.kill(int(r.out), signal.SIGKILL)
    well(s.do("sleep 30 >/dev/null 2>&1 & :", claim="s.3"))
    same(until(lambda: not alive(s.supervisor("s.2"))), True)


def a_cancel_at_any_time_is_kept(s, _):
    s.open()
    for turn in range(40 if ALL else 24):
        claim = f"c.{turn + 1}"
        nonce = s.detach(f"echo >>{s.home}/{claim}; exec sleep 60", claim=claim)
        if turn:
            time.sleep(turn * 0.002)
        s.send(f"cancel {nonce}\n".encode())
        r = s.outcome(nonce, 8)
        if isinstance(r, str):
            same((r, s.state(claim), os.path.exists(f"{s.home}/{claim}")), ("claim void", "void", False))
        else:
            same((r.why, r.rc), ("cancel", 143))
    same(s.sh("echo on").out, b"on\n")


def a_cancel_for_another_request_does_nothing(s, _):
    s.open()
    nonce = s.detach("sleep 0.6; echo done")
    s.is_up()
    s.send(f"cancel {s.nonce()}\n".encode())
    well(s.outcome(nonce), 0, b"done\n")


def who_only_waits_can_cancel_too(s, shell):
    s.open()
    nonce = s.detach("trap 'echo tidy; exit 9' TERM; while :; do sleep 0.1; done", grace=20)
    s.is_up()
    t = shell.start()
    t.open(run=s.run_name, root=s.root)
    other = t.awaiting()
    time.sleep(0.3)
    t.send(f"cancel {other}\n".encode())
    for r in (t.outcome(other), s.outcome(nonce)):
        same((r.rc, r.why, r.out), (9, "cancel", b"tidy\n"))


def a_kill_while_waiting_is_a_cancel(s, _):
    s.open()
    nonce = s.detach("exec sleep 60")
    s.is_up()
    s.send(f"kill {nonce}\n".encode())
    same(s.outcome(nonce).why, "cancel")
    same(s.sh("echo on").out, b"on\n")


def a_lost_session_ends_at_once_and_cancels_nothing(s, shell):
    s.open()
    s.detach("sleep 2; echo lived")
    s.is_up()
    start = time.monotonic()
    s.drop()
    s.process.wait(TIMEOUT)
    same(until(lambda: not session_contract.group_alive(s.process.pid)), True)
    same((time.monotonic() - start < 1.5, os.path.exists(s.dir)), (True, False))
    t = shell.start()
    t.open(run=s.run_name, root=s.root)
    waiting = t.awaiting()
    time.sleep(0.2)
    t.drop()
    t.process.wait(TIMEOUT)
    u = shell.start()
    u.open(run=s.run_name, root=s.root)
    well(u.outcome(u.awaiting()), 0, b"lived\n")


def killed_shells_of_a_session_lose_no_step(s, shell):
    for turn, whom in enumerate(("group", "leader", "worker"), 1):
        t = shell.start()
        t.open(run=getattr(s, "run_name", None), root=getattr(s, "root", None))
        s.run_name, s.root = t.run_name, t.root
        t.detach("sleep 1; printf 'lived %s' $$", claim=f"k.{turn}")
        t.is_up(f"k.{turn}")
        if whom == "group":
            os.killpg(t.process.pid, signal.SIGKILL)
        elif whom == "leader":
            os.kill(t.process.pid, signal.SIGKILL)
        else:
            for pid in subprocess.run(["pgrep", "-P", str(t.process.pid)], capture_output=True, text=True).stdout.split():
                os.kill(int(pid), signal.SIGKILL)
        u = shell.start()
        u.open(run=s.run_name, root=s.root)
        first = u.outcome(u.awaiting(f"k.{turn}"))
        same((first.rc, first.out[:6]), (0, b"lived "))
        same(u.outcome(u.awaiting(f"k.{turn}")).out, first.out)


def a_killed_supervisor_leaves_an_orphan_then_nothing(s, _):
    s.open()
    nonce = s.detach("exec sleep 60")
    s.is_up()
    os.kill(s.supervisor(), signal.SIGKILL)
    same(s.outcome(nonce), "claim orphan")
    same((s.state(), s.do(":", claim="s.2"), s.ask("clean"), s.ask("void", "s.1")), ("orphan", "claim busy 1", "1", "orphan"))
    same(s.end_claim("s.1", 2), "lost")
    same((s.state(), s.end_claim("s.1", 1), s.do(":")), ("lost", "lost", "claim lost"))
    same(s.outcome(s.awaiting()), "claim lost")
    well(s.do("echo next", claim="s.2"), 0, b"next\n")
    nonce = s.detach("trap '' TERM; sleep 60 & while :; do sleep 1; done", claim="t.1")
    s.is_up("t.1")
    os.kill(s.supervisor("t.1"), signal.SIGKILL)
    same(s.outcome(nonce), "claim orphan")
    same(s.end_claim("t.1", 1), "lost")
    same(living(s.group("t.1")), [])


def an_orphan_that_leads_no_group_yet_is_ended_too(s, _):
    """Its process has started, by the record, and has not come to its own session yet."""
    s.open()
    text = SUPERVISOR.replace(b"umask \"$hr_mask\"", b"umask \"$hr_mask\"; sleep 0.7", 1)
    assert text != SUPERVISOR
    s.put("in/supervisor.sh", text)
    nonce = s.detach("exec sleep 60")
    s.is_up()
    os.kill(s.supervisor(), signal.SIGKILL)
    same(s.outcome(nonce), "claim orphan")
    same(s.end_claim("s.1", "1"), "lost")
    nonce = s.detach("exec sleep 60", claim="s.2")
    s.is_up("s.2")
    s.send(f"cancel {nonce}\n".encode())
    r = s.outcome(nonce)
    same((r.rc, r.why), (143, "cancel"))


def an_orphan_still_has_its_time(s, _):
    s.open()
    nonce = s.detach("trap '' TERM; while :; do sleep 9; done", timeout=2)
    s.is_up()
    group = s.group()
    os.kill(s.supervisor(), signal.SIGKILL)
    same(s.outcome(nonce), "claim orphan")
    same(until(lambda: s.state() == "lost"), True)
    same(living(group), [])


def a_step_that_is_killed_with_its_supervisor_is_lost(s, _):
    s.open()
    nonce = s.detach("exec sleep 60")
    s.is_up()
    top, group = s.supervisor(), s.group()
    os.killpg(top, signal.SIGKILL)
    os.kill(group, signal.SIGKILL)
    same(s.outcome(nonce) in ("claim lost", "claim orphan"), True)
    same(until(lambda: s.state() == "lost"), True)


def whoever_is_killed_at_whatever_instant_no_state_lies(s, shell):
    s.open()
    seen = {}
    # Slower where it matters, so that something hits it.
    text = SUPERVISOR.replace(b"hr_become() {\n", b"hr_become() {\nsleep 0.03\n")
    text = text.replace(b'hr_note "run $hr_me"', b'sleep 0.02 && hr_note "run $hr_me" && sleep 0.02')
    s.put("in/supervisor.sh", text.replace(b'hr_note "sup', b'sleep 0.02; hr_note "sup'))
    t = shell.start()
    t.open(run=s.run_name, root=s.root)
    for turn in range(120 if ALL else 16):
        claim, mark = f"x{turn}.1", f"{s.home}/x{turn}"
        nonce = s.detach(f"echo >{mark}; sleep 0.1", claim=claim, timeout=5)
        time.sleep(random.random() * 0.15)
        found = subprocess.run(["pgrep", "-f", f"{re.escape(s.path)}/{claim}"], capture_output=True, text=True).stdout.split()
        for pid in random.sample(found, min(len(found), random.randint(1, 2))):
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                pass
        r = s.outcome(nonce, 15)
        state = t.state(claim)
        if state in ("absent", "claimed", "void"):
            same((claim, t.ask("void", claim)), (claim, "yes"))
            time.sleep(0.05)
            same((claim, state, r, os.path.exists(mark)), (claim, state, r, False))
        elif state == "done":
            same((r.rc in (0, 137), os.path.exists(mark) or r.rc == 137), (True, True))
        else:
            same(state in ("running", "orphan", "lost"), True)
        seen[state] = seen.get(state, 0) + 1
    if "-v" in sys.argv:
        print(f"     {shell.name}: {seen}")


def endclaim_cancels_what_is_running(s, shell):
    s.open()
    s.detach("exec sleep 60")
    s.is_up()
    t = shell.start()
    t.open(run=s.run_name, root=s.root)
    same(t.end_claim("s.1", 5), "done")
    r = t.outcome(t.awaiting())
    same((r.rc, r.why), (143, "cancel"))
    same((t.end_claim("s.1", 5), t.end_claim("s.9", 0)), ("done", "absent"))


def living(group):
    """The processes of a group that are more than a zombie."""
    found = subprocess.run(["pgrep", "-g", str(group)], capture_output=True, text=True).stdout
    return [pid for pid in found.split() if alive(pid)]


def forge(s, claim, *lines):
    """A claim with such a record, as another boot or another process may have left it."""
    os.mkdir(s.claim_path(claim))
    with open(s.claim_path(claim, "record"), "w") as file:
        file.write("\n".join(lines))


def another_process_with_the_same_id_is_not_taken_for_it(s, _):
    s.open()
    me = os.getpid()
    begun = open("/proc/self/stat").read().rsplit(")", 1)[1].split()[19]
    other = "00000000-0000-0000-0000-000000000000"
    mine, theirs, past = f"{me} {begun} {BOOT}", f"{me} {int(begun) - 1} {BOOT}", f"{me} {begun} {other}"
    forge(s, "a.1", f"sup {mine}", f"run {theirs}", "")
    forge(s, "b.1", f"sup {theirs}", f"run {theirs}", "")
    forge(s, "c.1", f"sup {past}", f"run {past}", "")
    forge(s, "d.1", f"sup {mine}", "")
    forge(s, "e.1", f"sup {mine}", "void", f"run {mine}", "")
    forge(s, "f.1", f"sup {mine}", f"run {mine}")
    forge(s, "g.1", f"sup {theirs}", f"run {theirs}", "end 0 exit 0 0 0")
    forge(s, "h.1", f"sup {theirs}", f"run {theirs}", "void", "end 7 exit 0 0 0", "")
    forge(s, "i.1", "void", f"sup {mine}", f"run {mine}", "end 7 exit 0 0 0", "")
    forge(s, "j.1")
    forge(s, "k.1", f"sup {past}", "")
    same([s.state(f"{c}.1") for c in "abcdefghijk"],
         ["running", "lost", "lost", "claimed", "void", "claimed", "lost", "done", "void", "claimed", "lost"])
    same((s.ask("void", "k.1"), s.do(":", claim="k.1"), s.do("echo 2", claim="k.2").out), ("lost", "claim lost", b"2\n"))
    same(s.end_claim("c.1", "0"), "lost")


def a_zombie_does_not_live(s, _):
    s.open()
    child = subprocess.Popen(["sleep", "0"])
    begun = open(f"/proc/{child.pid}/stat").read().rsplit(")", 1)[1].split()[19]
    same(until(lambda: not alive(child.pid)), True)
    forge(s, "a.1", f"sup {child.pid} {begun} {BOOT}", f"run {child.pid} {begun} {BOOT}", "")
    same(s.state("a.1"), "lost")
    child.wait()


def one_of_eight_who_ask_at_once_starts_it(s, shell):
    s.open()
    others = [shell.start() for _ in range(8)]
    for t in others:
        t.open(run=s.run_name, root=s.root)
    for turn in range(6 if ALL else 2):
        claim = f"race{turn}.1"
        nonces = [t.detach(f"echo started >>{s.home}/{claim}; sleep 0.3", claim=claim) for t in others]
        answers = [t.outcome(n, 40) for t, n in zip(others, nonces)]
        started = [a for a in answers if not isinstance(a, str)]
        same(len(started), 1)
        well(started[0])
        same({a for a in answers if isinstance(a, str)} - {"claim claimed", "claim running", "claim done"}, set())
        same(open(f"{s.home}/{claim}").read(), "started\n")


def void_and_start_at_once_have_one_winner(s, shell):
    s.open()
    t = shell.start()
    t.open(run=s.run_name, root=s.root)
    won, delay = {"void": 0, "run": 0}, 0.01
    for turn in range(200 if ALL else 40):
        claim = f"v{turn}.1"
        nonce = s.detach(f"echo >{s.home}/{claim}", claim=claim)
        # Later when it came too early, earlier when too late: so both come at the same time.
        time.sleep(delay)
        answer = t.ask("void", claim)
        r = s.outcome(nonce, 30)
        ran = os.path.exists(f"{s.home}/{claim}")
        if answer == "yes":
            same((claim, isinstance(r, str), ran, s.state(claim)), (claim, True, False, "void"))
            won["void"] += 1
            delay *= 1.2
        else:
            same((claim, answer in ("running", "done"), ran, s.state(claim)), (claim, True, True, "done"))
            well(r)
            won["run"] += 1
            delay /= 1.2
    if "-v" in sys.argv:
        print(f"     {shell.name}: {won}")


def another_attempt_in_the_way_is_busy_or_voided(s, shell):
    s.open()
    nonce = s.detach("sleep 1")
    s.is_up()
    t = shell.start()
    t.open(run=s.run_name, root=s.root)
    same((t.do(":", claim="s.2"), t.state("s.2")), ("claim busy 1", "absent"))
    well(t.do(":", claim="s.x.2"))
    well(s.outcome(nonce))
    forge(s, "c.1", f"sup 1 1 {BOOT}", "")
    well(s.do(":", claim="c.2"))
    same(s.state("c.1"), "void")


def nothing_is_begun_beside_what_another_run_of_the_plan_left_alive(s, shell):
    plan = secrets.token_hex(16)
    s.open(run=plan + "-1")
    nonce = s.detach("sleep 2")
    s.is_up()
    other, next_run = shell.start(), shell.start()
    # Another plan is nobody's concern.
    other.open(root=s.root)
    well(other.do(":", claim="s.1"))
    next_run.open(run=plan + "-2", root=s.root)
    same((next_run.do(":", claim="t.1"), next_run.state("t.1")), ("claim elsewhere s.1", "absent"))
    well(s.outcome(nonce))
    forge(s, "c.1", f"sup 1 1 {BOOT}", "")
    well(next_run.do(":", claim="t.1"))
    same(s.state("c.1"), "void")


def a_living_step_keeps_its_run(s, shell):
    s.open()
    nonce = s.detach("sleep 1")
    s.is_up()
    t = shell.start()
    t.open(run=s.run_name, root=s.root)
    same((t.ask("clean"), t.state()), ("1", "running"))
    same(os.path.exists(s.path + ".closed"), False)
    well(s.outcome(nonce))
    same((t.ask("clean"), s.state()), ("yes", "closed"))


def a_closed_run_is_never_made_again(s, shell):
    s.open()
    t = shell.start()
    t.open(run=s.run_name, root=s.root)
    delay = 0.01
    for turn in range(100 if ALL else 12):
        t.ask("spool", "open", "web1", f"{turn:032x}-1", t.root)
        s.ask("spool", "open", "web1", f"{turn:032x}-1", s.root)
        path = f"{s.root}/web1/{turn:032x}-1"
        cleaning = t.nonce()
        nonce = s.detach(f"echo >{s.home}/n{turn}", claim="n.1")
        time.sleep(delay)
        t.send(f"clean {cleaning}\n".encode())
        answer, r = t.reply(cleaning, b"clean"), s.outcome(nonce)
        delay *= 1.2 if answer == b"yes" and isinstance(r, str) else 0.83
        ran = os.path.exists(f"{s.home}/n{turn}")
        if answer == b"yes":
            same(os.path.exists(path + ".closed"), True)
            same(until(lambda: not os.path.exists(path)), True)
            if ran:
                same(isinstance(r, str) and r not in ("claim closed", "claim lost"), False)
            else:
                same(isinstance(r, str), True)
        else:
            same((answer, ran, os.path.exists(path)), (b"1", True, True))
            well(r)


def a_spool_deleted_under_its_supervisor_ends_it(s, _):
    s.open()
    nonce = s.detach("sleep 1; echo x; head -c 100000 /dev/zero")
    s.is_up()
    top, group = s.supervisor(), s.group()
    shutil.rmtree(s.path)
    same(s.outcome(nonce), "claim norun")
    same(until(lambda: not alive(top) and not alive(group)), True)
    same(until(lambda: subprocess.run(["pgrep", "-s", str(top)], capture_output=True).returncode == 1), True)
    nonce = s.detach(":", claim="s.2")
    same(s.outcome(nonce), "claim norun")


def old_runs_go_but_not_their_tombstones(s, shell):
    s.open()
    well(s.do(":"))
    nonce = s.detach("sleep 2", claim="s.2")
    s.is_up("s.2")
    t = shell.start()
    t.open(root=s.root)
    well(t.do(":"))
    long_ago = time.time() - 36 * 86400
    for path in (s.path, t.path):
        os.utime(path, (long_ago, long_ago))
    u = shell.start()
    u.open(root=s.root)
    same([os.path.exists(p) for p in (s.path, t.path, t.path + ".closed", u.path)], [True, False, True, True])
    same(u.ask("spool", "open", "web1", t.run_name, t.root).split()[1], "closed")
    well(s.outcome(nonce))


def files_of_two_sessions_never_mix(s, shell):
    s.open()
    s.put("in/t1", b"echo one; sleep 0.5; echo one\n")
    t = shell.start()
    t.open(run=s.run_name, root=s.root)
    t.put("in/t1", b"echo two\n")
    nonce = s.detach(script="in/t1")
    s.is_up()
    well(t.do(script="in/t1", claim="t.1"), 0, b"two\n")
    well(s.outcome(nonce), 0, b"one\none\n")
    s.put("in/t1", b"echo three\n")
    s.put("files/deep/er/x", b"3", mode="700")
    s.send(b"text - 1 lib/l\necho lib\n")
    well(s.do(script="in/t1", claim="s.2"), 0, b"three\n")
    well(s.do("cat files/deep/er/x; sh lib/l; ls -l files/deep/er/x | cut -c1-10", claim="s.3"), 0, b"3lib\n-rwx------\n")


def a_root_that_is_not_ours_alone_is_refused(s, _):
    s.put("in/spool.sh", SPOOL)
    s.put("in/supervisor.sh", SUPERVISOR)
    run = "0" * 32 + "-1"

    def made(name, **how):
        path = os.path.join(s.home, name)
        if "link" in how:
            os.symlink(how["link"], path)
        else:
            os.mkdir(path)
            os.chmod(path, how.get("mode", 0o700))
            if "owner" in how:
                os.chown(path, how["owner"], 0)
        return path

    os.mkdir(os.path.join(s.home, "real"), 0o700)
    other = [made("other", owner=12345)] if os.getuid() == 0 else []
    for path in (made("open", mode=0o755), made("group", mode=0o770), *other,
                 made("link", link=os.path.join(s.home, "real")), made("dangling", link="/nowhere/at/all")):
        refused(f"err nospool unsafe {path}", lambda: s.ask("spool", "open", "web1", run, path))
    path = os.path.join(s.home, "file")
    open(path, "w").close()
    refused(f"err nospool unsafe {path}", lambda: s.ask("spool", "open", "web1", run, path))
    refused("err nospool write", lambda: s.ask("spool", "open", "web1", run, path + "/x"))
    refused("err nospool none", lambda: s.state())
    same(s.do("echo no"), "err nospool none")
    same(s.open(staged=False)[1], "open")


class Mounted:
    """A small file system of its own."""

    def __init__(self, path, options):
        os.makedirs(path, exist_ok=True)
        self.path, self.done = path, subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "none", path], stderr=subprocess.DEVNULL).returncode == 0

    def __enter__(self):
        return self.done

    def __exit__(self, *_):
        if self.done:
            subprocess.run(["umount", "-l", self.path], check=True)


def sort_out(s, shell, mark, r, claim):
    """After a lack of room: it ran and says so, or it didn't, and that is proved or can be."""
    ran = os.path.exists(mark)
    if isinstance(r, str):
        same((r if r not in ("err write", "err nostart") else "", ran), ("", False))
        same(s.state(claim) in ("void", "absent", "claimed"), True)
        return "not started"
    same((r.rc, r.why, ran), (7, "exit", True))
    return "ran"


def a_full_disk_starts_nothing_or_loses_nothing(s, shell):
    disk = os.path.join(s.home, "disk")
    seen = set()
    with Mounted(disk, "size=400k,mode=700") as done:
        if not done:
            return
        s.open(root=os.path.join(disk, "spool"))
        well(s.do(":", claim="warm.1"))
        for free in range(0, 14):
            filler = os.path.join(disk, "filler")
            with open(filler, "wb") as file:
                try:
                    while True:
                        os.write(file.fileno(), b"x" * 4096)
                except OSError:
                    pass
            os.truncate(filler, os.path.getsize(filler) - free * 4096)
            mark = os.path.join(s.home, f"mark{free}")
            claim = f"f{free}.1"
            r = s.do(f"echo >{mark}; echo out; head -c 30000 /dev/zero >&2; exit 7", claim=claim, limit=20000)
            seen.add(sort_out(s, shell, mark, r, claim))
            if not isinstance(r, str):
                same((r.out in (b"out\n", b""), r.err == bytes(len(r.err)), r.held), (True, True, "0"))
                same(r.err_drop == "-" or int(r.err_drop) + len(r.err) == 30000, True)
                same(r.out == b"out\n" or r.out_drop == "-", True)
            os.unlink(filler)
            shutil.rmtree(s.claim_path(claim), ignore_errors=True)
    same(seen, {"not started", "ran"})


def a_disk_that_fills_while_a_step_runs_loses_no_outcome(s, shell):
    disk = os.path.join(s.home, "disk")
    with Mounted(disk, "size=400k,nr_inodes=40,mode=700") as done:
        if not done:
            return
        s.open(root=os.path.join(disk, "spool"))
        fill = (f"for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28; do true >{disk}/i$i; done "
                f"2>/dev/null; dd if=/dev/zero of={disk}/filler bs=4096 2>/dev/null; echo up >>{s.home}/up; ")
        r = s.do(fill + "head -c 100000 /dev/zero; exit 7")
        same((r.rc, r.why, r.out_drop, r.held), (7, "exit", "-", "0"))
        nonce = s.detach(fill + "exec sleep 60", claim="s.2") if os.system(f"rm -f {disk}/filler {disk}/i*") == 0 else None
        same(until(lambda: open(f"{s.home}/up").read().count("up") == 2), True)
        s.send(f"cancel {nonce}\n".encode())
        r = s.outcome(nonce)
        same((r.rc, r.why), (143, "cancel"))
        r = s.outcome(s.awaiting("s.1"))
        same((r.rc, r.why), (7, "exit"))


def without_inodes_nothing_starts_or_nothing_is_lost(s, shell):
    disk = os.path.join(s.home, "disk")
    seen = set()
    with Mounted(disk, "size=4m,nr_inodes=60,mode=700") as done:
        if not done:
            return
        s.open(root=os.path.join(disk, "spool"))
        well(s.do(":", claim="warm.1"))
        for free in range(0, 14):
            os.mkdir(f"{disk}/hog")
            count = 0
            try:
                while True:
                    open(f"{disk}/hog/{count}", "w").close()
                    count += 1
            except OSError:
                pass
            for number in range(min(free, count)):
                os.unlink(f"{disk}/hog/{number}")
            mark, claim = os.path.join(s.home, f"mark{free}"), f"i{free}.1"
            r = s.do(f"echo >{mark}; echo out; head -c 30000 /dev/zero >&2; exit 7", claim=claim, limit=20000)
            seen.add(sort_out(s, shell, mark, r, claim))
            if not isinstance(r, str):
                same((r.out, len(r.err), r.err_drop in ("10000", "-")), (b"out\n", 20000, True))
            shutil.rmtree(f"{disk}/hog")
            shutil.rmtree(s.claim_path(claim), ignore_errors=True)
    same(seen, {"not started", "ran"})


def a_full_disk_refuses_a_spool(s, shell):
    disk = os.path.join(s.home, "disk")
    with Mounted(disk, "size=64k,nr_inodes=3,mode=700") as done:
        if not done:
            return
        refused("err nospool write", lambda: s.open(root=os.path.join(disk, "spool")))


def nothing_is_executed_from_the_spool(s, shell):
    disk = os.path.join(s.home, "disk")
    with Mounted(disk, "size=4m,noexec,mode=700") as done:
        if not done:
            return
        s.open(root=os.path.join(disk, "spool"))
        s.put("scripts/x", b"echo ran $1\n", mode="700")
        well(s.do(script="scripts/x", args=(b"it",)), 0, b"ran it\n")


def call(shell, text):
    """What the library's functions print in the shell itself, without a session."""
    library = b"".join([session_contract.LIBRARY, SPOOL, b"hr_nl='\n'\nset -f\n"])
    done = subprocess.run([*shell.argv, "-s"], input=library + text.encode(), capture_output=True,
                          env={**os.environ, **({"PATH": shell.path} if shell.path else {})})
    return done.stdout.decode()


def file_systems_of_other_machines_are_told_apart(s, shell):
    table = os.path.join(s.home, "mounts")
    with open(table, "w") as file:
        file.write("sysfs /sys sysfs rw 0 0\n/dev/vda / ext4 rw 0 0\nsrv:/home /home nfs4 rw 0 0\n"
                   "/dev/vdb /home/local xfs rw 0 0\nx /srv/a\\040b fuse.sshfs rw 0 0\nover / overlay rw 0 0\n"
                   "sshfs /home/local/far fuse.sshfs rw 0 0\ns /data cifs rw 0 0\n")
    for path, kind in (("/", "overlay"), ("/var/lib/x", "overlay"), ("/home/me/.handrail", "nfs4"),
                       ("/home/local/me", "xfs"), ("/home/locale", "nfs4"), ("/homes", "overlay"),
                       ("/home/local/far/x", "fuse.sshfs"), ("/data", "cifs")):
        same((path, call(shell, f"hr_file_system {path} {table}; echo $hr_type\n").strip()), (path, kind))
    for kind, shared in (("nfs", 1), ("nfs4", 1), ("cifs", 1), ("smb3", 1), ("9p", 1), ("ceph", 1), ("fuse.ceph-fuse", 1),
                         ("fuse.sshfs", 1), ("fuse.glusterfs", 1), ("lustre", 1), ("afs", 1), ("virtiofs", 1), ("ext4", 0),
                         ("xfs", 0), ("btrfs", 0), ("tmpfs", 0), ("overlay", 0), ("zfs", 0), ("fuse.mergerfs", 0), ("f2fs", 0)):
        same((kind, call(shell, f"hr_is_shared {kind} && echo 1 || echo 0\n").strip()), (kind, str(shared)))


def what_logind_would_end_is_known_from_its_settings(s, shell):
    def kills(*texts):
        names = []
        for number, text in enumerate(texts):
            names.append(os.path.join(s.home, f"conf{number}"))
            with open(names[-1], "w") as file:
                file.write(text)
        return call(shell, f"hr_kills {' '.join(names)} /nowhere && echo yes || echo no\n").strip()
    same(kills("[Login]\n#KillUserProcesses=yes\n"), "no")
    same(kills("[Login]\nKillUserProcesses=yes\n"), "yes")
    same(kills("[Login]\nKillUserProcesses=yes\n", "KillUserProcesses=no\n"), "no")
    same(kills("[Login]\nKillUserProcesses=no\n", "KillUserProcesses=on\n"), "yes")
    same(kills("[Login]\n KillUserProcesses = true\nKillExcludeUsers=root\n"), "yes")
    same(kills(), "no")


def tools(s, *names, without=()):
    """A folder with these programs alone."""
    folder = tempfile.mkdtemp(dir=s.home)
    basic = "sh cat dd ln wc tail cp mv rm mkdir mkfifo ls find sleep setsid env tr id uname chmod ps head".split()
    for name in [n for n in basic if n not in without] + list(names):
        if not os.path.exists(os.path.join(folder, name)):
            os.symlink(shutil.which(name), os.path.join(folder, name))
    return folder


def without_setsid_python_or_perl_does_it(s, shell):
    if s.bare:
        return
    for name in ("python3", "perl"):
        here = os.path.realpath("/usr/bin/" + name)
        folder = tools(s, without=("setsid", "sh"))
        os.symlink(here, os.path.join(folder, name))
        os.symlink(shell.argv[0], os.path.join(folder, "sh"))
        t = shell.start(env={"PATH": folder})
        t.open()
        well(t.do("echo out; echo err >&2; exit 7", args=(b"a b", b"-x")), 7, b"out\n", b"err\n")
        r = t.do("sleep 50 & sleep 50", timeout=1, claim="s.2")
        same((r.rc, r.why), (143, "timeout"))
        same(os.getpgid(0) != 0, True)
        nonce = t.detach("exec sleep 60", claim="s.3")
        t.is_up("s.3")
        t.send(f"cancel {nonce}\n".encode())
        same(t.outcome(nonce).why, "cancel")


def what_a_target_lacks_is_named(s, shell):
    if s.bare:
        return
    for missing, wanted in (("setsid", "err nospool nogroup"), ("mkfifo", "err nospool notool mkfifo"),
                            ("find", "err nospool notool find")):
        folder = tools(s, without=(missing, "sh"))
        os.symlink(shell.argv[0], os.path.join(folder, "sh"))
        t = shell.start(env={"PATH": folder})
        refused(wanted, lambda: t.open())


def a_sleep_without_fractions_will_do(s, shell):
    if s.bare:
        return
    folder = tools(s, without=("sleep", "sh"))
    os.symlink(shell.argv[0], os.path.join(folder, "sh"))
    with open(os.path.join(folder, "sleep"), "w") as file:
        file.write("#!/bin/sh\ncase $1 in *.*) exit 1;; esac\nexec /bin/sleep $1\n")
    os.chmod(os.path.join(folder, "sleep"), 0o755)
    t = shell.start(env={"PATH": folder})
    t.open()
    well(t.do("echo out"), 0, b"out\n")
    r = t.do("exec sleep 60", claim="s.2", timeout=1)
    same((r.rc, r.why), (143, "timeout"))


def a_shell_that_makes_no_pipes_uses_fifos(s, shell):
    s.open()
    text = SUPERVISOR.replace(b"[ -p /proc/self/fd/5 ]", b"false")
    assert text != SUPERVISOR
    s.put("in/supervisor.sh", text)
    well(s.do("echo out; echo err >&2; exit 7"), 7, b"out\n", b"err\n")
    same(until(lambda: not os.path.exists(s.claim_path(name="out.p"))), True)
    r = s.do("head -c 300000 /dev/zero; sleep 30 & exit 1", claim="s.2", limit=1000)
    same((r.rc, len(r.out), r.held), (1, 1000, "1"))


def a_stream_that_cannot_be_opened_starts_nothing(s, _):
    s.open()
    document = b"exec 5<<END 6<<END\npipe\nEND\npipe\nEND\n"
    assert document in SUPERVISOR
    here = f"echo >>{s.home}/mark; exit 7"
    for number, (old, new) in enumerate((
            (document, b"exec 5</nowhere\n"), (b'exec 9>>"$hr_claim/record"\n', b"exec 9>>/nowhere/x\n"),
            (b"exec 7>/proc/self/fd/5", b"exec 7>/nowhere/x"),
            (b"exec 3>&- 4>&-\n", b"exec 3>&- 4>&- 8>/nowhere/x\n")), 1):
        text = SUPERVISOR.replace(old, new)
        if number == 4:
            text = text.replace(b"[ -p /proc/self/fd/5 ]", b"false")
        assert text != SUPERVISOR
        s.put("in/supervisor.sh", text)
        r = s.do(here, claim=f"s{number}.1", limit=10)
        ran = os.path.exists(f"{s.home}/mark")
        if isinstance(r, str):
            same((number, r in ("err nostart", "err write"), ran, s.state(f"s{number}.1")), (number, True, False, "void"))
        else:
            well(r, 7)
            os.unlink(f"{s.home}/mark")


def let_others_in(s, shell):
    for path in (s.home, shell.path or shell.front, shell.path or os.path.dirname(shell.front)):
        os.chmod(path, 0o755)


def another_user_has_a_spool_at_home(s, shell):
    if os.getuid() != 0:
        return
    home = os.path.join(s.home, "nobody")
    let_others_in(s, shell)
    os.mkdir(home, 0o755)
    os.chown(home, 65534, 65534)
    t = shell.start(env={"HOME": home, "USER": "nobody", "LOGNAME": "nobody"}, user=65534, group=65534, extra_groups=[])
    t.home = s.home
    t.put("in/spool.sh", SPOOL)
    t.put("in/supervisor.sh", SUPERVISOR)
    t.run_name, t.root = "a" * 32 + "-1", os.path.join(home, ".handrail/spool")
    t.path = os.path.join(t.root, "web1", t.run_name)
    same(t.ask("spool", "open", "web1", t.run_name, "-").split()[1], "open")
    same(os.stat(t.root).st_mode & 0o777, 0o700)
    well(t.do("echo out; exit 3"), 3, b"out\n")
    r = t.do("sleep 50 & sleep 50", claim="s.2", timeout=1)
    same((r.rc, r.why), (143, "timeout"))
    same(t.ask("clean"), "yes")
    refused(f"err nospool unsafe {s.home}", lambda: t.ask("spool", "open", "web1", t.run_name, s.home))


def without_processes_nothing_starts_or_nothing_is_lost(s, shell):
    if shell.kind == "bash" or os.getuid() != 0:
        return  # A bash waits up to half a minute for each that it can't fork.
    home = os.path.join(s.home, "nobody")
    let_others_in(s, shell)
    os.mkdir(home, 0o755)
    os.chown(home, 54321, 54321)
    seen, run = set(), secrets.token_hex(16) + "-1"
    # At least so many; more until one ran, since others of this user may still be about to end.
    for most in range(3, 60):
        if most >= 22 and "ran" in seen:
            break
        claim, mark = f"p{most}.1", os.path.join(home, f"mark{most}")

        def begin(limit):
            t = shell.start(env={"HOME": home, "USER": "x", "LOGNAME": "x"}, user=54321, group=54321, extra_groups=[],
                            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NPROC, (limit, limit)))
            t.home = s.home
            t.open(root=home + "/spool", run=run)
            return t

        try:
            t = begin(most)
            r = t.do(f"echo >{mark}; echo out; exit 7", claim=claim, timeout=3, limit=2, wait=8)
        except (Broken, OSError):
            r = "session lost"
        finally:
            for session in shell.live[1:]:
                session.scrap()
        u = begin(100)
        if not until(lambda: u.state(claim) not in ("running", "orphan")):
            os.system("ps -u 54321 -o pid,ppid,pgid,stat,wchan:20,args >&2"); same((most, r, u.state(claim)), 0)
        state, ran = u.state(claim), os.path.exists(mark)
        if r == "session lost" or isinstance(r, str):
            same((most, r in ("err write", "err nostart", "session lost"), ran and state not in ("done", "lost")), (most, True, False))
            seen.add(f"{r}: {state}")
        else:
            same((r.rc, r.why, ran, state), (7, "exit", True, "done"))
            seen.add("ran" if r.out_drop == "2" else "ran, and its output is not whole")
        u.scrap()
    if "-v" in sys.argv:
        print(f"     {shell.name}: {sorted(seen)}")
    same("ran" in seen, True)


def every_character_of_a_name_is_taken(s, shell):
    name = "web-1.example:22@x+y=z~"
    s.open(target=name)
    well(s.do("echo ok", claim="a~b@c:d=e+f-_G.12"), 0, b"ok\n")
    same(s.do(":", claim="a~b@c:d=e+f-_G.12"), "claim done")
    long = "s" * 117 + ".1"
    well(s.do(":", claim=long))
    same((s.state(long), s.state("s.1")), ("done", "absent"))


def what_was_staged_before_a_run_was_opened_is_there(s, _):
    s.open("look")
    s.put("scripts/x", b"echo x\n")
    same(s.do(script="scripts/x"), "err noscript scripts/x")
    same(s.ask("spool", "open", "web1", s.run_name, s.root).split()[1], "open")
    well(s.do(script="scripts/x"), 0, b"x\n")
    run = secrets.token_hex(16) + "-2"
    s.ask("spool", "open", "web1", run, s.root)
    well(s.do(script="scripts/x"), 0, b"x\n")


def a_damaged_id_is_refused(s, _):
    s.open()
    with open(f"{s.root}/id", "w"):
        pass
    refused(f"err nospool unsafe {s.root}/id", lambda: s.open(staged=False))
    os.unlink(f"{s.root}/id")
    same(s.open(staged=False)[1], "open")


def time_is_the_target_s_uptime(s, _):
    s.open()
    clock = os.path.join(s.home, "uptime")

    def at(text):
        with open(clock + ".new", "w") as file:
            file.write(text + " 1.00\n")
        os.rename(clock + ".new", clock)
    at("100.08")
    s.put("in/supervisor.sh", SUPERVISOR.replace(b"/proc/uptime", clock.encode()))
    nonce = s.detach("trap 'echo term' TERM; while :; do sleep 0.05; done", timeout=2000, grace=50)
    s.is_up()
    time.sleep(0.5)
    at("2100.05")
    time.sleep(0.6)
    same((s.read("out"), s.noted("end")), (b"", None))
    at("2101.08")
    same(until(lambda: s.read("out") == b"term\n"), True)
    time.sleep(0.4)
    same(s.noted("end"), None)
    at("2151.09")
    r = s.outcome(nonce)
    same((r.rc, r.why, r.out), (137, "timeout", b"term\n"))


def a_working_directory_that_a_step_removed_is_not_made_again(s, shell):
    s.open()
    s.put("scripts/x", b"echo x\n")
    same(s.do('rm -rf "$PWD"').rc, 0)
    same(s.do(script="scripts/x", claim="s.2"), "err nodir")
    t = shell.start()
    t.open(run=s.run_name, root=s.root)
    t.put("scripts/x", b"echo x\n")
    well(t.do(script="scripts/x", claim="s.2"), 0, b"x\n")


def a_run_can_be_asked_for_by_many_sessions_at_once(s, shell):
    others = [shell.start() for _ in range(6)]
    root = os.path.join(s.home, "spool")
    run = secrets.token_hex(16) + "-1"
    nonces = []
    for t in others:
        t.put("in/spool.sh", SPOOL)
        t.put("in/supervisor.sh", SUPERVISOR)
    for t in others:
        nonces.append(t.nonce())
        t.send(f"spool {nonces[-1]} open web1 {run} {root}\n".encode())
    same(len({t.reply(n, b"spool") for t, n in zip(others, nonces)}), 1)


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


# --- a spool's home for each test ----------------------------------------------------------------

def start(self, *args, **named):
    session = Shell.plain_start(self, *args, **named)
    if getattr(self, "home", None) is None:
        self.home = tempfile.mkdtemp(prefix="handrail-detached-")
    session.home = self.home
    return session


def end_supervised(folder):
    """Ends what claims below a folder say is theirs."""
    for place, _, names in os.walk(folder):
        if "record" not in names:
            continue
        with open(os.path.join(place, "record")) as file:
            lines = [line.split() for line in file]
        for words in lines:
            try:
                with open(f"/proc/{words[1]}/stat") as file:
                    begun = file.read().rsplit(")", 1)[1].split()[19]
                if words[2:4] == [begun, BOOT] and words[1] != str(os.getpid()):
                    os.killpg(int(words[1]), signal.SIGKILL)
            except (OSError, IndexError):
                pass


def tidy(self):
    Shell.plain_tidy(self)
    home, self.home = getattr(self, "home", None), None
    if home is not None:
        end_supervised(home)
        shutil.rmtree(home, ignore_errors=True)


Shell.plain_start, Shell.plain_tidy = Shell.start, Shell.tidy
Shell.start, Shell.tidy, Shell.opens = start, tidy, Detached


# What takes long and hardly depends on the shell: in a sample, under the first alone. bash's own
# mode and its POSIX mode differ little: there a sample has every second test of the rest.
SLOW = {values_too_many_for_the_system_start_nothing, what_is_no_request_ends_the_session,
        an_orphan_still_has_its_time, a_sleep_without_fractions_will_do}


def all_tests():
    found = functions_between(a_step_runs_detached_and_its_outcome_comes_back, end_of_tests)
    if ALL or "--only" in sys.argv or "dash" in sys.argv:
        return found
    found = [test for test in found if test not in SLOW]
    return found[::2] if "bash-posix" in sys.argv else found


def side_by_side():
    """Every shell in two processes of its own, since most of the time is waiting."""
    names = ("dash", "bash-posix", "bash", "busybox")
    parts = [subprocess.Popen([sys.executable, __file__, *sys.argv[1:], "--shell", name, "--part", f"{part}/2"],
                              stdout=subprocess.PIPE, text=True) for name in names for part in range(2)]
    good = bad = 0
    for process in parts:
        text = process.communicate()[0]
        found = re.search(r"(\d+) passed, (\d+) failed\n$", text)
        good, bad = (good + int(found[1]), bad + int(found[2])) if found else (good, bad + 1)
        print(text[:found.start()] if found else text + "!! it did not come to its end", end="")
    print(f"{good} passed, {bad} failed")
    return 1 if bad or good == 0 else 0


if __name__ == "__main__":
    if {"--shell", "--bench"} & set(sys.argv):
        sys.exit(session_contract.main(all_tests(), bench))
    sys.exit(side_by_side())
