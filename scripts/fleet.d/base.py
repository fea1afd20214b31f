"""The layer under every target: what is hidden of the machine, what is added."""

import hashlib
import os
import shutil
import stat
import subprocess

HERE = os.path.dirname(os.path.realpath(__file__))

# Seen from the machine's own root; everything else at the top level is hidden.
SHOWN = {"bin", "sbin", "lib", "lib32", "lib64", "libx32", "usr", "etc", "var"}
EMPTY = ["boot", "dev", "home", "media", "mnt", "opt", "proc", "root", "run", "srv", "sys", "tmp"]

# Made on installation by maintainer scripts, so no package's file list has them.
GENERATED = {
    "/etc": {
        "aliases", "alternatives", "ca-certificates.conf", "debian_version", "default",
        "environment", "ld.so.cache", "localtime", "inputrc", "mailname", "mtab", "nsswitch.conf",
        "os-release", "pam.d", "profile", "python3", "rc0.d", "rc1.d", "rc2.d", "rc3.d", "rc4.d",
        "rc5.d", "rc6.d", "rcS.d", "shells", "ssl", "timezone",
    },
    "/var/lib": {"apt", "dpkg", "misc", "pam", "shells.state", "systemd", "ucf"},
    "/var/spool": {"mail", "postfix"},
    "/var/cache": {"debconf", "ldconfig"},
    "/var": {"mail", "lock", "run"},
}  # fmt: skip

# Present on Debian, but with contents that are the machine's own.
OWN_CONTENTS = [
    "etc/apt", "etc/cron.d", "etc/postfix", "etc/profile.d", "etc/runit", "etc/service",
    "etc/ssh", "etc/ssl/private", "etc/sudoers.d", "etc/sv", "usr/local",
    "var/backups", "var/cache/apt", "var/lib/apt/lists", "var/lib/postfix", "var/lib/sudo",
    "var/local", "var/log", "var/mail", "var/spool/mail", "var/spool/postfix", "var/tmp",
]  # fmt: skip

FIRST_UID = 1000
NOBODY_UID = 65534


def build(base, targets, public_key):
    """Fills the empty directory `base`, a lower layer over the machine's root."""
    os.makedirs(base, exist_ok=True)
    _hide(base)
    _copy_tree(os.path.join(HERE, "root"), base)
    _accounts(base, public_key)
    _hosts(base, targets)
    _services(base)
    _postfix(base)
    _package_repository(base)
    _package_triggers(base)
    for where, mode in (("var/tmp", 0o1777), ("tmp", 0o1777), ("root", 0o700)):
        os.chmod(os.path.join(base, where), mode)


def _whiteout(path):
    os.mknod(path, stat.S_IFCHR, os.makedev(0, 0))


def _opaque(base, where):
    path = os.path.join(base, where)
    above = os.path.dirname(path)
    _like_machine(base, above)
    if os.path.islink(os.path.join("/", where)):
        _whiteout(path) if where != "etc/service" else os.mkdir(path)
        return
    os.makedirs(path, exist_ok=True)
    os.setxattr(path, "trusted.overlay.opaque", b"y")


def _like_machine(base, path):
    """Makes directories of the layer with the owner and mode they cover."""
    if path == base or os.path.isdir(path):
        return
    _like_machine(base, os.path.dirname(path))
    os.mkdir(path)
    covered = os.path.join("/", os.path.relpath(path, base))
    if os.path.isdir(covered):
        found = os.stat(covered)
        os.chown(path, found.st_uid, found.st_gid)
        os.chmod(path, stat.S_IMODE(found.st_mode))


def _hide(base):
    for name in os.listdir("/"):
        if name not in SHOWN and name not in EMPTY:
            _whiteout(os.path.join(base, name))
    for name in EMPTY:
        os.mkdir(os.path.join(base, name))
        os.setxattr(os.path.join(base, name), "trusted.overlay.opaque", b"y")
    for where in OWN_CONTENTS:
        _opaque(base, where)
    for name in ("bin", "lib", "share"):
        os.mkdir(os.path.join(base, "usr/local", name))
    owned = _packaged_paths()
    for folder, generated in GENERATED.items():
        _like_machine(base, base + folder)
        for name in os.listdir(folder):
            path = f"{base}{folder}/{name}"
            known = name in generated or f"{folder}/{name}" in owned
            if not known and not os.path.lexists(path):
                _whiteout(path)


def _packaged_paths():
    """Every path two or three levels deep that a Debian package owns."""
    folder = "/var/lib/dpkg/info"
    paths = set()
    for name in os.listdir(folder):
        if name.endswith((".list", ".conffiles")):
            with open(os.path.join(folder, name)) as stream:
                for line in stream:
                    if line.startswith(("/etc/", "/var/")):
                        paths.add(line.rstrip("\n"))
    return paths


def _copy_tree(source, base):
    for folder, _, files in os.walk(source):
        inside = os.path.relpath(folder, source)
        there = os.path.normpath(os.path.join(base, inside))
        _like_machine(base, there)
        for name in files:
            if os.path.lexists(os.path.join(there, name)):
                os.unlink(os.path.join(there, name))
            shutil.copy(os.path.join(folder, name), os.path.join(there, name))
            executable = os.access(os.path.join(folder, name), os.X_OK)
            os.chmod(os.path.join(there, name), 0o755 if executable else 0o644)


def _write(base, where, text, mode=0o644):
    path = os.path.join(base, where)
    _like_machine(base, os.path.dirname(path))
    if os.path.lexists(path):
        os.unlink(path)  # a mark that hides the machine's own file
    with open(path, "w") as stream:
        stream.write(text)
    os.chmod(path, mode)


def _system_entries(path, field):
    """The lines of an account file whose number belongs to the system."""
    with open(path) as stream:
        for line in stream:
            number = int(line.split(":")[field])
            if number < FIRST_UID or number >= NOBODY_UID:
                yield line


def _accounts(base, public_key):
    users = list(_system_entries("/etc/passwd", 2))
    groups = list(_system_entries("/etc/group", 2))
    names = [line.split(":")[0] for line in users]
    users = [
        "root:x:0:0:root:/root:/bin/bash\n" if line.startswith("root:") else line for line in users
    ]
    operator = "operator:x:2000:2000:Operator:/home/operator:/bin/bash\n"
    _write(base, "etc/passwd", "".join(users) + operator)
    _write(base, "etc/group", "".join(groups) + "operators:x:2000:operator\n")
    shadow = "".join(f"{name}:*:19000:0:99999:7:::\n" for name in [*names, "operator"])
    _write(base, "etc/shadow", shadow, 0o640)
    _write(base, "etc/gshadow", "", 0o640)
    _write(base, "etc/sudoers.d/operator", "operator ALL=(ALL:ALL) NOPASSWD: ALL\n", 0o440)
    for home, owner in (("root", 0), ("home/operator", 2000)):
        _write(base, f"{home}/.ssh/authorized_keys", public_key, 0o600)
        os.chmod(os.path.join(base, home, ".ssh"), 0o700)
        for path in (home, f"{home}/.ssh", f"{home}/.ssh/authorized_keys"):
            os.chown(os.path.join(base, path), owner, owner)


def _hosts(base, targets):
    lines = ["127.0.0.1 localhost"]
    lines += [f"{t.address} {t.name}.example {t.name}" for t in targets]
    _write(base, "etc/hosts", "\n".join(lines) + "\n")
    _write(base, "etc/resolv.conf", "# The fleet has no name server: see /etc/hosts.\n")
    _write(base, "etc/environment", "")
    _write(base, "etc/fstab", "# Mounted by the fleet.\n")
    _write(base, "etc/mailname", "fleet.example\n")


def _services(base):
    services = os.path.join(base, "etc/sv")
    for name in os.listdir(services):
        # runsv makes the directory a dangling link points at (runsv.c).
        os.symlink(f"/run/sv.{name}", os.path.join(services, name, "supervise"))
    for name in ("ssh", "imapd-sim"):
        os.symlink(f"/etc/sv/{name}", os.path.join(base, "etc/service", name))


def _postfix(base):
    for name in ("postfix-files", "post-install", "postfix-script", "dynamicmaps.cf"):
        if os.path.exists(f"/etc/postfix/{name}"):
            shutil.copy2(f"/etc/postfix/{name}", os.path.join(base, "etc/postfix", name))
    for folder in ("dynamicmaps.cf.d", "postfix-files.d"):
        _like_machine(base, os.path.join(base, "etc/postfix", folder))
    for folder in ("var/spool/postfix", "var/lib/postfix"):
        source = os.path.join("/", folder)
        if os.path.isdir(source):
            _empty_copy(source, os.path.join(base, folder))
    _like_machine(base, os.path.join(base, "var/spool/mail-sink"))
    os.chown(os.path.join(base, "var/spool/mail-sink"), NOBODY_UID, NOBODY_UID)
    mail = os.path.join(base, "var/mail")
    if os.path.isdir(mail):
        shutil.copystat("/var/mail", mail)
        os.chown(mail, os.stat("/var/mail").st_uid, os.stat("/var/mail").st_gid)


def _empty_copy(source, there):
    """Copies the directories, owners and modes, but no file."""
    os.makedirs(there, exist_ok=True)
    found = os.stat(source)
    os.chown(there, found.st_uid, found.st_gid)
    os.chmod(there, stat.S_IMODE(found.st_mode))
    with os.scandir(source) as entries:
        for entry in entries:
            # The last four are a chroot's copies of the machine's files.
            if entry.is_dir(follow_symlinks=False) and entry.name not in (
                "dev", "etc", "lib", "usr",
            ):  # fmt: skip
                _empty_copy(entry.path, os.path.join(there, entry.name))


def _package_repository(base):
    """A repository of two versions of one package, so upgrades need no network."""
    folder = os.path.join(base, "srv/apt")
    os.makedirs(folder)
    index = ""
    for version in ("1.0", "1.1"):
        control = (
            f"Package: storctl\nVersion: {version}\nArchitecture: all\n"
            "Maintainer: Fleet <root@fleet.example>\nSection: admin\nPriority: optional\n"
            "Description: pretends to control a mail store\n"
        )
        tree = os.path.join(base, "tmp", f"storctl-{version}")
        os.mkdir(tree)
        _write(tree, "DEBIAN/control", control)
        _write(tree, "usr/bin/storctl", f'#!/bin/sh\necho "storctl {version}"\n', 0o755)
        name = f"storctl_{version}_all.deb"
        path = os.path.join(folder, name)
        subprocess.run(
            ["dpkg-deb", "--build", "-Znone", "--root-owner-group", tree, path],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        shutil.rmtree(tree)
        with open(path, "rb") as stream:
            content = stream.read()
        index += (
            f"{control}Filename: ./{name}\nSize: {len(content)}\n"
            f"SHA256: {hashlib.sha256(content).hexdigest()}\n\n"
        )
    digest = hashlib.sha256(index.encode()).hexdigest()
    release = (
        "Origin: fleet\nSuite: fleet\nDate: Thu, 01 Jan 2026 00:00:00 UTC\n"
        f"SHA256:\n {digest} {len(index)} Packages\n"
    )
    # The second is what `apt-get update` leaves for this one source.
    for start in ("srv/apt/", "var/lib/apt/lists/_srv_apt_._"):
        _write(base, start + "Packages", index)
        _write(base, start + "Release", release)
    for where in ("var/lib/apt/lists/partial", "var/cache/apt/archives/partial"):
        _like_machine(base, os.path.join(base, where))
    for where in ("apt.conf.d", "preferences.d", "sources.list.d", "trusted.gpg.d"):
        _like_machine(base, os.path.join(base, "etc/apt", where))


def _package_triggers(base):
    """Leaves runit's trigger out: it would rewrite /etc/sv, which is the fleet's."""
    path = "/var/lib/dpkg/triggers/File"
    if os.path.exists(path):
        with open(path) as stream:
            kept = [line for line in stream if not line.split()[-1].startswith("runit")]
        _write(base, path.lstrip("/"), "".join(kept))
