"""Runbooks of the example library that don't help: nothing is broken, and somebody is told."""

import base64
import io
import shlex
import tarfile

from .case import collector
from .rig import claim, equal, outputs, steps

CASES = []
case = collector(CASES)
# Only with --all: the others are the sample.
MORE = []
more = collector(MORE)

SESSIONS = "/var/spool/webmail/sessions"


def unresolved(rig, runbook, target, *words, answers=None, also=(), whom="tier-3"):
    """Runs it; it ends well, says that it did not help, and what to do. Returns its document."""
    done = rig.run(runbook, "--on", target, *also, answers=answers).exits(14)
    document = done.document()
    equal(document["state"], "succeeded", "state")
    equal(document["resolution"], "unresolved", "resolution")
    equal(document["owed"], [], "what is owed")
    equal(document["escalate"], whom, "whom to tell")
    said = " ".join(each.get("reason", "") for each in document["targets"][0]["steps"])
    for word in words:
        claim(word in said, f"it doesn't say {word!r}: {said}")
    return document


def by_hand(rig, target, runbook, script, *arguments):
    """Runs a runbook's script on the target without Handrail; returns what it says."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.add(rig.examples.path + "/lib", "lib")
        folder = runbook.replace(".", "/")
        archive.add(f"{rig.examples.path}/runbooks/{folder}/scripts", "scripts")
    text = base64.b64encode(packed.getvalue()).decode()
    line = f"rm -rf /var/tmp/by-hand && mkdir /var/tmp/by-hand && cd /var/tmp/by-hand && echo {text} | "
    command = shlex.join(["sh", f"scripts/{script}", *arguments])
    return rig.fleet.shell(target, f"{line} base64 -d | tar xz && {command}")


@case("disk.inodes leaves links, fresh files and unknown names, and escalates", "edge02")
def inodes_of_no_stale_kind(rig):
    rig.fleet.plant("inode-exhaustion", "edge02")
    try:
        # What is left after this is of today, a link, of another name, open, or has a line break.
        rig.fleet.shell("edge02", f"""cd {SESSIONS} && rm -f sess_9f*0 &&
            touch -d '9 days ago' /var/tmp/precious keep-me &&
            touch -d '9 days ago' "$(printf 'sess_aaaaaaaaaaaaaaaaaa\\nx')" &&
            ln -s /var/tmp/precious sess_bbbbbbbbbbbbbbbbbb && touch -hd '9 days ago' sess_b* &&
            find . -name 'sess_9f*' -exec touch {{}} + &&
            touch -d '9 days ago' sess_cccccccccccccccccc sess_dddddddddddddddddd &&
            {{ setsid sleep 60 <sess_cccccccccccccccccc >/dev/null 2>&1 &
               echo $! >/run/holder; }}""")
        before = rig.fleet.shell("edge02", f"ls {SESSIONS} | wc -l")
        document = unresolved(rig, "disk.inodes", "edge02", "faster", also=("--set", "min_free=50"))
        claim("stale" not in steps(document, "edge02"), "the step that deletes came")
        equal(rig.fleet.shell("edge02", f"ls {SESSIONS} | wc -l"), before, "files")

        # With less to reach, the one stale file goes, and only that.
        rig.fleet.shell("edge02", f"cd {SESSIONS} && find . -name 'sess_9f*[1-4]' -exec touch -d "
                        "'9 days ago' {} +")
        rig.run("disk.inodes", "--on", "edge02", "--set", "min_free=40").exits(0)
        names = "keep-me sess_[a-c]* /var/tmp/precious"
        left = rig.fleet.shell("edge02", f"cd {SESSIONS} && ls -d {names}")
        for name in ("keep-me", "sess_a", "sess_b", "sess_c", "precious"):
            claim(name in left, f"{name} is gone: {left}")
        claim("sess_d" not in rig.fleet.shell("edge02", f"ls {SESSIONS}"), "a stale file is there")
    finally:
        rig.fleet.shell("edge02", "kill $(cat /run/holder) && sleep 0.2; true")
        rig.fleet.heal("inode-exhaustion", "edge02")


@case("tls.expiring refuses what a failing authority gives, and touches nothing", "hub02")
def authority_ends_too(rig):
    rig.fleet.plant("certificate-expires", "hub02")
    sums = "cd /etc/postfix/tls && sha256sum *"
    try:
        before = rig.fleet.shell("hub02", sums)
        rig.fleet.shell("hub02", "echo 2 >/etc/site-ca/days")
        document = unresolved(rig, "tls.expiring", "hub02", "can't be used", whom="pki")
        claim("install" not in steps(document, "hub02"), "the step that installs came")
        equal(rig.fleet.shell("hub02", sums), before, "the pair, and what is beside it")
        claim(rig.fleet.has("certificate-expires", "hub02"), "the certificate was changed")
        if rig.full:
            wrong_answers(rig, before, sums)
    finally:
        rig.fleet.heal("certificate-expires", "hub02")


def wrong_answers(rig, before, sums):
    """Each of these is refused before anything is touched."""
    program = "/usr/local/sbin/site-ca-sign"
    rig.fleet.shell("hub02", f"echo 90 >/etc/site-ca/days; cp -p {program} /var/tmp/right")
    for answer in (
            "echo no certificate today", "exit 3", "cat /etc/postfix/tls/cert.pem",
            # For the key that was sent, but by nobody who is trusted, or for another name.
            "openssl x509 -req -copy_extensions copy -signkey /etc/site-ca/root.key -days 90",
            "openssl x509 -req -CA /etc/site-ca/root.pem -CAkey /etc/site-ca/root.key -days 90"):
        rig.fleet.shell("hub02", f"printf '#!/bin/sh\\n%s\\n' '{answer}' >{program}")
        unresolved(rig, "tls.expiring", "hub02", "can't be used", whom="pki")
        equal(rig.fleet.shell("hub02", sums), before, f"the pair after: {answer}")
    rig.fleet.shell("hub02", f"cp -p /var/tmp/right {program} && chmod 777 {program}")
    unresolved(rig, "tls.expiring", "hub02", "can't be used", whom="pki")
    rig.fleet.shell("hub02", f"chmod 755 {program}")


@more("tls.expiring can be undone: the old pair is shown again, and the new one is kept", "hub02")
def renewal_undone(rig):
    rig.fleet.plant("certificate-expires", "hub02")
    files = ("/etc/postfix/tls/cert.pem", "/etc/postfix/tls/key.pem")
    sums = f"sha256sum {' '.join(files)}; stat -c '%n %U %a' {' '.join(files)}"
    try:
        before = rig.fleet.shell("hub02", sums)
        document = rig.run("tls.expiring", "--on", "hub02").exits(0).document()
        claim(not rig.fleet.has("certificate-expires", "hub02"), "it was not renewed")
        claim(rig.fleet.shell("hub02", sums) != before, "the pair is the old one")
        mark = outputs(document, "hub02", "look")["fingerprint"]
        for _ in (1, 2):  # the second time there is nothing left to do
            by_hand(rig, "hub02", "tls.expiring", "put-back", *files, mark)
        equal(rig.fleet.shell("hub02", sums), before, "the pair, its owner and mode")
        by_hand(rig, "hub02", "tls.expiring", "load", "postfix", "25", "smtp", files[0])
        rig.eventually("the old certificate is shown again",
                       lambda: rig.fleet.has("certificate-expires", "hub02"))
        left = rig.fleet.shell("hub02", "ls /etc/postfix/tls").split()
        equal(left, ["cert.pem", "cert.pem.new", "key.pem", "key.pem.new"], "what is left")
    finally:
        rig.fleet.heal("certificate-expires", "hub02")


@case("process.runaway ends one that comes back, and escalates", "edge01")
def comes_back(rig):
    rig.fleet.shell("edge01", """mkdir -p /etc/sv/circler && cd /etc/sv/circler &&
        printf '#!/bin/sh\\nwhile :; do :; done\\n' >circler &&
        printf '#!/bin/sh\\nexec ./circler\\n' >run &&
        chmod 755 run circler && ln -s /etc/sv/circler /etc/service/circler""")
    try:
        rig.eventually("the service runs", lambda: "run:" in rig.fleet.shell(
            "edge01", "sv status circler || true"))
        document = unresolved(
            rig, "process.runaway", "edge01", "starts it again", answers={"which": "end"})
        found = steps(document, "edge01")
        equal(found["term"], "changed", "term")
        equal(found["kill"], "skipped", "kill: TERM was enough")
    finally:
        rig.fleet.shell("edge01", """rm -f /etc/service/circler; sv -w 5 force-stop /etc/sv/circler
            sv exit /etc/sv/circler; true""")


@more("process.runaway leaves alone what is protected, or what nobody lets it end", "edge01")
def left_alone(rig):
    rig.fleet.plant("runaway-process", "edge01")
    try:
        document = unresolved(
            rig, "process.runaway", "edge01", "never touched",
            also=("--set", "protected=report-builder"))
        claim("slow" not in steps(document, "edge01"), "a protected one was slowed down")
        document = unresolved(
            rig, "process.runaway", "edge01", "specialist", answers={"which": "leave"})
        slow = rig.fleet.shell("edge01", "ps -o ni= -C report-builder").strip()
        equal(slow, "15", "its nice value")
        found = outputs(document, "edge01", "find")
        again = (found["pid"], found["started"], found["nice"])
        said = by_hand(rig, "edge01", "process.runaway", "put-nice-back", *again)
        slow = rig.fleet.shell("edge01", "ps -o ni= -C report-builder").strip()
        equal(slow, found["nice"], f"its nice value after {said!r}")

        # Its number with another start is another process: nothing is done to it.
        other = (found["pid"], found["started"] + "0")
        said = by_hand(rig, "edge01", "process.runaway", "end", "KILL", *other, "", "1")
        claim("by itself" in said, f"of another process it says {said!r}")
        claim(rig.fleet.has("runaway-process", "edge01"), "it was ended")
    finally:
        rig.fleet.heal("runaway-process", "edge01")


def module_state(rig):
    return rig.fleet.shell("mbx02", "lsmod; ls /etc/modprobe.d")


@case("kernel.noisy-module leaves a driver in use, the kernel's own, and the quiet", "mbx02")
def drivers_to_leave(rig):
    rig.fleet.plant("noisy-module", "mbx02")
    run = ("kernel.noisy-module", "mbx02")
    try:
        before = module_state(rig)
        unresolved(rig, *run, "next to nothing", also=("--set", "module=mpt3sas"))
        rig.fleet.shell("mbx02", "sed -i 's/storctl_old/mpt3sas/' /usr/local/sbin/dmesg")
        for needed, words in (("mpt3sas", "disks"), ("nvme", "comes with the kernel")):
            also = ("--set", "module=mpt3sas", "--set", f"needed={needed}")
            unresolved(rig, *run, words, also=also)
        rig.fleet.shell("mbx02", "sed -i 's/mpt3sas/storctl_old/' /usr/local/sbin/dmesg")
        unresolved(rig, *run, "was left as it is", answers={"sure": "leave"})
        equal(module_state(rig), before, "the modules, and what is kept out")

        rig.fleet.shell("mbx02", "sed -i 's/^\\(storctl_old [0-9]* \\)0/\\12/' "
                        "/var/lib/noisy-module/modules")
        document = unresolved(rig, *run, "from the next restart on", answers={"sure": "out"})
        equal(steps(document, "mbx02")["keep-out"], "changed", "keep-out")
        after = module_state(rig)
        claim("storctl_old" in after.split("handrail-")[0], "a module in use was unloaded")
        claim("handrail-storctl_old.conf" in after, "it isn't kept out from the next restart on")
    finally:
        rig.fleet.heal("noisy-module", "mbx02")


@more("kernel.noisy-module can be undone: the driver is loaded though it is kept out", "mbx02")
def driver_back(rig):
    rig.fleet.plant("noisy-module", "mbx02")
    try:
        rig.run("kernel.noisy-module", "--on", "mbx02", answers={"sure": "out"}).exits(0)
        claim("storctl_old" not in rig.fleet.shell("mbx02", "lsmod"), "it is loaded")
        by_hand(rig, "mbx02", "kernel.noisy-module", "load", "storctl_old")
        claim("storctl_old" in rig.fleet.shell("mbx02", "lsmod"), "it isn't loaded again")
    finally:
        rig.fleet.heal("noisy-module", "mbx02")


@case("kernel.noisy-module says that it can't look where it can't, and changes nothing", "mbx02")
def no_modules_here(rig):
    # A target really has neither: its programs are the machine's, its kernel log is closed to it.
    rig.handrail("plan", "kernel.noisy-module", "--on", "mbx02").says("can't look", "kernel's log")
    # Nobody is here to say that it is the right server.
    rig.run("kernel.noisy-module", "--on", "mbx02").exits(4).says("can't be looked for", "kernel's log")
    document = rig.run(
        "kernel.noisy-module", "--on", "mbx02", "--despite-absent-symptom").exits(5).document()
    equal(steps(document, "mbx02"), {"look": "failed"}, "steps")
    claim("kmod" in document["failures"][0]["reason"], f"the reason is {document['failures']}")
    equal(document["escalate"], "tier-3", "whom to tell")
