# What the scripts know about Postfix and its queue. Read after lib/output.sh.
# shellcheck shell=sh disable=SC2034  # what is set here, the scripts read

# look_at_queue: sets waiting, held and reasons of the whole queue; fails when Postfix can't be
# asked. `waiting` counts what was tried and put off; `reasons` is its commonest reasons.
look_at_queue() {
    command -v postqueue >/dev/null || return 1
    # One line of JSON per message; each starts with its queue's name, so nothing that a sender
    # wrote can be taken for it.
    queue_lines=$(postqueue -j 2>/dev/null) || return 1
    waiting=$(printf '%s\n' "$queue_lines" | grep -c '^{"queue_name": "deferred"')
    held=$(printf '%s\n' "$queue_lines" | grep -c '^{"queue_name": "hold"')
    reasons=$(printf '%s\n' "$queue_lines" | sed -n 's/.*"delay_reason": "\([^"]*\)".*/\1/p' |
        sort | uniq -c | sort -rn | head -n 5)
}

# master_pid: prints the process of Postfix's master; nothing when it isn't running.
master_pid() {
    master_file=$(postconf -h queue_directory 2>/dev/null)/pid/master.pid
    [ -r "$master_file" ] || return 0
    master_number=$(tr -cd '0-9' <"$master_file")
    [ "$(cat "/proc/$master_number/comm" 2>/dev/null)" != master ] || printf '%s\n' "$master_number"
}

# child_of_master NAME: prints the process NAME that master started, such as qmgr.
child_of_master() {
    child_master=$(master_pid)
    [ -n "$child_master" ] || return 0
    for child_folder in /proc/[0-9]*; do
        [ "$(cat "$child_folder/comm" 2>/dev/null)" = "$1" ] || continue
        if grep -q "^PPid:[^0-9]*$child_master\$" "$child_folder/status" 2>/dev/null; then
            printf '%s\n' "${child_folder#/proc/}"
            return 0
        fi
    done
}

# started_ticks PID: prints when a process started, in clock ticks since the machine's start.
started_ticks() {
    sed -n '$s/^.*) //p' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20
}

# started_at PID: the same in seconds since 1970, a second off at most.
started_at() {
    started_since=$(started_ticks "$1")
    [ -n "$started_since" ] || return 1
    started_uptime=$(cut -d . -f 1 /proc/uptime)
    # Linux has shown 100 ticks a second on every machine for decades; busybox has no getconf.
    started_rate=$(getconf CLK_TCK 2>/dev/null) || started_rate=100
    printf '%s\n' $(($(date +%s) - started_uptime + started_since / started_rate))
}

# What `reload` notes and `loaded` reads: which queue manager works by which main.cf.
loaded_note=/run/postfix-loaded.note

# loaded_fingerprint PID CHECKSUM: prints the queue manager's process, its start and a main.cf.
loaded_fingerprint() {
    printf '%s %s %s\n' "$1" "$(started_ticks "$1")" "$2"
}

# main_checksum: prints a checksum of the main.cf of now.
main_checksum() {
    sha256sum <"$(postconf -h config_directory)/main.cf"
}
