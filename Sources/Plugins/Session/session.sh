# Handrail's attached session, the target's end: docs/session-protocol.md says what it promises.
# POSIX sh only (dash, bash, busybox). The target's sh reads it as its script, on standard input; the
# last line calls hr_main, and nothing that arrives later is evaluated: requests are read as lines
# and told apart by `case`, values stay data.
# Leader = this shell; `reader | worker` are its two children; steps are children of the worker.
# All of them, and every step, are one process group. Each name of ours starts with hr_.

hr_nl='
'
hr_signals='HUP INT QUIT TERM PIPE ALRM USR1 USR2'
set -f

# --- reading ---------------------------------------------------------------------------------

# The first line of file $1 into hr_val when it is a plain word, else `-`.
hr_word_of() {
    hr_val=
    { IFS= read -r hr_val <"$1"; } 2>/dev/null
    case $hr_val in '' | *[!A-Za-z0-9._-]*) hr_val=- ;; esac
}

hr_is_nonce() {
    case $1 in *[!0-9a-f]*) return 1 ;; ????????????????????????????????) return 0 ;; esac
    return 1
}

# A variable's name that every shell can carry to a program unchanged.
hr_is_name() {
    case $1 in
    '' | [0-9]* | *[!A-Za-z0-9_]* | hr_* | BASH* | EPOCH*) return 1 ;;
    IFS | OPTIND | OPTARG | PPID | UID | EUID | SHELLOPTS | LINENO | RANDOM | SRANDOM) return 1 ;;
    SECONDS | GROUPS | DIRSTACK | FUNCNAME | PWD | OLDPWD | ENV | SHLVL | _) return 1 ;;
    esac
}

# Whether program $1 is here; its path into hr_cmd. Looked up by hand: `command -v` would need a
# fork for its answer. The last one found is remembered.
hr_has() {
    [ "$1" != "$hr_known" ] || return 0
    hr_known= hr_cmd=$1
    case $1 in
    '' | -* | *[[:space:]]*) return 1 ;;
    */*) [ -f "$1" ] && [ -x "$1" ]; return ;;
    esac
    hr_ifs=$IFS
    IFS=:
    for hr_cmd in $PATH; do
        [ -n "$hr_cmd" ] && [ -f "$hr_cmd/$1" ] && [ -x "$hr_cmd/$1" ] || continue
        IFS=$hr_ifs hr_cmd=$hr_cmd/$1 hr_known=$1
        return 0
    done
    IFS=$hr_ifs
    return 1
}

# --- frames ----------------------------------------------------------------------------------

# One frame on standard output. A step may have left the shared channel non-blocking and full:
# try again for a while, but not once the session is being ended.
hr_say() {
    hr_try=0
    until printf '\n@HR %s\n' "$*" 2>/dev/null; do
        [ "$hr_try" -lt 100 ] && [ ! -e "$hr_dir/out/stop" ] || return 1
        hr_try=$((hr_try + 1))
        hr_nap
    done
}

# --- process groups: what is said of them in groups.sh --------------------------------------------

hr_clean() { rm -rf "$hr_dir" "$hr_sec" 2>/dev/null; }

# The reader's last act when input ends without `bye`: nothing of the group is left behind.
hr_end() {
    { true >"$hr_dir/out/stop"; } 2>/dev/null
    kill -TERM "-$hr_pg" 2>/dev/null
    if [ -n "$hr_proc" ]; then hr_drain "$hr_pg" "$hr_grace"; else sleep "$hr_grace"; fi
    hr_purge "$hr_pg"
    hr_empty=$?
    hr_clean
    [ "$hr_empty" = 0 ] || kill -KILL "-$hr_pg"
    exit 0
}

# Whether the group of a lost session is gone, $1 PG $2 START $3 BOOT; hr_gone: yes, no, unknown.
hr_ask_gone() {
    hr_count=0 hr_gone=yes
    [ "$hr_boot" != - ] && [ "$3" != - ] && [ -n "$hr_proc" ] || { hr_gone=unknown; return; }
    [ "$3" = "$hr_boot" ] || return
    if hr_stat "$1" && [ "$hr_start" != "$2" ]; then return; fi
    hr_members "$1"
    [ "$hr_count" = 0 ] || { hr_gone=no; return; }
    [ -r /proc/1/stat ] && return
    # Other users' processes are hidden from us: ask the kernel.
    case $(kill -0 "-$1" 2>&1 && echo permitted) in *ermitted*) hr_gone=no hr_count=1 ;; esac
}

hr_end_group() {
    hr_ask_gone "$1" "$2" "$3"
    [ "$hr_gone" = no ] || return
    kill -TERM "-$1" 2>/dev/null
    hr_drain "$1" "$4" || hr_purge "$1"
    hr_ask_gone "$1" "$2" "$3"
}

# --- the reader ------------------------------------------------------------------------------

# A line to the worker. Without a worker there is no session.
hr_pass() { printf '%s\n' "$1" 2>/dev/null || hr_end; }

hr_refuse() {
    hr_is_nonce "$1" && hr_pass "reply $1 err protocol" || hr_pass 'reply - err protocol'
    hr_end
}

hr_reader() {
    umask 077
    cd "$hr_dir" || hr_end
    hr_path= hr_running=
    while IFS= read -r hr_line; do
        set -- $hr_line
        [ "$1:$2" = text:- ] || hr_is_nonce "$2" || hr_refuse -
        case $1:$# in
        step:[6-9] | step:1?) hr_running=$2; hr_pass "$hr_line" ;;
        steps:4) hr_running=$2; hr_relay_steps "$3" ;;
        recall:2) [ "$2" != "$hr_running" ] || hr_halt "$2" ;;
        run:3) hr_running=$2; hr_relay "$2" "$3" ;;
        put:6) hr_put "$2" "$3" "$4" "$5" "$6" ;;
        text:4) hr_text "$2" "$3" "$4" ;;
        drop:3) hr_is_path "$3" || hr_refuse "$2"; hr_pass "drop $2 $3" ;;
        cancel:2) [ "$2" != "$hr_running" ] || { hr_halt "$2"; kill -TERM "-$hr_pg"; } ;;
        kill:2) [ "$2" != "$hr_running" ] || { hr_halt "$2"; hr_purge "$hr_pg"; } || hr_abandon ;;
        gone:5 | endgroup:6) hr_relay_group "$@" ;;
        spool:6) hr_load "$2" && hr_relay_spool "$@" ;;
        detach:7 | await:5 | void:3 | state:3 | endclaim:4 | clean:2)
            [ -n "$hr_loaded" ] || hr_refuse "$2"
            hr_relay_claim "$@"
            ;;
        bye:2) hr_pass "bye $2"; exit 0 ;;
        *) hr_refuse "$2" ;;
        esac
    done
    hr_end
}

# Marks run $1 as one that must not start any more, if it has not.
hr_halt() { { true >"$hr_dir/out/$1.stop"; } 2>/dev/null; }

hr_abandon() { hr_clean; kill -KILL "-$hr_pg"; }

hr_relay_group() {
    hr_is_number "$3" && hr_is_number "$4" && hr_is_number "${6:-0}" || hr_refuse "$2"
    [ "$3" -gt 1 ] && [ "$3" != "$hr_pg" ] || hr_refuse "$2"
    hr_pass "$*"
}

# Reads a whole `run` request and hands it on; headers are checked here, values are only counted.
hr_relay() {
    case $2 in - | output | left | output,left | left,output) ;; *) hr_refuse "$1" ;; esac
    hr_pass "run $1 $2"
    hr_relay_items "$1"
}

hr_relay_items() {
    while IFS= read -r hr_line; do
        hr_head=$hr_line
        hr_split
        hr_is_number "$hr_lines" && [ "$hr_lines" -le 65537 ] || hr_refuse "$1"
        case $hr_verb in
        go) [ "$hr_head" = 'go 0' ] || hr_refuse "$1"; hr_pass 'go 0'; return ;;
        word | arg) [ "$hr_lines" -gt 0 ] && [ "$hr_head" = "$hr_verb $hr_lines" ] ;;
        env) [ "$hr_lines" -gt 0 ] ;;
        script | argfile | stdin) [ "$hr_lines" = 0 ] && hr_is_path "$hr_rest" ;;
        envfile) [ "$hr_lines" = 0 ] && hr_is_path "${hr_rest#* }" ;;
        *) false ;;
        esac || hr_refuse "$1"
        hr_pass "$hr_head"
        while [ "$hr_lines" -gt 0 ]; do
            IFS= read -r hr_line || hr_end
            hr_pass "$hr_line"
            hr_lines=$((hr_lines - 1))
        done
    done
    hr_end
}

# Hands on the `steps` request in hr_line, with its $1 lines.
hr_relay_steps() {
    hr_is_number "$1" && [ "$1" -ge 1 ] && [ "$1" -le 64 ] || hr_refuse "$hr_running"
    hr_pass "$hr_line"
    hr_lines=$1
    while [ "$hr_lines" -gt 0 ]; do
        IFS= read -r hr_line || hr_end
        hr_pass "$hr_line"
        hr_lines=$((hr_lines - 1))
    done
}

# hr_line = VERB LINES REST.
hr_split() {
    hr_verb=${hr_line%% *}
    hr_rest=${hr_line#"$hr_verb"}
    hr_rest=${hr_rest# }
    hr_lines=${hr_rest%% *}
    hr_rest=${hr_rest#"$hr_lines"}
    hr_rest=${hr_rest# }
}

# What detached steps need (spool.sh), read by each of the two shells once it is asked for.
hr_load() {
    [ -z "$hr_loaded" ] || return 0
    for hr_val in in/supervisor.sh in/spool.sh; do
        hr_find "$hr_val" || { hr_pass "reply $1 err noscript $hr_val"; return 1; }
    done
    command . ./in/spool.sh && hr_loaded=yes
}

# --- the worker ------------------------------------------------------------------------------

hr_worker() {
    hr_secret=
    # Where steps start. A step that finds it gone has no script either.
    cd "$hr_dir" 2>/dev/null
    while IFS= read -r hr_line; do
        set -- $hr_line
        case $1 in
        reply) shift; hr_say "$*" ;;
        secret) hr_secret=1 ;;
        run) hr_bad= hr_then=hr_start; hr_run "$2" "$3" ;;
        step) shift; hr_step "$@" ;;
        steps) hr_steps "$2" "$3" "$4" ;;
        drop) hr_find "$3" && rm -f "$hr_abs" 2>/dev/null; hr_say "$2 drop" ;;
        gone) hr_ask_gone "$3" "$4" "$5"; hr_say "$2 gone $hr_gone $hr_count" ;;
        endgroup) hr_end_group "$3" "$4" "$5" "$6"; hr_say "$2 endgroup $hr_gone $hr_count" ;;
        spool) hr_load "$2" && hr_detached "$@" ;;
        staged | detach | await | void | state | endclaim | clean) hr_detached "$@" ;;
        bye) hr_clean; hr_say "$2 bye"; exit 0 ;;
        esac
    done
}

# Reads the items of a run into the positional parameters, a… for argv and e… for variables, and
# does $hr_then with them.
hr_run() {
    hr_n=$1 hr_flags=$2 hr_in=/dev/null hr_interp= hr_argc=0
    set --
    while IFS= read -r hr_line || return; do
        [ "$hr_line" != 'go 0' ] || break
        hr_split
        [ "$hr_verb" != reply ] || { hr_say "${hr_line#reply }"; return; }
        hr_val=
        if [ "$hr_lines" -gt 0 ]; then IFS= read -r hr_line || return; hr_val=$hr_line; fi
        while [ "$hr_lines" -gt 1 ]; do
            IFS= read -r hr_line || return
            hr_val=$hr_val$hr_nl$hr_line
            hr_lines=$((hr_lines - 1))
        done
        case $hr_at:$hr_verb:$hr_rest in
        "$hr_dir":* | *:stdin:* | *:env:*) ;;
        *:secret/* | *' secret/'*) hr_bad="nosecret ${hr_rest#* }" ;;
        esac
        case $hr_verb in
        word) hr_interp=${hr_interp:-$hr_val}; set -- "$@" "a$hr_val" ;;
        arg) set -- "$@" "a$hr_val" ;;
        script) hr_find "$hr_rest" || hr_bad=${hr_bad:-noscript $hr_rest}; set -- "$@" "a$hr_rest" ;;
        argfile) hr_find "$hr_rest"; set -- "$@" "a$hr_abs" ;;
        stdin) hr_find "$hr_rest" || hr_bad=nostdin; hr_in=$hr_abs ;;
        env) hr_is_name "$hr_rest" || hr_bad="badenv $hr_rest"; set -- "$@" "e$hr_rest=$hr_val" ;;
        envfile)
            hr_find "${hr_rest#* }"
            hr_is_name "${hr_rest%% *}" || hr_bad="badenv ${hr_rest%% *}"
            set -- "$@" "e${hr_rest%% *}=$hr_abs"
            ;;
        esac
        case $hr_verb in arg*) hr_argc=$((hr_argc + 1)) ;; esac
    done
    [ -n "$hr_interp" ] && [ "$hr_argc" -le 256 ] || hr_bad=noitem
    [ -n "$hr_bad" ] || hr_has "$hr_interp" || hr_bad="nointerp $hr_interp"
    if [ -z "$hr_bad" ]; then "$hr_then" "$@"; else hr_deny "$hr_bad"; fi
}

# step NONCE FLAGS HOW INTERPRETER SCRIPT [ARG…]: a `run` whose values are plain words, and which is
# not announced by a `begin`.
hr_step() {
    hr_n=$1 hr_flags=$2 hr_in=/dev/null hr_out=$hr_dir/out/$1
    shift 2
    hr_check "$@"
    if [ -n "$hr_bad" ]; then hr_deny "$hr_bad"; return; fi
    trap : $hr_signals
    if hr_is_halted; then hr_rc=143; else hr_do "$@"; fi
    hr_over
}

# steps NONCE COUNT begin|-: so many lines follow, each the HOW INTERPRETER SCRIPT [ARG…] of a step.
# Each is started once the one before it has ended with 0. All lines are read first: while a step
# may run, signals are handled, and `read` could lose what it had.
hr_steps() {
    hr_n=$1 hr_flags=- hr_in=/dev/null hr_out=$hr_dir/out/$1 hr_list= hr_lines=$2 hr_rc=0
    while [ "$hr_lines" -gt 0 ]; do
        IFS= read -r hr_line || return
        hr_list=$hr_list$hr_line$hr_nl
        hr_lines=$((hr_lines - 1))
    done
    if [ "$3" = begin ]; then hr_say "$hr_n begin"; hr_say "$hr_n begin" >&2; fi
    trap : $hr_signals
    while [ -n "$hr_list" ] && [ "$hr_rc" = 0 ]; do
        set -- ${hr_list%%"$hr_nl"*}
        hr_list=${hr_list#*"$hr_nl"}
        hr_check "$@"
        [ -z "$hr_bad" ] || break
        if hr_is_halted; then hr_bad=rest; break; fi
        hr_do "$@"
        hr_say "$hr_n end $hr_rc" >&2
        hr_say "$hr_n end $hr_rc - none"
    done
    trap '' $hr_signals
    hr_forget
    case $hr_bad in
    '') ;;
    rest) hr_say "$hr_n rest" >&2; hr_say "$hr_n rest" ;;
    *) hr_deny "$hr_bad" ;;
    esac
}

# Whether a step HOW INTERPRETER SCRIPT can be started; else why not, in hr_bad.
hr_check() {
    hr_bad=
    hr_is_path "$3" && hr_find "$3" || hr_bad="noscript $3"
    [ -n "$hr_bad" ] || hr_has "$2" || hr_bad="nointerp $2"
}

# Carries out a step HOW INTERPRETER SCRIPT [ARG…]. `own`: a simple command, since shells that have
# vfork use it for those, which halves its cost. `shared`: a subshell of ours reads the script, if
# its interpreter is the program that we are; the controller says so for scripts that can't tell.
hr_do() {
    hr_how=$1
    [ -n "$hr_self" ] && [ "$hr_cmd" -ef "$hr_self" ] || hr_how=own
    shift 2
    case $hr_how:$hr_cmd:$hr_lc:$hr_flags in
    shared:*) (hr_share "$@") </dev/null ;;
    *:/*::*output*) HANDRAIL_OUTPUT=$hr_out "$hr_cmd" "$@" </dev/null ;;
    *:/*::*) "$hr_cmd" "$@" </dev/null ;;
    *) (hr_exec 0 "$hr_cmd" "$@") ;;
    esac
    hr_rc=$?
}

# Reads script $1, as a shell of its own would that finds our environment: nothing of ours is
# remembered of where programs are.
hr_share() {
    set +f
    hash -r
    case $hr_flags in *output*) export "HANDRAIL_OUTPUT=$hr_out" ;; esac
    unset LC_ALL
    [ -z "$hr_lc" ] || export "$hr_lc"
    hr_val=$1
    shift
    . "./$hr_val"
}

# The step of a `run`: one fork, one exec, in a subshell that takes all its settings with it.
hr_start() {
    hr_out=$hr_dir/out/$hr_n
    hr_say "$hr_n begin"
    hr_say "$hr_n begin" >&2
    # Handled, not ignored, when the step is forked: it would inherit what is ignored. A cancel
    # that came while they were ignored has left its mark in out/.
    trap : $hr_signals
    (hr_exec $# "$@")
    hr_rc=$?
    hr_over
}

# Becomes the step: of the words after the first, $1 stand for arguments (a…) or variables (e…).
hr_exec() {
    cd "$hr_dir" 2>/dev/null || exit 143
    ! hr_is_halted || exit 143
    case $hr_flags in *output*) export "HANDRAIL_OUTPUT=$hr_out" ;; esac
    hr_argc=$1
    shift
    while [ "$hr_argc" -gt 0 ]; do
        hr_val=$1
        shift
        case $hr_val in
        eLC_ALL=*) hr_lc=${hr_val#e} ;;
        e*) export "${hr_val#e}" ;;
        *) set -- "$@" "${hr_val#a}" ;;
        esac
        hr_argc=$((hr_argc - 1))
    done
    if [ -n "$hr_lc" ]; then { export "$hr_lc"; } 2>/dev/null; else unset LC_ALL; fi
    exec "$@" <"$hr_in"
}

hr_is_halted() { [ -e "$hr_out.stop" ] || [ -e "$hr_dir/out/stop" ]; }

# The step has ended with $hr_rc.
hr_over() {
    trap '' $hr_signals
    hr_left=- hr_given=none
    case $hr_flags in *left*) hr_members "$hr_pg" && hr_left=$hr_count ;; esac
    case $hr_flags in *output*) hr_give ;; esac
    hr_forget
    hr_say "$hr_n end $hr_rc" >&2
    hr_say "$hr_n end $hr_rc $hr_left $hr_given"
}

# What the step wrote to HANDRAIL_OUTPUT, if it did.
hr_give() {
    [ -e "$hr_out" ] || [ -L "$hr_out" ] || return
    hr_given=odd
    [ -f "$hr_out" ] && [ -r "$hr_out" ] && [ ! -L "$hr_out" ] || return
    hr_given=none
    [ -s "$hr_out" ] || return
    hr_given=over
    hr_size=$(($(wc -c <"$hr_out")))
    [ "$hr_size" -le 65536 ] || return
    hr_given=given
    hr_say "$hr_n output $hr_size"
    dd "if=$hr_out" bs=65536 count=1 2>/dev/null
}

# Nothing was started, because of $1; or because a step has removed our directory.
hr_deny() {
    hr_forget
    if [ -d "$hr_dir/out" ]; then hr_say "$hr_n err $1"; else hr_say "$hr_n err nodir"; fi
}

hr_forget() {
    [ -z "$hr_secret" ] || { rm -rf "$hr_sec" 2>/dev/null; hr_secret=; }
}

# --- the leader ------------------------------------------------------------------------------

# The session must lead its own group; sudo may have started it inside another one. Then it starts
# again in a new one, and asks for the library once more.
hr_lead() {
    hr_proc=
    if hr_stat self; then hr_proc=1; else hr_pgrp=$(($(ps -o pgid= -p "$$"))); fi
    [ "$hr_pgrp" = "$$" ] && { hr_pg=$$ hr_begun=$hr_start; return; }
    if [ "$2" != again ]; then
        hr_val="\n@HR $1 again\n"
        if hr_has setsid; then printf "$hr_val"; exec setsid sh; fi
        if hr_has python3; then
            printf "$hr_val"
            exec python3 -c 'import os; os.setpgid(0, 0); os.execvp("sh", ["sh"])'
        fi
        if hr_has perl; then printf "$hr_val"; exec perl -e 'setpgrp(0, 0); exec "sh"'; fi
    fi
    printf '\n@HR %s err nogroup\n' "$1"
    exit 1
}

# The private directory: the first place where a directory of our unpredictable name can be made.
hr_make_dir() {
    for hr_val in "$XDG_RUNTIME_DIR" /dev/shm /run "$TMPDIR" /tmp /var/tmp "$HOME"; do
        case $hr_val in /*) ;; *) continue ;; esac
        case $hr_val in *[!A-Za-z0-9._/-]*) continue ;; esac
        hr_dir=${hr_val%/}/handrail-$1
        mkdir -m 700 "$hr_dir" "$hr_dir/out" "$hr_dir/scripts" 2>/dev/null && return
    done
    printf '\n@HR %s err nodir\n' "$1"
    exit 1
}

hr_hello() {
    hr_uid= hr_user=${USER:-$LOGNAME}
    { while read -r hr_val hr_uid hr_rest && [ "$hr_val" != Uid: ]; do hr_uid=; done; } \
        2>/dev/null </proc/self/status
    hr_is_number "$hr_uid" || hr_uid=$(id -u)
    case $hr_user in '' | *[!A-Za-z0-9._-]*) hr_user=$(id -un) ;; esac
    hr_word_of /proc/sys/kernel/random/boot_id; hr_boot=$hr_val
    hr_word_of /proc/sys/kernel/hostname; hr_host=$hr_val
    hr_word_of /etc/machine-id
    [ "$hr_val" != - ] || hr_word_of /var/lib/dbus/machine-id
    hr_home=$HOME
    case $hr_home in '' | *[!A-Za-z0-9._/-]*) hr_home=- ;; esac
    hr_say "$1 hello 1 boot=$hr_boot machine=$hr_val uid=$hr_uid user=$hr_user pg=$hr_pg" \
        "start=${hr_begun:--} host=$hr_host home=$hr_home dir=$hr_dir"
}

# hr_main NONCE GRACE [again]: the whole session.
hr_main() {
    hr_full= hr_known= hr_dir=/nonexistent hr_start= hr_sec= hr_grace=$2 hr_loaded= hr_staged=
    hr_lead "$1" "$3"
    # Our locale is C; a step gets the login's own, so ours must not be exported.
    hr_lc=${LC_ALL+LC_ALL=$LC_ALL}
    unset LC_ALL
    LC_ALL=C
    for hr_val in /dev/shm /run; do
        if [ -z "$hr_sec" ] && [ -d "$hr_val" ] && [ -w "$hr_val" ]; then
            hr_sec=$hr_val/handrail-$1.secret
        fi
    done
    # The program that we are; empty where it isn't known, or two paths can't be compared.
    hr_self=/proc/$$/exe
    [ "$hr_self" -ef "$hr_self" ] 2>/dev/null || hr_self=
    hr_make_dir "$1"
    hr_at=$hr_dir
    hr_hello "$1"
    # Our shells ignore what ends a step: a *handled* signal makes `read` of busybox and of bash's
    # POSIX mode lose what it had. The worker handles them only around a step (hr_start).
    trap '' $hr_signals
    hr_reader | hr_worker
    exit 0
}
