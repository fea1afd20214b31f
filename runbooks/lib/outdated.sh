# What the scripts of service.outdated know about processes and the files they run. Read after
# lib/output.sh and lib/service.sh.
# shellcheck shell=sh

# with_children PID: prints the process and all that it has started, one a line.
with_children() {
    printf '%s\n' "$1"
    for outdated_child in $(cat "/proc/$1/task/"*/children 2>/dev/null); do
        with_children "$outdated_child"
    done
}

# outdated_files PID: prints `PID FILE` for each program or library that the process, or one that it
# has started, runs from and that is not there any more. A package that is upgraded puts a new file
# in the place of the old one, whose pages stay in use: the kernel marks them. What programs map for
# other reasons (memory files, their own temporary ones) lies elsewhere, or isn't executable.
outdated_files() {
    for outdated_pid in $(with_children "$1"); do
        [ -r "/proc/$outdated_pid/maps" ] || continue
        awk -v pid="$outdated_pid" '
            $2 ~ /x/ && / \(deleted\)$/ && $6 ~ "^/(usr|lib|lib64|bin|sbin|opt)/" && !seen[$6]++ {
                print pid, $6
            }' "/proc/$outdated_pid/maps" 2>/dev/null
    done
}

# state_of_service NAME: prints `current`, `outdated` or `not-running`, and after it on lines of their
# own what is old.
state_of_service() {
    outdated_main=$(service_pid "$1") || exit
    if [ -z "$outdated_main" ]; then
        printf 'not-running\n'
        return
    fi
    outdated_found=$(outdated_files "$outdated_main")
    if [ -n "$outdated_found" ]; then
        printf 'outdated\n%s\n' "$outdated_found"
    else
        printf 'current\n'
    fi
}

# tell_states NAMES: sets states, the words of all services; prints what was found of each.
tell_states() {
    states=''
    for outdated_name in $1; do
        outdated_text=$(state_of_service "$outdated_name") || exit
        outdated_word=$(printf '%s\n' "$outdated_text" | sed -n 1p)
        states="$states $outdated_word"
        printf '%s: %s\n' "$outdated_name" "$outdated_word"
        printf '%s\n' "$outdated_text" | sed -n '2,$s/^/  /p'
    done
}
