"""An abort that a target did not hear: the step goes on there, and nobody may forget it."""

from .case import collector
from .rig import claim, equal, outcomes

CASES = []
case = collector(CASES)
FOLDER = "/run/rig-unheard"


def log(rig, target):
    return rig.fleet.shell(target, f"cat {FOLDER}/log 2>/dev/null || true").split()


def aborted_unheard(rig, where):
    """A run whose step goes on on mbx02, which did not hear of the abort; returns its id."""
    child = rig.begin(
        "run", "rig.outlives", "--limit", "mbx01,mbx02", "--set", f"folder={FOLDER}", "--yes",
        "--json", **where)
    for target in ("mbx01", "mbx02"):
        rig.eventually(f"the step runs on {target}", lambda: "begin" in log(rig, target), 90)
    (run,) = rig.runs(**where)
    rig.fleet.power("freeze", "mbx02")
    try:
        rig.handrail("abort", run, **where).exits(0)
        document = rig.end(child, 180).exits(9).document()
    finally:
        rig.fleet.power("thaw", "mbx02")
    equal(outcomes(document), {"mbx01": "aborted", "mbx02": "unknown"}, "how they ended")
    claim("back" not in log(rig, "mbx02"), "it was given back while the target could not be asked")
    return run


@case("what an abort did not reach is settled before anything is given back there", "fleet")
def given_back(rig):
    where = {"library": rig.little, "home": rig.home("unheard-pay")}
    rig.fleet.shell("mbx02", f"rm -rf {FOLDER}")
    rig.fleet.shell("mbx01", f"rm -rf {FOLDER}")
    run = aborted_unheard(rig, where)
    rig.handrail("pay", run, "--on", "mbx02", **where).exits(3).says("unknown")
    claim("back" not in log(rig, "mbx02"), "it was given back while the step was alive")
    rig.fleet.shell("mbx02", f": >{FOLDER}/stop")
    rig.eventually("the step ends", lambda: "end" in log(rig, "mbx02"), 60)
    rig.handrail(
        "settle", run, "--on", "mbx02", "--step", "long", "--as", "done", "--why", "its log says so",
        **where).exits(8)
    claim("back" in log(rig, "mbx02"), "it was not given back")
    claim("beside" not in log(rig, "mbx02"), "it was given back while the step was alive")


@case("what an abort did not reach is in the way of a retry that begins it again", "fleet")
def begun_again(rig):
    where = {"library": rig.little, "home": rig.home("unheard-retry")}
    rig.fleet.shell("mbx02", f"rm -rf {FOLDER}")
    rig.fleet.shell("mbx01", f"rm -rf {FOLDER}")
    run = aborted_unheard(rig, where)
    retry = rig.begin(
        "retry", run, "--failed", "--from", "long", "--yes", "--json", **where)
    rig.eventually(
        "the retry began it, or was refused",
        lambda: log(rig, "mbx02").count("begin") == 2 or retry.poll() is not None, 90)
    claim("two" not in log(rig, "mbx02"), "two of it were alive on mbx02")
    for target in ("mbx01", "mbx02"):
        rig.fleet.shell(target, f": >{FOLDER}/stop")
    if rig.end(retry, 120).code == 3:
        return
    claim("two" not in log(rig, "mbx02"), "two of it were alive on mbx02")
    equal(log(rig, "mbx02").count("begin"), 2, "how often it was begun on mbx02")
