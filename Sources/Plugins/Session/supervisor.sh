# Handrail's supervisor of one detached step: docs/detached-steps.md says what it promises.
# A program of its own, in a session of its own: `sh supervisor.sh CLAIM TIMEOUT GRACE LIMIT FLAGS
# COUNT LC_ALL MASK BOOT APART SHLVL WORD…`, with the step's COUNT variables in hr_e1, hr_e2, …,
# and its standard input as ours. Status 3: nothing was started, for want of room.
# S = this shell: waits for the step, tells what came of it. Its children: two that keep the output,
# the watch, which alone sends signals, and the step. No shell handles a signal while it waits for
# the step, so no status can be taken for another.

set -f
umask 077
hr_claim=$1 hr_timeout=$2 hr_grace=$3 hr_limit=$4 hr_flags=$5 hr_vars=$6 hr_lc=$7 hr_mask=$8
hr_boot=$9
shift 9
hr_apart=$1 hr_level=$2
shift 2
hr_proc=yes hr_pg=-
hr_nl='
'
LC_ALL=C

# PID START BOOT of this shell or subshell into hr_me.
hr_who() {
    { read -r hr_pid hr_rest </proc/self/stat; } 2>/dev/null || return
    set -- ${hr_rest##*') '}
    hr_me="$hr_pid ${20} $hr_boot"
}

# Hundredths of a second since the machine was started.
hr_tick() {
    hr_now
    hr_rest=${hr_hundredths#0}
    hr_ticks=$((hr_up * 100 + hr_rest))
}

# --- the output ------------------------------------------------------------------------------

# Keeps the first hr_limit bytes of standard input in file $1, on descriptor 3, and counts the rest.
# Fails with 1 when there was a rest, whose count is then in $1.drop; with 2 when it isn't known.
# Blocks are copied as they come; a short one takes the place of a whole one in dd's count, so the
# limit can't be passed, and what is left of it is asked of the file.
hr_keep() {
    hr_left=$hr_limit hr_over=1
    # Whatever ends this shell, for want of processes perhaps, the step must not wait for room.
    trap 'while read -r hr_val; do :; done' EXIT
    while [ "$hr_left" -gt 0 ]; do
        hr_size=4096 hr_blocks=$((hr_left / 4096))
        [ "$hr_blocks" -gt 0 ] || hr_size=$hr_left hr_blocks=1
        hr_text=$(LC_ALL=C dd "bs=$hr_size" "count=$hr_blocks" 2>&1 >&3) || hr_over=2 hr_left=0
        # W+P records in: whole ones and short ones. A warning may stand before it.
        hr_text=${hr_text%%' records in'*}
        hr_text=${hr_text##*"$hr_nl"}
        hr_whole=${hr_text%%+*} hr_part=${hr_text#*+}
        if ! hr_is_number "$hr_whole" || ! hr_is_number "$hr_part"; then hr_over=2 hr_left=0; fi
        [ "$hr_left" -gt 0 ] || break
        [ $((hr_whole + hr_part)) -ge "$hr_blocks" ] || exit 0
        if [ "$hr_part" = 0 ]; then
            hr_left=$((hr_left - hr_whole * hr_size))
        else
            hr_left=$((hr_limit - $(wc -c <"$hr_claim/$1")))
        fi
    done
    hr_text=$(($(wc -c)))
    [ "$hr_text" != 0 ] || [ "$hr_over" = 2 ] || exit 0
    [ "$hr_over" = 2 ] || printf '%s\n' "$hr_text" >"$hr_claim/$1.drop" || hr_over=2
    exit "$hr_over"
}

# --- the watch -------------------------------------------------------------------------------

# Looks at the clock and for a wish to cancel, often at first. Ends by the supervisor's TERM; its
# status is 10 when it has ended the step for its time, 11 when it was asked to.
hr_watch() {
    [ -z "$hr_named" ] || rm -f "$hr_claim/out.p" "$hr_claim/err.p"
    hr_due=999999999999 hr_first= hr_ended= hr_turn=0 hr_asked=0
    hr_tick
    while :; do
        hr_know
        if hr_leads; then
            [ "$hr_ticks" -lt "$hr_due" ] || hr_asked=10
            [ -z "$hr_wish" ] || hr_asked=11
            [ "$hr_asked" = 0 ] || hr_stop "$hr_asked"
        elif ! hr_stat "$$" || [ "$hr_state" = Z ]; then
            exit 0
        fi
        if [ -n "$hr_first" ] && ! hr_leads; then
            [ -n "$hr_ended" ] || hr_ended=$hr_ticks
            [ $((hr_ticks - hr_ended)) -lt 100 ] || ! hr_is_held || hr_cut
        fi
        hr_turn=$((hr_turn + 1))
        hr_wait
        hr_tick
    done
}

# How long until the watch looks again.
hr_wait() {
    if [ "$hr_turn" -le 20 ] || [ $((hr_due - hr_ticks)) -lt 100 ] || [ -n "$hr_ended" ]; then
        hr_nap 0.2
    else
        hr_nap 1
    fi
}

# Whether the step's first process lives: hr_first is its id, once there is one.
hr_leads() {
    if [ -z "$hr_first" ]; then
        [ -n "$hr_lead" ] || return 1
        hr_first=${hr_lead%% *} hr_begun=${hr_lead#* } hr_due=$((hr_ticks + hr_timeout * 100))
        hr_begun=${hr_begun%% *}
    fi
    hr_stat "$hr_first" && [ "$hr_start" = "$hr_begun" ] && [ "$hr_state" != Z ]
}

# TERM to the step's group, KILL after the grace, until it is empty; then our status is $1. A group
# that has just been forked isn't one yet; one that holds another user's process never ends for us.
# A look at every process of the machine is dear: only when the first of the step's is gone.
hr_stop() {
    trap 'hr_over=yes' TERM
    hr_over= hr_sent= hr_round=0 hr_looks=0
    hr_until=$((hr_ticks + hr_grace * 100))
    while hr_leads || { kill -0 "-$hr_first" 2>/dev/null && hr_members "$hr_first" &&
        [ "$hr_count" -gt 0 ]; }; do
        hr_tick
        if [ "$hr_ticks" -ge "$hr_until" ]; then
            kill -KILL "-$hr_first" 2>/dev/null || ! hr_leads || kill -KILL "$hr_first" 2>/dev/null
            hr_round=$((hr_round + 1))
            [ "$hr_round" -lt 30 ] || break
        elif [ -z "$hr_sent" ]; then
            kill -TERM "-$hr_first" 2>/dev/null && hr_sent=yes
        fi
        hr_looks=$((hr_looks + 1))
        if [ "$hr_looks" -le 5 ]; then hr_nap 0.02
        elif [ "$hr_looks" -le 30 ]; then hr_nap
        else hr_nap 0.3
        fi
    done
    # Read again by the shell when the signal comes; $1 is ours.
    trap "exit $1" TERM
    [ -z "$hr_over" ] || exit "$1"
}

# Whether one of those that keep the output waits for more, though the step is over: then something
# else still has the stream. One that is merely slow runs, or waits for the disk.
hr_is_held() {
    hr_members "$$"
    hr_parents=' '
    for hr_pid in $hr_pids; do hr_stat "$hr_pid" && hr_parents="$hr_parents$hr_ppid "; done
    for hr_pid in $hr_pids; do
        case $hr_parents in *" $hr_pid "*) continue ;; esac
        hr_stat "$hr_pid" && [ "$hr_state" = S ] && return
    done
    return 1
}

# Ends those that keep the output, and what they run; the supervisor, which waits for them, must
# not end us before that.
hr_cut() {
    trap '' TERM
    for hr_round in 1 2 3; do
        hr_members "$$"
        for hr_pid in $hr_pids; do
            [ "$hr_pid" != "$$" ] && hr_stat "$hr_pid" || continue
            case $hr_ppid:$hr_pid in
            "$$:$hr_keeper_out" | "$$:$hr_keeper_err") ;;
            "$$":*) continue ;;
            esac
            kill -KILL "$hr_pid" 2>/dev/null
        done
    done
    exit "$hr_asked"
}

# --- the step --------------------------------------------------------------------------------

# Becomes the step: notes who it is, which starts it unless a `void` stands before, takes the step's
# variables, and gives itself a session and so a group. The text that is evaluated has nothing in it
# but a number of ours.
hr_become() {
    hr_who && hr_know && [ -z "$hr_wish" ] && hr_note "run $hr_me" && hr_know || exit
    [ "$hr_gate:$hr_lead" = "run:$hr_me" ] || exit
    umask "$hr_mask"
    while [ "$hr_vars" -gt 0 ]; do
        eval "export \"\$hr_e$hr_vars\""
        unset "hr_e$hr_vars"
        hr_vars=$((hr_vars - 1))
    done
    case $hr_flags in *output*) export "HANDRAIL_OUTPUT=$hr_claim/output" ;; esac
    [ -z "$hr_level" ] || export "SHLVL=$hr_level"
    if [ -n "$hr_lc" ]; then { export "$hr_lc"; } 2>/dev/null; else unset LC_ALL; fi
    case $hr_apart in
    */python3) exec "$hr_apart" -c "import os, sys; os.setsid(); $hr_python" "$@" ;;
    */perl) exec "$hr_apart" -e 'use POSIX; POSIX::setsid(); exec { $ARGV[0] } @ARGV' -- "$@" ;;
    *) exec "$hr_apart" "$@" ;;
    esac
}
hr_python='os.execvp(sys.argv[1], sys.argv[1:])'

# --- the whole -------------------------------------------------------------------------------

# All that is needed until the end is there before the step is: a full disk loses no outcome, since
# the record's few lines stay within the block that the first has taken.
hr_who || exit 1
hr_note "sup $hr_me" && { true >"$hr_claim/out" && true >"$hr_claim/err"; } 2>/dev/null || exit 3

# Two pipes, out of which we read on 5 and 6, and which the step writes on 7 and 8. A shell makes
# one for a short document, and Linux opens its other end by name: that needs no process. Where it
# is a file (an older bash), FIFOs, opened for both first so that no open waits.
hr_named=
exec 9>>"$hr_claim/record"
exec 5<<END 6<<END
pipe
END
pipe
END
if [ -p /proc/self/fd/5 ] && [ -p /proc/self/fd/6 ] &&
    { true >/proc/self/fd/5 && true >/proc/self/fd/6; } 2>/dev/null; then
    exec 7>/proc/self/fd/5 8>/proc/self/fd/6
    read -r hr_val <&5
    read -r hr_val <&6
else
    hr_named=yes
    mkfifo "$hr_claim/out.p" "$hr_claim/err.p" 2>/dev/null || exit 3
    exec 3<>"$hr_claim/out.p" 4<>"$hr_claim/err.p"
    exec 5<"$hr_claim/out.p" 6<"$hr_claim/err.p" 7>"$hr_claim/out.p" 8>"$hr_claim/err.p"
    exec 3>&- 4>&-
fi
# Some shells go on when one of these could not be opened.
{ true <&5 && true <&6 && true >&7 && true >&8 && true >&9; } 2>/dev/null || exit 3

# Each by `exec` in its own shell: redirections of a function would be saved first, and so kept.
(
    exec <&5 3>"$hr_claim/out" >/dev/null 5<&- 6<&- 7>&- 8>&- 9>&-
    hr_keep out
) &
hr_keeper_out=$!
(
    exec <&6 3>"$hr_claim/err" >/dev/null 5<&- 6<&- 7>&- 8>&- 9>&-
    hr_keep err
) &
hr_keeper_err=$!
(
    exec </dev/null >/dev/null 5<&- 6<&- 7>&- 8>&- 9>&-
    hr_watch
) &
hr_watcher=$!
# Some shells go on when they could not fork.
case $hr_keeper_out in '' | "$hr_keeper_err" | "$hr_watcher") exit 1 ;; esac
[ "$hr_keeper_err" != "$hr_watcher" ] || exit 1
(
    exec >&7 2>&8 5<&- 6<&- 7>&- 8>&- 9>&-
    hr_become "$@"
)
hr_status=$?
exec 7>&- 8>&- </dev/null

hr_know
if [ "$hr_gate" != run ]; then
    kill -TERM "$hr_watcher" 2>/dev/null
    exit 3
fi
wait "$hr_keeper_out"
hr_over_out=$?
wait "$hr_keeper_err"
hr_over_err=$?
kill -TERM "$hr_watcher" 2>/dev/null
wait "$hr_watcher"
case $? in 10) hr_why=timeout ;; 11) hr_why=cancel ;; *) hr_why=exit ;; esac

# What keeper $1, which ended with $2, has dropped, into hr_dropped; a stream that is still held goes
# on to be read, on descriptor $3, by somebody who keeps nothing.
hr_count_dropped() {
    hr_dropped=-
    case $2 in
    0) hr_dropped=0 ;;
    1) { read -r hr_val <"$hr_claim/$1.drop"; } 2>/dev/null && hr_dropped=$hr_val ;;
    2) ;;
    *) hr_open=1; (cd / && exec cat <&"$3" >/dev/null 5<&- 6<&- 9>&-) & ;;
    esac
}

hr_open=0
hr_count_dropped out "$hr_over_out" 5
hr_line="$hr_dropped"
hr_count_dropped err "$hr_over_err" 6
printf '%s\n' "end $hr_status $hr_why $hr_line $hr_dropped $hr_open" >&9
exit 0
