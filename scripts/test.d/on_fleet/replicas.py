"""A trail that is pushed to a remote while its runs are led."""

import os

from .case import collector
from .rig import call, claim, equal
from .steering import lines, lining, status

CASES = []
case = collector(CASES)


def with_remote(rig, name, settings=""):
    """A home whose trail has a remote: the remote's folder."""
    remote, home = rig.path("remote-" + name + ".git"), rig.home(name)
    call(["git", "init", "-q", "--bare", remote])
    os.makedirs(home, mode=0o700)
    with open(os.path.join(home, "trail.yaml"), "w") as file:
        file.write(f"remote: {remote}\n{settings}")
    return remote


def branch(remote):
    """The remote's only branch and its commit; nothing before the first push."""
    return call(["git", "--git-dir", remote, "for-each-ref", "--format=%(refname) %(objectname)"]
                ).split()


def diverge(rig, remote):
    """Has somebody else commit to the remote once it was pushed to; gives that commit."""
    rig.eventually("the first push", lambda: branch(remote), 30)
    name, good = branch(remote)
    foreign = call(
        ["git", "--git-dir", remote, "-c", "user.name=Eve", "-c", "user.email=eve@example.invalid",
         "commit-tree", "-m", "x", "-p", good, good + "^{tree}"]).strip()
    # A push may come in between: only the branch's newest commit is replaced.
    call(["git", "--git-dir", remote, "update-ref", name, foreign])
    return foreign


@case("a remote that diverges pauses the run under way, and closes the gates until it agrees",
      "mbx02")
def diverged(rig):
    remote = with_remote(rig, "diverged")
    leader, run, path, where = lining(rig, "diverged", "3")
    foreign = diverge(rig, remote)
    ended = rig.end(leader, limit=60).exits(12)
    equal(ended.document()["state"], "paused", "the run's state")
    claim(foreign[:12] in ended.err, f"the foreign commit isn't named: {ended.err[-800:]}")
    done = lines(rig, path)
    claim(0 < len(done) < 8, f"lines on the target: {done}")
    rig.handrail("resume", run, "--json", **where).exits(4)
    equal(lines(rig, path), done, "lines after a resume that was refused")
    equal(status(rig, run, where)["state"], "paused", "the run's state afterwards")
    rig.handrail("audit", "show", run, **where).exits(0).says("engine", "pause")
    # A person has looked, and removed what somebody wrote.
    call(["git", "--git-dir", remote, "update-ref", branch(remote)[0], foreign + "^"])
    rig.handrail("audit", "push", **where).exits(0)
    rig.handrail("resume", run, "--json", **where).exits(0)
    equal(len(lines(rig, path)), 8, "lines in the end")
    rig.handrail("audit", "verify", "--remote", remote, **where).exits(0).says("agrees")


@case("a required remote has what a run does before it does it, and a run is aborted without it",
      "mbx02")
def required(rig):
    remote = with_remote(rig, "required", "require_remote: true\n")
    leader, run, path, where = lining(rig, "required", "1")
    claim(branch(remote), "a step has run, and the remote has nothing")
    away = remote + ".away"
    os.rename(remote, away)
    rig.handrail("abort", run, "--json", **where)
    ended = rig.end(leader, limit=60)
    equal(ended.document()["state"], "aborted", "the run's state")
    done = lines(rig, path)
    again = rig.handrail(
        "run", "rig.lines", "--on", "mbx02", "--set", f"file={path}", "--set", "pause=0",
        "--yes", "--json", **where).exits(4)
    claim("require" in again.out + again.err, f"why it was refused: {again.tail()}")
    equal(lines(rig, path), done, "lines after a run that was refused")
    os.rename(away, remote)
    rig.handrail("audit", "push", **where).exits(0)
    rig.handrail("audit", "verify", "--remote", remote, **where).exits(0).says("agrees")
