# What the scripts of process.runaway know about processes. Read after lib/output.sh.
# shellcheck shell=sh disable=SC2034  # what is set here, the scripts read

# A process is named by its number *and* the clock tick of its start: when it has ended, the number
# may be given to another process, and that one isn't meant.

# started_ticks PID: prints when it started, in clock ticks since the machine's start; nothing when
# there is no such process. The command's name before may hold anything, parentheses included.
started_ticks() {
    sed -n '$s/^.*) //p' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20
}

# process_state PID: prints the one letter of its state.
process_state() {
    sed -n '$s/^.*) \([A-Za-z]\) .*/\1/p' "/proc/$1/stat" 2>/dev/null
}

# still_there PID STARTED: whether that very process runs. One that ended and whose parent hasn't
# noticed (Z, X) does not.
still_there() {
    [ -n "$2" ] && [ "$(started_ticks "$1")" = "$2" ] || return 1
    case $(process_state "$1") in '' | Z | X) return 1 ;; esac
}

# nice_of PID: prints its nice value.
nice_of() {
    sed -n '$s/^.*) //p' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 17
}

# name_of PID: prints its name as the kernel keeps it, 15 characters, odd ones as question marks.
name_of() {
    tr -c ' -~\n' '?' <"/proc/$1/comm" 2>/dev/null
}

# wants SECONDS: watches all processes that long, and prints "PERCENT RAN PID STARTED NAME" of each
# that wanted a processor, the greediest first. PERCENT is of one processor, and counts the time in
# which it ran and in which it could have run but waited its turn: so a process that was given a low
# priority, or shares the machine with others, still shows what it is. RAN is the part in which it
# ran.
wants() {
    wants_before=$(time_used)
    sleep "$1"
    # Its own shells are processes too; they have ended, or did not run in both looks.
    { printf '%s\n' "$wants_before" -; time_used; } | awk -v seconds="$1" '
        $0 == "-" { second = 1; next }
        !second { ran[$1 " " $2] = $3; waited[$1 " " $2] = $4; next }
        ($1 " " $2) in ran {
            used = ($3 - ran[$1 " " $2]) / 1e7
            want = used + ($4 - waited[$1 " " $2]) / 1e7
            name = $0
            for (i = 0; i < 4; i++) sub(/^[^ ]* /, "", name)
            if (want >= seconds) printf "%d %d %s %s %s\n", want / seconds, used / seconds, $1, $2, name
        }' | sort -k2,2 -rn -k1,1
}

# time_used: "PID STARTED RAN WAITED NAME" of every process, the times in nanoseconds, over all of
# its threads.
time_used() {
    awk '
        FNR == 1 {
            split(FILENAME, part, "/")
            pid = part[3]
            if (FILENAME ~ /\/schedstat$/) { ran[pid] += $1; waited[pid] += $2; next }
            name = line = $0
            sub(/^[0-9]+ \(/, "", name)
            sub(/\) [^)]*$/, "", name)
            gsub(/[^ -~]/, "?", name)
            sub(/^.*\) /, "", line)
            split(line, field, " ")
            started[pid] = field[20]
            # For kernels without schedstat: clock ticks, of which there are 100 a second.
            ticks[pid] = field[12] + field[13]
            names[pid] = name
        }
        END {
            for (pid in started) {
                if (!(pid in ran)) ran[pid] = ticks[pid] * 1e7
                printf "%s %s %.0f %.0f %s\n", pid, started[pid], ran[pid], waited[pid], names[pid]
            }
        }' /proc/[0-9]*/stat /proc/[0-9]*/task/[0-9]*/schedstat 2>/dev/null
}

# is_protected PID NAME LIST: whether it must not be touched: the first process, the kernel's own
# threads, whatever starts and watches services, logins and clocks, this very login, and what LIST
# names, a name a line. Sets why.
is_protected() {
    why=
    if [ "$1" -le 1 ]; then
        why="it is the first process"
    elif [ -z "$(tr -d '\0' <"/proc/$1/cmdline" 2>/dev/null)" ]; then
        why="it is a thread of the kernel, or has ended"
    elif is_ancestor "$1" $$; then
        why="it leads to this very login"
    else
        case $2 in
        init | systemd | systemd-* | '(sd-pam)' | runsvdir | runsv | svlogd | s6-* | dbus-daemon | \
            dbus-broker* | sshd | sshd-* | agetty | login | udevd | chronyd | ntpd | auditd | \
            multipathd | corosync | pacemakerd | containerd | dockerd)
            why="$2 is never touched"
            ;;
        esac
        if [ -z "$why" ] && printf '%s\n' "$3" | grep -Fqx -e "$2"; then
            why="$2 is on the list of protected names"
        fi
    fi
    [ -n "$why" ]
}

# is_ancestor PID CHILD: whether CHILD comes from PID.
is_ancestor() {
    ancestor_of=$2
    while [ -n "$ancestor_of" ] && [ "$ancestor_of" -gt 1 ]; do
        [ "$ancestor_of" != "$1" ] || return 0
        ancestor_of=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$ancestor_of/status" 2>/dev/null)
    done
    return 1
}

# must_be PID STARTED NAME LIST: fails unless it is that process and may be touched.
must_be() {
    whole_number PID "$1"
    whole_number STARTED "$2"
    still_there "$1" "$2" || fail "process $1 that started at tick $2 has ended; nothing was done"
    is_protected "$1" "$(name_of "$1")" "$3" && fail "process $1: $why; nothing was done"
    return 0
}
