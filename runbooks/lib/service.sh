# What the scripts know about services, under systemd and runit. Read after lib/output.sh.
# shellcheck shell=sh disable=SC2034,SC2012
# SC2034: what look_at_service sets, its callers read. SC2012: ls is the portable way to print where
# the links of /proc lead, and nothing there has a name with odd characters.

# service_pid NAME: prints the service's main process; nothing when it isn't running.
service_pid() {
    if [ -d /run/systemd/system ]; then
        systemctl show --property=MainPID -- "$1" | sed -n 's/^MainPID=\([1-9][0-9]*\)$/\1/p'
    elif command -v sv >/dev/null; then
        sv status "$1" 2>/dev/null | sed -n '1s/^run: [^(]*(pid \([0-9]*\)).*/\1/p'
    else
        cannot_look "neither systemd nor runit is here, so nobody can be asked about $1"
    fi
}

# listening_address PID PORT: prints the address on which the process, or a child of it, listens;
# nothing when none does. It reads /proc, which a hanging service can't refuse.
listening_address() {
    for listen_pid in "$1" $(cat "/proc/$1/task/"*/children 2>/dev/null); do
        listen_sockets=$(ls -l "/proc/$listen_pid/fd" 2>/dev/null |
            sed -n 's/.*-> socket:\[\([0-9]*\)\]$/\1/p' | tr '\n' ' ')
        [ -n "$listen_sockets" ] || continue
        listen_hex=$(awk -v inodes="$listen_sockets" -v port="$(printf '%04X' "$2")" '
            BEGIN { count = split(inodes, list, " "); for (i = 1; i <= count; i++) own[list[i]] }
            $4 == "0A" && $10 in own && $2 ~ (":" port "$") { sub(/:.*/, "", $2); print $2; exit }
            ' /proc/net/tcp /proc/net/tcp6 2>/dev/null)
        case $listen_hex in
        '') continue ;;
        00000000 | 00000000000000000000000000000000) printf '127.0.0.1\n' ;;
        ????????) ipv4_of "$listen_hex" ;;
        *) printf '::1\n' ;;
        esac
        return 0
    done
}

# ipv4_of HEX: prints an address of /proc/net/tcp, where the bytes stand in the machine's order.
ipv4_of() {
    ipv4_rest=$1 ipv4_text=
    ipv4_order=$(printf '\001\000' | od -An -tu2 | tr -d ' ')
    while [ -n "$ipv4_rest" ]; do
        ipv4_tail=${ipv4_rest#??}
        ipv4_byte=$(printf '%d' "0x${ipv4_rest%"$ipv4_tail"}")
        if [ "$ipv4_order" = 1 ]; then
            ipv4_text=$ipv4_byte${ipv4_text:+.$ipv4_text}
        else
            ipv4_text=${ipv4_text:+$ipv4_text.}$ipv4_byte
        fi
        ipv4_rest=$ipv4_tail
    done
    printf '%s\n' "$ipv4_text"
}

# greeting ADDRESS PORT SECONDS: prints the first line that the server says; fails when it says
# nothing in time. Mail servers speak first, so nothing is sent, and no session is left behind.
greeting() {
    command -v timeout >/dev/null || cannot_look "there is no 'timeout' command to limit the wait"
    if command -v bash >/dev/null; then
        # shellcheck disable=SC2016  # the inner bash expands these
        timeout "$3" bash -c '
            exec 3<>"/dev/tcp/$1/$2" && IFS= read -r line <&3 && printf "%s\n" "$line"
            ' bash "$1" "$2" 2>/dev/null
    elif command -v perl >/dev/null; then
        # shellcheck disable=SC2016
        timeout "$3" perl -MSocket=:all -e '
            my ($error, @found) = getaddrinfo(@ARGV[0, 1], {socktype => SOCK_STREAM});
            exit 1 if $error;
            socket(my $server, $found[0]{family}, SOCK_STREAM, 0) or exit 1;
            connect($server, $found[0]{addr}) or exit 1;
            defined(my $line = <$server>) or exit 1;
            print $line;
            ' "$1" "$2" 2>/dev/null
    elif command -v nc >/dev/null; then
        # timeout starts nc itself: a shell between them would die and leave nc behind. The braces
        # keep busybox quiet about its end: a guard that writes an error counts as failed.
        { timeout "$3" nc "$1" "$2" </dev/null | sed q; } 2>/dev/null
    else
        cannot_look "there is no bash, perl or nc to open a connection with"
    fi
}

# look_at_service NAME PORT SECONDS GREETING: sets pid, address, said and state. The state is
#   answers   it greets in time, and its greeting starts with GREETING
#   blocked   it doesn't, and its main process waits inside the kernel, where no signal reaches it
#   hangs     it doesn't, though its main process runs
#   down      there is no main process
look_at_service() {
    address='' said=''
    pid=$(service_pid "$1") || exit
    if [ -z "$pid" ]; then
        state=down
        return 0
    fi
    state=hangs
    address=$(listening_address "$pid" "$2")
    if [ -n "$address" ]; then
        said=$(greeting "$address" "$2" "$3") || {
            [ $? -ne 77 ] || exit 77
        }
        case $said in "$4"*) [ -z "$said" ] || state=answers ;; esac
    fi
    if [ "$state" = hangs ] && stays_in_kernel "$pid"; then
        state=blocked
    fi
}

# stays_in_kernel PID: whether five looks in a second all find the process in state D.
stays_in_kernel() {
    for kernel_look in 1 2 3 4 5; do
        [ "$(process_state "$1")" = D ] || return 1
        [ "$kernel_look" -eq 5 ] || sleep 0.2 2>/dev/null || sleep 1
    done
}

# process_state PID: prints the one letter of the state. The command's name before it may hold
# anything, so the letter is looked for after the last parenthesis.
process_state() {
    sed -n '$s/^.*) \([A-Za-z]\) .*/\1/p' "/proc/$1/stat" 2>/dev/null
}
