"""Connections break, and targets stand still, while a run goes on."""

import os
import signal
import time

from on_fleet.rig import claim

from . import records
from .bench import PATIENCE, ends_within, in_lanes, steps, table
from .budget import collector

CASES = []
case = collector(CASES)
PLAN = steps(25)
# ssh gives up a connection that doesn't answer after ServerAliveInterval × ServerAliveCountMax.
GIVES_UP = 15
# So long a target that answers nothing is surely tried again.
TRIED = 25


def clients(controller):
    return [process for process, (parent, name) in table().items()
            if parent == controller and name == "ssh"]


def sessions(listeners):
    """What sshd has started for each connection."""
    ours = set(listeners.values())
    return [process for process, (parent, name) in table().items()
            if parent in ours and name.startswith("sshd")]


def strike(process):
    """Kills a process; whether it was still there."""
    try:
        os.kill(process, signal.SIGKILL)
        return True
    except ProcessLookupError:
        return False


@case("client-kills", "kill -9 of an ssh client or of sshd's session",
      "runs of 20 targets × 25 steps under one controller: nothing runs twice, nor beside a living "
      "copy, and what ended well has its whole output", (15, 25), (1000, 3600))
def client_kills(bench, budget):
    lanes = bench.lanes(2, 20)

    def work(lane, turn, trial):
        listeners = lane.listeners()
        child = trial.begin_run()
        strikes = turn.chance.randint(8, 25)
        while strikes and not ends_within(child, turn.chance.uniform(0.02, 0.35)):
            is_client = turn.chance.random() < 0.5
            found = clients(child.pid) if is_client else sessions(listeners)
            if trial.run() and found and strike(turn.chance.choice(found)):
                strikes -= 1
                budget.did()
                budget.add("ssh clients" if is_client else "sshd sessions")
        done = trial.end(child)
        # 6: a connection was cut again while it was made, and nothing was begun.
        done.exits(0, 6, *([] if bench.expected else [5, 9]))
        budget.add("targets not reached again", sum(
            outcome == "unreachable" for outcome in records.ended(trial.events()).values()))
        budget.add("outcomes that nobody knows", trial.check(PLAN))
        budget.add("outputs compared", trial.whole_outputs())
        budget.add("runs")
        trial.verify()

    in_lanes(bench, budget, lanes, work)


def signal_all(processes, number):
    for process in processes:
        try:
            os.kill(process, number)
        except ProcessLookupError:
            pass


@case("freezes", "SIGSTOP of three of twelve targets",
      "the rest goes on and ends; after thawing, results are taken in, and nothing runs again",
      (2, 30), (60, 2400))
def freezes(bench, budget):
    (lane,) = bench.lanes(1, 12)

    def work(lane, turn, trial):
        chance = turn.chance
        child = trial.begin_run()
        # Amid the steps: three of four targets are seen to have started.
        bench.eventually("the run has begun", lambda: trial.run() and len(
            os.listdir(trial.notes)) >= 9)
        time.sleep(chance.uniform(0, 1.0))
        frozen = chance.sample(lane.targets, 3)
        stopped = lane.processes(*frozen)
        is_long = chance.random() < 0.3
        began = time.time()
        signal_all(stopped, signal.SIGSTOP)
        try:
            others = set(lane.targets) - set(frozen)
            bench.eventually(
                "all targets but the frozen ones have ended",
                lambda: others <= set(records.ended(trial.events())),
                GIVES_UP - 3 if budget.is_full else PATIENCE)
            budget.measure("the rest had ended after [s]", time.time() - began)
            rest = (GIVES_UP + 5 if is_long else GIVES_UP - 5) - (time.time() - began)
            time.sleep(max(0, chance.uniform(0.3, 1) * rest) if not is_long else max(0, rest))
            claim(child.poll() is None or time.time() - began > TRIED,
                  "it ended without the frozen targets")
        finally:
            signal_all(stopped, signal.SIGCONT)
        frozen_for = time.time() - began
        # Within ssh's patience nothing is lost; beyond it a connection is.
        is_lossless = frozen_for < GIVES_UP - 3
        done = trial.end(child)
        is_whole = is_lossless or bench.expected and frozen_for <= TRIED
        # A step that was to begin just then, and may once only, is told as not reached.
        done.exits(0, *([] if is_lossless else [6] if is_whole else [5, 6, 9]))
        unknown = trial.check(PLAN, expected=is_whole and done.code == 0)
        if is_whole and done.code:
            missed = {target for target, outcome in records.ended(trial.events()).items()
                      if outcome == "unreachable"}
            claim(missed <= set(frozen), f"not reached, and never frozen: {missed - set(frozen)}")
            claim(not unknown, f"{unknown} outcomes that nobody knows, after {frozen_for:.1f} s")
        if is_lossless:
            again = [(target, step) for target, tries in records.attempts(trial.events()).items()
                     for step, number in tries.items() if number > 1]
            claim(not again, f"frozen for {frozen_for:.1f} s, and run again: {again[:4]}")
        trial.verify()
        budget.add("short" if is_lossless else "longer than ssh waits")
        budget.add("outcomes that nobody knows", unknown)
        budget.did()

    in_lanes(bench, budget, [lane], work)
