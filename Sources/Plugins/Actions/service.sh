# service: hr_mode probe|apply|undo, NAME, running|stopped|restarted|reloaded
hr_mode=$1 hr_name=$2 hr_want=$3
LC_ALL=C
export LC_ALL
hr_blind=2
[ "$hr_mode" != probe ] || hr_blind=77

if [ -d /run/systemd/system ] && command -v systemctl >/dev/null; then
    hr_kind=systemd
elif command -v sv >/dev/null; then
    hr_kind=runit
else
    hr_fail 'Neither systemd nor runit is running here.' $hr_blind
fi

# hr_state: running or stopped. hr_id: changes with each start.
hr_look() {
    hr_id=
    if [ "$hr_kind" = systemd ]; then
        [ "$(systemctl show -p LoadState --value -- "$hr_name" 2>/dev/null)" = loaded ] ||
            hr_fail "There is no service '$hr_name' here, or it is masked."
        case $(systemctl is-active -- "$hr_name" 2>/dev/null) in
        active | reloading | activating) hr_state=running ;;
        *) hr_state=stopped ;;
        esac
        hr_id=$(systemctl show -p MainPID -p InvocationID --value -- "$hr_name" 2>/dev/null)
        return
    fi
    hr_line=$(sv status "$hr_name" 2>&1)
    case $hr_line in
    run:*) hr_state=running hr_id=${hr_line#*'(pid '} hr_id=${hr_id%%')'*} ;;
    down:* | finish:*) hr_state=stopped ;;
    *ermission\ denied*) hr_fail "$hr_line" $hr_blind ;;
    *) hr_fail "There is no service '$hr_name' here: $hr_line" ;;
    esac
}

# hr_tell VERB: asks the service manager; a service that doesn't stop is killed in the end.
hr_tell() {
    if [ "$hr_kind" = systemd ]; then
        systemctl "$1" -- "$hr_name"
    else
        case $1 in
        start) sv -w 30 start "$hr_name" ;;
        stop) sv -w 20 force-stop "$hr_name" ;;
        restart) sv -w 20 force-restart "$hr_name" ;;
        reload) sv hup "$hr_name" ;;
        esac
    fi
}

hr_look
hr_before=$hr_id hr_was=$hr_state
case $hr_want in
running | stopped)
    if [ "$hr_state" = "$hr_want" ]; then
        [ "$hr_mode" = probe ] || hr_changed no
        exit 0
    fi
    printf '%s: %s -> %s\n' "$hr_name" "$hr_state" "$hr_want"
    ;;
*) printf '%s: would be %s (now %s)\n' "$hr_name" "$hr_want" "$hr_state" ;;
esac
[ "$hr_mode" != probe ] || exit 1

case $hr_want in
running) hr_tell start ;;
stopped) hr_tell stop ;;
restarted) hr_tell restart ;;
reloaded) hr_tell reload ;;
esac >&2 || hr_fail "The service '$hr_name' could not be $hr_want." 1
hr_look
hr_after=$hr_want
[ "$hr_want" = stopped ] || hr_after=running
[ "$hr_state" = "$hr_after" ] || hr_fail "The service '$hr_name' is $hr_state after all." 1
[ "$hr_want" != restarted ] || [ "$hr_was" = stopped ] || [ "$hr_id" != "$hr_before" ] ||
    hr_fail "The service '$hr_name' still runs as it did: it was not restarted." 1
hr_changed yes
