# How long a service takes to greet. Read after lib/output.sh and lib/service.sh.
# shellcheck shell=sh disable=SC2034,SC2154
# SC2034: what look_at_latency sets, its callers read. SC2154: lib/service.sh sets pid.

# centiseconds: the time since the machine started, as the kernel counts it; sets now.
centiseconds() {
    read -r now _ </proc/uptime || cannot_look "/proc/uptime can't be read, so no time can be taken"
    now=${now%.*}${now#*.}
}

# look_at_latency NAME PORT LIMIT: sets pid, address, latency (the quickest of five greetings, in
# milliseconds; nothing without one) and state: fast, slow (over LIMIT) or silent. One in ten
# milliseconds is as exact as it gets, which the quickest of five makes up for.
look_at_latency() {
    address='' latency='' state=silent
    pid=$(service_pid "$1") || exit
    [ -n "$pid" ] || return 0
    address=$(listening_address "$pid" "$2")
    [ -n "$address" ] || return 0
    for latency_look in 1 2 3 4 5; do
        centiseconds
        latency_start=$now
        latency_said=$(greeting "$address" "$2" 10) || {
            [ $? -ne 77 ] || exit 77
            return 0
        }
        [ -n "$latency_said" ] || return 0
        centiseconds
        latency_took=$(((now - latency_start) * 10))
        if [ -z "$latency" ] || [ "$latency_took" -lt "$latency" ]; then
            latency=$latency_took
        fi
    done
    state=fast
    [ "$latency" -le "$3" ] || state=slow
}
