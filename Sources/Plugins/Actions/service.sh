# service: hr_mode probe|apply|undo|restore, NAME, running|stopped|restarted|reloaded, RUN, STEP
hr_mode=$1 hr_name=$2 hr_want=$3 hr_run=$4 hr_step=$5
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

# hr_state_now: running, starting, stopping or stopped; hr_said: the manager's own word.
# hr_id: changes with each start. hr_load: loaded, unless systemd can't start it.
hr_look() {
    hr_id= hr_load=loaded
    if [ "$hr_kind" = systemd ]; then hr_look_systemd; else hr_look_runit; fi
}

# hr_value KEY: its value among the lines KEY=VALUE.
hr_value() {
    hr_rest=$hr_newline$hr_line
    case $hr_rest in *"$hr_newline$1="*) ;; *) return 0 ;; esac
    hr_rest=${hr_rest#*"$hr_newline$1="}
    printf '%s' "${hr_rest%%"$hr_newline"*}"
}

hr_look_systemd() {
    hr_line=$(systemctl show -p LoadState -p ActiveState -p SubState -p MainPID -p InvocationID \
        -- "$hr_name" 2>&1) || hr_fail "systemd doesn't answer: $hr_line" $hr_blind
    hr_load=$(hr_value LoadState) hr_active=$(hr_value ActiveState) hr_sub=$(hr_value SubState)
    hr_id="$(hr_value MainPID) $(hr_value InvocationID)"
    [ "$hr_load" != not-found ] || hr_fail "There is no service '$hr_name' here."
    hr_said=$hr_active
    case $hr_active in
    active | reloading | refreshing) hr_state_now=running hr_said=running ;;
    activating) hr_state_now=starting hr_said="starting ($hr_sub)" ;;
    deactivating) hr_state_now=stopping ;;
    inactive) hr_state_now=stopped hr_said=stopped ;;
    failed) hr_state_now=stopped ;;
    *) hr_fail "systemd says something unknown of '$hr_name': $hr_line" $hr_blind ;;
    esac
}

hr_look_runit() {
    hr_line=$(sv status "$hr_name" 2>&1)
    case $hr_line in
    run:*) hr_state_now=running hr_id=${hr_line#*'(pid '} hr_id=${hr_id%%')'*} ;;
    down:* | finish:*) hr_state_now=stopped ;;
    *ermission\ denied*) hr_fail "$hr_line" $hr_blind ;;
    *) hr_fail "There is no service '$hr_name' here: $hr_line" ;;
    esac
    hr_said=$hr_state_now
}

# Refuses what systemd would: to start something whose unit it can't use.
hr_check_unit() {
    case $hr_load in
    loaded) ;;
    masked) hr_fail "The service '$hr_name' is masked. Somebody forbade its start: see 'systemctl status $hr_name', and 'systemctl unmask $hr_name'." ;;
    *) hr_fail "systemd can't use the unit of '$hr_name' ($hr_load): see 'systemctl status $hr_name'." ;;
    esac
}

# hr_tell VERB: asks the service manager; a service that doesn't stop is killed in the end.
hr_tell() {
    if [ "$hr_kind" = systemd ]; then
        # A start would wait with it until the pause between two of its failures is over.
        [ "$1 $hr_sub" != 'start auto-restart' ] || set -- restart
        systemctl --no-ask-password "$1" -- "$hr_name"
    else
        case $1 in
        start) sv -w 30 start "$hr_name" ;;
        stop) sv -w 20 force-stop "$hr_name" ;;
        restart) sv -w 20 force-restart "$hr_name" ;;
        reload) sv hup "$hr_name" ;;
        esac
    fi
}

# hr_settled: what undoing goes back to, and compares; on its way counts as there.
hr_settle() {
    case $hr_state_now in
    running | starting) hr_settled=running ;;
    *) hr_settled=stopped ;;
    esac
}

hr_remember "service $hr_name"
hr_look
hr_settle
hr_before=$hr_id hr_was=$hr_state_now
if [ "$hr_mode" = restore ]; then
    hr_recall
    hr_want=$hr_found
fi
hr_check_left "$hr_settled" "The service $hr_name"
[ "$hr_mode" != probe ] || hr_tell_seen "$hr_want" "$hr_said"
case $hr_want in
running | stopped)
    if [ "$hr_state_now" = "$hr_want" ]; then
        [ "$hr_mode" = probe ] || hr_changed no
        exit 0
    fi
    printf '%s: %s -> %s\n' "$hr_name" "$hr_said" "$hr_want"
    ;;
*) printf '%s: would be %s (now %s)\n' "$hr_name" "$hr_want" "$hr_said" ;;
esac
[ "$hr_want" = stopped ] || hr_check_unit
[ "$hr_mode" != probe ] || exit 1

case $hr_want in
running | stopped) hr_record "$hr_settled" "$hr_want" ;;
esac
case $hr_want in
running) hr_tell start ;;
stopped) hr_tell stop ;;
restarted) hr_tell restart ;;
reloaded) hr_tell reload ;;
esac >&2 || hr_fail "The service '$hr_name' could not be $hr_want." 1
# Most services are called started before they have done anything: one that ends at once failed.
case $hr_want in running | restarted) sleep 1 ;; esac
hr_look
hr_after=$hr_want
[ "$hr_want" = stopped ] || hr_after=running
[ "$hr_state_now" = "$hr_after" ] || hr_fail "The service '$hr_name' is $hr_said after all." 1
[ "$hr_want" != restarted ] || [ "$hr_was" = stopped ] || [ "$hr_id" != "$hr_before" ] ||
    hr_fail "The service '$hr_name' still runs as it did: it was not restarted." 1
hr_changed yes
