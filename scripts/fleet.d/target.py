"""One target: its disk, and booting it in namespaces of its own."""

import os
import shutil
import socket
import uuid

import kernel

ROOT_SIZE = "512m"
LOG_SIZE = "64m"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as stream:
        stream.write(text)
    os.chmod(path, mode)


class Disk:
    """The writable layers of a target; they outlive a reboot, not the fleet."""

    def __init__(self, area, base, target, keys):
        self.path = os.path.join(area, target.name)
        self.target = target
        os.makedirs(self.path)
        kernel.mount("fleet", self.path, "tmpfs", kernel.MS_NODEV, f"size={ROOT_SIZE},mode=755")
        for part in ("upper", "work", "log", "root"):
            os.mkdir(self.file(part))
        kernel.mount("log", self.file("log"), "tmpfs", kernel.MS_NODEV, f"size={LOG_SIZE},mode=755")
        os.mkdir(self.file("log", "imapd-sim"))
        self._fill(base, keys)

    def file(self, *parts):
        return os.path.join(self.path, *parts)

    def _fill(self, base, keys):
        target = self.target
        etc = self.file("upper", "etc")
        write(f"{etc}/hostname", target.name + "\n")
        write(f"{etc}/machine-id", uuid.uuid4().hex + "\n", 0o444)
        write(
            f"{etc}/target.conf",
            f"NAME={target.name}\nADDRESS={target.address}\nROLE={target.role}\n",
        )
        write(
            f"{etc}/ssh/sshd_config.d/listen.conf",
            f"ListenAddress {target.address}\nPort {target.port}\n",
        )
        shutil.copy(os.path.join(keys, target.name), f"{etc}/ssh/ssh_host_ed25519_key")
        shutil.copy(
            os.path.join(keys, target.name + ".pub"), f"{etc}/ssh/ssh_host_ed25519_key.pub"
        )
        write(
            f"{etc}/postfix/main.cf",
            MAIN_CF.format(name=target.name, address=target.address),
        )
        with open(os.path.join(base, "etc/postfix/master.cf")) as stream:
            services = stream.read().replace("\nsmtp      inet", f"\n{target.address}:smtp inet")
        write(f"{etc}/postfix/master.cf", services)
        if target.has_postfix:
            os.makedirs(f"{etc}/service")
            for service in ("postfix", "mail-sink"):
                os.symlink(f"/etc/sv/{service}", f"{etc}/service/{service}")


MAIN_CF = """\
# Postfix of {name}. Mail is relayed to the sink on this same target.
compatibility_level = 3.6
myhostname = {name}.example
mydestination = $myhostname, localhost
# An address of 127.0.0.0/8 is no interface to Postfix; master.cf names it instead.
inet_interfaces = loopback-only
inet_protocols = ipv4
smtp_bind_address = {address}
mynetworks = 127.0.0.0/8
relayhost = [{address}]:2626
maillog_file = /var/log/mail.log
alias_maps =
alias_database =
biff = no
disable_dns_lookups = yes
smtp_tls_security_level = none
"""


def boot(base, disk, outside_proc):
    """Starts the target's init and returns (pid here, pid outside)."""
    with open(disk.file("boot_id"), "w") as stream:
        stream.write(f"{uuid.uuid4()}\n")
    reading, writing = os.pipe()
    own_pids = os.open("/proc/self/ns/pid", os.O_RDONLY)
    kernel.unshare(kernel.CLONE_NEWPID)
    own_time = _new_clock()
    try:
        pid = os.fork()
        if pid == 0:
            _child(base, disk, outside_proc, writing)
    finally:
        kernel.setns(own_pids, kernel.CLONE_NEWPID)
        os.close(own_pids)
        if own_time is not None:
            kernel.setns(own_time, kernel.CLONE_NEWTIME)
            os.close(own_time)
    os.close(writing)
    with os.fdopen(reading) as stream:
        outside, _, problem = stream.read().partition("\n")
    if problem or not outside:
        os.waitpid(pid, 0)
        raise OSError(f"{disk.target.name} did not boot: {problem or 'it said nothing'}")
    return pid, int(outside)


def _new_clock():
    """Lets the next child's uptime begin at zero, where the kernel can do that."""
    if not os.path.exists("/proc/self/timens_offsets"):
        return None
    own = os.open("/proc/self/ns/time", os.O_RDONLY)
    with open("/proc/uptime") as stream:
        seconds = int(float(stream.read().split()[0]))
    kernel.unshare(kernel.CLONE_NEWTIME)
    with open("/proc/self/timens_offsets", "w") as stream:
        stream.write(f"boottime -{seconds} 0\n")
    return own


def _child(base, disk, outside_proc, report):
    try:
        os.setsid()
        os.write(report, os.readlink("self", dir_fd=outside_proc).encode() + b"\n")
        kernel.unshare(kernel.CLONE_NEWNS | kernel.CLONE_NEWUTS | kernel.CLONE_NEWIPC)
        socket.sethostname(disk.target.name)
        root = disk.file("root")
        _mount_root(base, disk, root)
        kernel.enter_root(root)
        console = os.open("/run/console.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        nothing = os.open("/dev/null", os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(console, 1)
        os.dup2(console, 2)
        os.closerange(3, report)
        os.closerange(report + 1, 4096)
        kernel.drop_machine_capabilities()
        os.umask(0o022)
        os.execve("/sbin/runit", ["runit"], {"PATH": PATH, "HOME": "/root"})
    except BaseException as problem:  # the parent must learn of anything at all
        os.write(report, f"{type(problem).__name__}: {problem}".encode())
    finally:
        os._exit(1)


def _mount_root(base, disk, root):
    # Relative paths, because a comma or a colon in the fleet's own would end an option.
    os.chdir(disk.path)
    layers = f"lowerdir={os.path.relpath(base, disk.path)}:/,upperdir=upper,workdir=work"
    kernel.mount("overlay", root, "overlay", 0, layers)
    kernel.mount("proc", f"{root}/proc", "proc", kernel.QUIET)
    for part in ("sys", "irq", "bus"):
        if os.path.isdir(f"{root}/proc/{part}"):
            kernel.bind(f"{root}/proc/{part}", f"{root}/proc/{part}", read_only=True)
    if os.path.exists(f"{root}/proc/sysrq-trigger"):
        kernel.bind("/dev/null", f"{root}/proc/sysrq-trigger")
    kernel.bind(disk.file("boot_id"), f"{root}/proc/sys/kernel/random/boot_id")
    kernel.mount("sysfs", f"{root}/sys", "sysfs", kernel.QUIET | kernel.MS_RDONLY)
    _mount_dev(f"{root}/dev")
    own = kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount("run", f"{root}/run", "tmpfs", own, "size=32m,mode=755")
    for where in ("sshd", "lock", "sudo"):
        os.mkdir(f"{root}/run/{where}")
    for flag in ("stopit", "reboot"):
        os.close(os.open(f"{root}/run/runit.{flag}", os.O_CREAT | os.O_WRONLY, 0))
    kernel.mount("tmp", f"{root}/tmp", "tmpfs", own, "size=64m,mode=1777")
    kernel.bind(disk.file("log"), f"{root}/var/log")


def _mount_dev(dev):
    kernel.mount("dev", dev, "tmpfs", kernel.MS_NOSUID, "size=1m,mode=755")
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        os.close(os.open(f"{dev}/{name}", os.O_CREAT | os.O_WRONLY, 0o666))
        kernel.bind(f"/dev/{name}", f"{dev}/{name}")
    for name in ("pts", "shm"):
        os.mkdir(f"{dev}/{name}")
    # 5 is the group tty on Debian (base-passwd).
    terminals = "newinstance,ptmxmode=0666,mode=620,gid=5"
    kernel.mount("devpts", f"{dev}/pts", "devpts", kernel.MS_NOSUID | kernel.MS_NOEXEC, terminals)
    own = kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount("shm", f"{dev}/shm", "tmpfs", own, "size=64m,mode=1777")
    links = {"ptmx": "pts/ptmx", "fd": "/proc/self/fd"}
    links |= {"stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}
    for name, where in links.items():
        os.symlink(where, f"{dev}/{name}")
