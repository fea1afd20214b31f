# Handrail on a target: processes and their groups. Part of two programs, the attached session
# (session.sh) and the supervisor of a detached step (supervisor.sh); the rules of the first hold.

hr_is_number() {
    case $1 in '' | *[!0-9]* | ???????????????????*) return 1 ;; esac
}

# Waits $1 seconds, 0.1 without it; a whole one where sleep knows no fractions.
hr_nap() {
    sleep "${1:-0.1}" 2>/dev/null
    [ "$?" != 1 ] || sleep 1
}

hr_now() {
    hr_up=0
    { read -r hr_up hr_rest </proc/uptime; } 2>/dev/null
    hr_hundredths=${hr_up#*.}
    hr_up=${hr_up%%.*}
}

# State, parent, group and start time of process $1. Its name may hold anything, `)` and newlines
# too; what follows the last `)` is ours.
hr_stat() {
    hr_text=
    { while IFS= read -r hr_part; do hr_text="$hr_text $hr_part"; done <"/proc/$1/stat"; } \
        2>/dev/null
    hr_text=${hr_text##*')'}
    [ -n "$hr_text" ] || return 1
    set -- $hr_text
    hr_state=$1 hr_ppid=$2 hr_pgrp=$3 hr_start=${20}
}

# Live processes of group $1 into hr_pids and hr_count; of our own group without our shells. The
# list is only a list of suspects: each is looked at again, because names can forge lines.
hr_members() {
    hr_pids= hr_count=0 hr_group=$1
    [ -n "$hr_proc" ] || return 1
    hr_list=$(set +f; exec cat /proc/[0-9]*/stat 2>/dev/null)
    hr_ifs=$IFS
    IFS=$hr_nl
    set --
    for hr_text in $hr_list; do
        # Cheap first: what is cut off below takes some shells the square of the line's length.
        case $hr_text in *" $hr_group "*) ;; *) continue ;; esac
        hr_rest=${hr_text##*') '}
        case ${hr_rest#* * } in "$hr_group "*) set -- "$@" "${hr_text%% *}" ;; esac
    done
    IFS=$hr_ifs
    for hr_pid in "$@"; do
        hr_is_number "$hr_pid" && hr_stat "$hr_pid" && [ "$hr_pgrp" = "$hr_group" ] || continue
        case $hr_state in Z | X) continue ;; esac
        case $hr_group:$hr_pid:$hr_ppid in "$hr_pg:$hr_pg:"* | "$hr_pg:"*":$hr_pg") continue ;; esac
        hr_pids="$hr_pids $hr_pid"
        hr_count=$((hr_count + 1))
    done
}

# Waits until group $1 is empty, at most $2 seconds.
hr_drain() {
    hr_now
    hr_until=$((hr_up + $2))
    while hr_members "$1" && [ "$hr_count" -gt 0 ]; do
        hr_now
        [ "$hr_up" -lt "$hr_until" ] || return 1
        hr_nap
    done
}

# KILL for every process of group $1, until it is empty; fails when it can't be emptied.
hr_purge() {
    for hr_round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        hr_members "$1" || return 1
        [ "$hr_count" -gt 0 ] || return 0
        kill -KILL $hr_pids 2>/dev/null
        [ "$hr_round" -lt 3 ] || hr_nap
    done
    return 1
}
