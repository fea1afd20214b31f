# Handrail's detached steps, the end of the session: docs/detached-steps.md says what it promises.
# Part of the library, but read only by a session that has such steps: its reader checks what
# arrives (hr_relay_…), its worker does it. The rules of session.sh hold here too.

hr_run= hr_work= hr_unsynced= hr_synced=

# --- the reader ------------------------------------------------------------------------------

# A name that is part of a path: 1 to 120 plain characters.
hr_is_name_of_path() {
    case $1 in '' | [.-]* | *[!A-Za-z0-9._@:+=~-]*) return 1 ;; esac
    [ "${#1}" -le 120 ]
}

# STEP.ATTEMPT
hr_is_claim() {
    hr_is_name_of_path "$1" && hr_is_number "${1##*.}" || return 1
    case $1 in ?*.[1-9]*) ;; *) return 1 ;; esac
    hr_val=${1##*.}
    [ "${#hr_val}" -le 9 ]
}

# PLAN-NUMBER
hr_is_run() {
    hr_is_nonce "${1%-*}" && hr_is_number "${1##*-}" || return 1
    hr_val=${1##*-}
    [ "${#hr_val}" -le 9 ]
}

hr_is_root() {
    [ "$1" != - ] || return 0
    case $1 in /*[!A-Za-z0-9._/-]* | */) return 1 ;; esac
    case $1/ in *//* | */./* | */../*) return 1 ;; /?*) ;; *) return 1 ;; esac
    [ "${#1}" -le 200 ]
}

# spool NONCE open|look TARGET RUN ROOT|-
hr_relay_spool() {
    case $3 in open | look) ;; *) hr_refuse "$2" ;; esac
    hr_is_name_of_path "$4" && hr_is_run "$5" && hr_is_root "$6" || hr_refuse "$2"
    hr_pass "$*"
}

hr_relay_claim() {
    [ "$1" = clean ] || case $1:$# in
    detach:*)
        case $3 in - | output) ;; *) false ;; esac &&
            hr_is_claim "$4" && hr_is_number "$5" && hr_is_number "$6" && hr_is_number "$7" &&
            [ "$5" -gt 0 ]
        ;;
    await:*) hr_is_claim "$3" && hr_is_number "$4" && hr_is_number "$5" ;;
    *) hr_is_claim "$3" && hr_is_number "${4:-0}" ;;
    esac || hr_refuse "$2"
    case $1 in
    detach)
        [ -z "$hr_staged" ] || hr_pass "staged$hr_staged"
        hr_staged= hr_running=$2
        hr_pass "$*"
        hr_relay_items "$2"
        ;;
    await) hr_running=$2; hr_pass "$*" ;;
    *) hr_pass "$*" ;;
    esac
}

# --- the worker ------------------------------------------------------------------------------

hr_detached() {
    case $1 in
    spool) shift; hr_open "$@"; return ;;
    staged) shift; hr_unsynced="$hr_unsynced $*"; return ;;
    esac
    hr_n=$2 hr_out=$hr_dir/out/$2
    case $1:$hr_run in
    detach:*) hr_detach "$@" ;;
    *:) hr_say "$hr_n err nospool none" ;;
    await:*) hr_await "$3" "$4" "$5" ;;
    void:*) hr_void "$3" && hr_is=yes; hr_say "$hr_n void $hr_is" ;;
    state:*) hr_see "$3"; hr_say "$hr_n state $hr_is" ;;
    endclaim:*) hr_end_claim "$3" "$4"; hr_say "$hr_n state $hr_is" ;;
    clean:*) hr_clean_up && hr_say "$hr_n clean $hr_living" || hr_say "$hr_n err write" ;;
    esac
}

# --- the spool -------------------------------------------------------------------------------

# spool NONCE open|look TARGET RUN ROOT|-
hr_open() {
    hr_n=$1 hr_root=$5 hr_run=
    hr_mask=$(umask)
    [ "$hr_root" != - ] || case $hr_uid in
    0) hr_root=/var/lib/handrail-spool ;;
    *) hr_root=$HOME/.handrail/spool ;;
    esac
    umask 077
    hr_why=
    hr_probe && hr_enter && hr_know_spool "$hr_root" && hr_find_run "$2" "$hr_root/$3" "$4"
    umask "$hr_mask"
    [ -z "$hr_why" ] || { hr_run=; hr_say "$hr_n err nospool $hr_why"; return; }
    # Another working directory has nothing yet of what was staged.
    if [ "$hr_work" != "$hr_run/work.${hr_dir##*-}" ]; then
        hr_work=$hr_run/work.${hr_dir##*-} hr_unsynced="$hr_synced $hr_unsynced" hr_synced=
    fi
    hr_say "$hr_n spool $hr_id $hr_is"
}

# Whether this machine can keep a step apart from us.
hr_probe() {
    [ -n "$hr_proc" ] && [ "$hr_boot" != - ] || { hr_why=noproc; return 1; }
    for hr_val in mkfifo dd ln wc tail cat cp mv rm mkdir ls find sleep; do
        hr_has "$hr_val" || { hr_why="notool $hr_val"; return 1; }
    done
    hr_why=nogroup
    hr_has setsid || hr_has python3 || hr_has perl || return 1
    hr_apart=$hr_cmd hr_why=
    hr_is_killed && hr_why=killed
    [ -z "$hr_why" ]
}

# Whether logind ends what a login has left behind, once it is over. Lingering changes nothing for
# what stays in the login's own scope.
hr_is_killed() {
    hr_scope=
    { while read -r hr_val; do
        case $hr_val in */session-*.scope*) hr_scope=yes ;; esac
    done </proc/self/cgroup; } 2>/dev/null
    [ -n "$hr_scope" ] || return 1
    hr_word_of /proc/self/loginuid
    [ "$hr_val" != 0 ] || return 1
    if hr_has busctl; then
        hr_val=$("$hr_cmd" get-property org.freedesktop.login1 /org/freedesktop/login1 \
            org.freedesktop.login1.Manager KillUserProcesses 2>/dev/null </dev/null)
        case $hr_val in 'b true') return 0 ;; 'b false') return 1 ;; esac
    fi
    set +f
    hr_kills /etc/systemd/logind.conf /usr/lib/systemd/logind.conf.d/*.conf \
        /run/systemd/logind.conf.d/*.conf /etc/systemd/logind.conf.d/*.conf
    hr_rc=$?
    set -f
    return "$hr_rc"
}

# Whether the last word of configuration files $@ on KillUserProcesses is yes.
hr_kills() {
    hr_scope=1
    for hr_val in "$@"; do
        { while IFS='= ' read -r hr_key hr_line; do
            case $hr_key:$hr_line in
            KillUserProcesses:[yYtT1]* | KillUserProcesses:[oO][nN]*) hr_scope=0 ;;
            KillUserProcesses:*) hr_scope=1 ;;
            esac
        done <"$hr_val"; } 2>/dev/null
    done
    return "$hr_scope"
}

# The root itself: ours alone, and this machine's alone. hr_root becomes its physical path.
hr_enter() {
    [ -d "$hr_root" ] || [ -L "$hr_root" ] || mkdir -p "$hr_root" 2>/dev/null
    [ -e "$hr_root" ] || [ -L "$hr_root" ] || { hr_why=write; return 1; }
    hr_why="unsafe $hr_root"
    case $hr_root in *[!A-Za-z0-9._/@:+=,~-]*) hr_why='unsafe -' ;; esac
    [ -d "$hr_root" ] && [ ! -L "$hr_root" ] || return 1
    hr_val=$(cd "$hr_root" && pwd -P && LC_ALL=C exec ls -ldn .) 2>/dev/null || return 1
    hr_is_ours "${hr_val#*"$hr_nl"}" || return 1
    hr_root=${hr_val%%"$hr_nl"*}
    hr_file_system "$hr_root" /proc/self/mounts
    hr_why="network $hr_type"
    ! hr_is_shared "$hr_type" || return 1
    hr_why=
}

# Whether several machines can have a file system of type $1 at once.
hr_is_shared() {
    case ${1#fuse.} in
    nfs* | cifs | smb* | 9p | ceph* | glusterfs | lustre | afs | ncp* | coda | gfs2) return 0 ;;
    ocfs2 | gpfs | beegfs* | orangefs | pvfs2 | virtiofs | vboxsf | vmhgfs* | prl_fs) return 0 ;;
    sshfs | s3fs | rclone | juicefs | gcsfuse | davfs* | curlftpfs | mfs* | moosefs) return 0 ;;
    esac
    return 1
}

# Whether line $1 of `ls -ldn` tells of a directory that only we can use.
hr_is_ours() {
    set -- $1
    case $1 in drwx------ | drwx------[.+@]) [ "$3" = "$hr_uid" ] ;; *) false ;; esac
}

# The type of the file system that physical path $1 is on, by mount table $2, into hr_type.
hr_file_system() {
    hr_type= hr_best=
    while read -r hr_val hr_point hr_kind hr_rest; do
        hr_point=${hr_point%/}
        case ${1%/}/ in
        "$hr_point"/*) [ "${#hr_point}" -lt "${#hr_best}" ] || hr_best=$hr_point hr_type=$hr_kind ;;
        esac
    done <"$2"
}

# The id of spool $1 into hr_id. Made once: a link to a name that is there fails.
hr_know_spool() {
    hr_word_of "$1/id"
    if ! hr_is_nonce "$hr_val"; then
        hr_word_of /proc/sys/kernel/random/uuid
        hr_ifs=$IFS
        IFS=-
        set -- "$1" $hr_val
        IFS=$hr_ifs
        hr_why=write hr_temp=$1/id.${hr_dir##*-}
        { printf '%s\n' "$2$3$4$5$6" >"$hr_temp"; } 2>/dev/null &&
            ln "$hr_temp" "$1/id" 2>/dev/null
        rm -f "$hr_temp" 2>/dev/null
        [ ! -e "$1/id" ] || hr_why="unsafe $1/id"
        hr_word_of "$1/id"
        hr_is_nonce "$hr_val" || return 1
    fi
    hr_id=$hr_val hr_why=
}

# The run's directory $2/$3, made with `open` ($1); hr_is: open, norun, closed.
hr_find_run() {
    hr_run=$2/$3 hr_is=norun
    if [ "$1" = open ] && [ ! -d "$hr_run" ] && [ ! -e "$hr_run.closed" ]; then
        hr_expire
        hr_run=$2/$3
        mkdir -p "$hr_run" 2>/dev/null
    fi
    # Asked after it was made: who closes a run makes its tombstone first.
    if [ -e "$hr_run.closed" ]; then rmdir "$hr_run" 2>/dev/null; hr_is=closed; return 0; fi
    if [ -d "$hr_run" ]; then hr_is=open; return 0; fi
    [ "$1" = open ] || return 0
    hr_why=write
    return 1
}

# Runs that nobody has touched for 35 days, and of which nobody lives; some of them at a time. And
# what a clean-up that was cut short has left.
hr_expire() {
    set +f
    set -- "$hr_root"/*/*.gone
    set -f
    [ ! -d "$1" ] || rm -rf "$@" 2>/dev/null
    set +f
    set -- "$hr_root"/*/*-*
    set -f
    [ -e "$1" ] || return 0
    hr_text=$(find "$@" -prune -type d -mtime +35 2>/dev/null)
    hr_round=0
    for hr_old in $hr_text; do
        hr_is_run "${hr_old##*/}" && [ "$hr_round" -lt 20 ] || continue
        hr_round=$((hr_round + 1)) hr_run=$hr_old
        hr_clean_up
    done
}

# --- claims ----------------------------------------------------------------------------------

# Whether the claim's supervisor lives.
hr_is_watched() {
    set -- $hr_sup
    [ "$#:$3" = "3:$hr_boot" ] && hr_stat "$1" && [ "$hr_start" = "$2" ] || return 1
    case $hr_state in Z | X) return 1 ;; esac
}

# Whether the step's group lives.
hr_is_left() {
    set -- $hr_lead
    [ "$#" = 3 ] || return 1
    # Just forked, it leads no group yet.
    if [ "$3" = "$hr_boot" ] && hr_stat "$1" && [ "$hr_start" = "$2" ]; then
        case $hr_state in Z | X) ;; *) return 0 ;; esac
    fi
    hr_ask_gone "$1" "$2" "$3"
    [ "$hr_gone" != yes ]
}

# The state of claim $1 into hr_is.
hr_see() {
    hr_claim=$hr_run/$1 hr_is=absent
    if [ -d "$hr_claim" ]; then
        hr_know
        case $hr_gate in
        run) hr_see_started ;;
        void) hr_is=void ;;
        *)
            # Of another boot its `run` may have been lost in a crash.
            hr_is=claimed
            [ -z "$hr_sup" ] || [ "${hr_sup##* }" = "$hr_boot" ] || hr_is=lost
            ;;
        esac
    fi
    [ -d "$hr_run" ] || { hr_is=norun; [ ! -e "$hr_run.closed" ] || hr_is=closed; }
}

# Its record is read again once its supervisor is gone: the end may have come in between.
hr_see_started() {
    hr_is=running
    [ -n "$hr_end" ] || ! hr_is_watched || return 0
    [ -n "$hr_end" ] || hr_know
    hr_is=done
    [ -z "$hr_end" ] || return 0
    hr_is=orphan
    hr_is_left || hr_is=lost
}

# Makes sure that claim $1 never starts, if it can; fails with what it is in hr_is.
hr_void() {
    hr_see "$1"
    case $hr_is in
    void) return 0 ;;
    absent | claimed)
        mkdir "$hr_claim" 2>/dev/null
        hr_note void
        hr_see "$1"
        ;;
    esac
    [ "$hr_is" = void ]
}

# Whether another attempt of claim $1's step lives: hr_other. What was only claimed is voided.
hr_is_busy() {
    hr_name=$1
    set +f
    set -- "$hr_run/${1%.*}".*
    set -f
    for hr_other in "$@"; do
        hr_other=${hr_other##*/}
        [ "${hr_other%.*}" = "${hr_name%.*}" ] && [ "$hr_other" != "$hr_name" ] || continue
        hr_is_claim "$hr_other" || continue
        hr_void "$hr_other" && continue
        hr_other=${hr_other##*.}
        case $hr_is in running | orphan | claimed) return 0 ;; esac
    done
    return 1
}

# Whether something of another run of the same plan lives here: hr_other is its claim. What was
# only claimed is voided. Runs of a plan are never led at once, so once there is nothing there won't
# be.
hr_is_elsewhere() {
    [ "$hr_alone" != "$hr_run" ] || return 1
    hr_mine=$hr_run
    set +f
    set -- "${hr_run%-*}"-*/*
    set -f
    for hr_sibling in "$@"; do
        hr_run=${hr_sibling%/*} hr_other=${hr_sibling##*/}
        [ "$hr_run" != "$hr_mine" ] && hr_is_claim "$hr_other" || continue
        hr_void "$hr_other" && continue
        case $hr_is in running | orphan | claimed) hr_run=$hr_mine; return 0 ;; esac
    done
    hr_run=$hr_mine hr_alone=$hr_mine
    return 1
}

# --- starting --------------------------------------------------------------------------------

# detach NONCE FLAGS CLAIM TIMEOUT GRACE LIMIT, and the items of a run after it.
hr_detach() {
    hr_name=$4 hr_timeout=$5 hr_grace_of_step=$6 hr_limit=$7 hr_bad= hr_then=hr_claim_it
    if [ -z "$hr_run" ]; then
        hr_bad='nospool none'
    elif [ -n "$hr_synced" ] && [ ! -d "$hr_work" ] && [ -d "$hr_run" ]; then
        # A step has removed it, with what we had put there.
        hr_bad=nodir
    else
        hr_sync || hr_bad=write
    fi
    hr_at=$hr_work
    hr_run "$2" "$3"
    hr_at=$hr_dir
}

# Copies what was staged since to where steps find it. Each file is put in place by one rename, as
# it was for us.
hr_sync() {
    [ -n "$hr_unsynced" ] && [ -d "$hr_run" ] || return 0
    hr_rc=0
    umask 077
    hr_sync_all $hr_unsynced || hr_rc=1
    umask "$hr_mask"
    [ "$hr_rc" != 0 ] || hr_synced="$hr_synced $hr_unsynced" hr_unsynced=
    return "$hr_rc"
}

hr_sync_all() {
    while [ "$#" -gt 0 ]; do
        hr_folder_of=${1%/*} hr_text= hr_rest=
        for hr_val in "$@"; do
            if [ "${hr_val%/*}" != "$hr_folder_of" ]; then
                hr_rest="$hr_rest $hr_val"
            elif [ -f "$hr_dir/$hr_val" ]; then
                case "$hr_text " in *" $hr_val "*) ;; *) hr_text="$hr_text $hr_val" ;; esac
            fi
        done
        [ -z "$hr_text" ] || hr_sync_folder $hr_text || return 1
        set -- $hr_rest
    done
}

# Files $@ of the folder $hr_folder_of. `in/spool.sh` and the like are of no use to a step.
hr_sync_folder() {
    hr_temp=$hr_work/.new
    # From inside, so that a run that is moved away just now isn't made again.
    [ -d "$hr_work" ] || mkdir "$hr_work" || return 1
    [ -d "$hr_work/$hr_folder_of" ] && [ -d "$hr_temp" ] ||
        (cd "$hr_work" && exec mkdir -p "./$hr_folder_of" .new) || return 1
    (cd "$hr_dir" && exec cp "$@" "$hr_temp/") || return 1
    hr_ifs=$hr_folder_of
    for hr_val in "$@"; do
        shift
        set -- "$@" "$hr_temp/${hr_val##*/}"
    done
    mv -f "$@" "$hr_work/$hr_folder_of/"
} 2>/dev/null

# All that is needed is here; "$@" are the step's words and variables.
hr_claim_it() {
    hr_see "$hr_name"
    [ "$hr_is" = absent ] || { hr_forget; hr_say "$hr_n claim $hr_is"; return; }
    if hr_is_busy "$hr_name"; then hr_forget; hr_say "$hr_n claim busy $hr_other"; return; fi
    if hr_is_elsewhere; then hr_forget; hr_say "$hr_n claim elsewhere $hr_other"; return; fi
    hr_claim=$hr_run/$hr_name
    umask 077
    if mkdir "$hr_claim" 2>/dev/null; then hr_launch "$@"; else hr_lose; fi
    umask "$hr_mask"
}

# Somebody else has made the claim, or nobody could.
hr_lose() {
    hr_forget
    hr_see "$hr_name"
    if [ "$hr_is" = absent ]; then hr_say "$hr_n err write"; else hr_say "$hr_n claim $hr_is"; fi
}

# The claim is ours. Who closes the run makes its tombstone first, and looks at claims then.
hr_launch() {
    if [ -e "$hr_run.closed" ] || hr_is_asked; then
        hr_forget
        hr_void "$hr_name"
        hr_say "$hr_n claim $hr_is"
        return
    fi
    trap : $hr_signals
    hr_rc=4
    # A secret has no name any more once it is open.
    { hr_forget; (hr_apart_from_us "$@"); hr_rc=$?; } 2>/dev/null 4<"$hr_in"
    trap '' $hr_signals
    hr_forget
    [ -d "$hr_dir/out" ] && [ ! -e "$hr_dir/out/stop" ] || exit 0
    hr_see "$hr_name"
    if [ "$hr_is" = void ]; then hr_say "$hr_n claim void"; return; fi
    hr_turn=0
    # Ended by a signal we don't know whether a supervisor has been started; where a gate can't even
    # be written we have to wait for it.
    while ! hr_void "$hr_name" && [ "$hr_is" = claimed ]; do
        if [ "$hr_rc" -lt 128 ] || { [ "$hr_turn" -gt 20 ] && ! hr_is_watched; }; then break; fi
        hr_doze
    done
    case $hr_is:$hr_rc in
    void:* | claimed:*)
        if hr_is_asked; then hr_say "$hr_n claim $hr_is"; return; fi
        case $hr_rc in
        3) hr_say "$hr_n err write" ;;
        4) hr_say "$hr_n err nostdin" ;;
        *) hr_say "$hr_n err nostart" ;;
        esac
        ;;
    *) hr_await "$hr_name" 0 0 ;;
    esac
}

# Whether a cancel has come for this request.
hr_is_asked() { [ -e "$hr_out.stop" ]; }

# Starts the supervisor in a session of its own, and waits for it: this shell can be ended by a
# signal, and so the waiting, while the worker goes on. Not by `&`, which would take INT and QUIT
# away from it and from the step; nor as the last command, which a shell may become.
hr_apart_from_us() {
    hr_argc=$# hr_vars=0
    while [ "$hr_argc" -gt 0 ]; do
        hr_val=$1
        shift
        case $hr_val in
        eLC_ALL=*) hr_lc=${hr_val#e} ;;
        e*) hr_vars=$((hr_vars + 1)); export "hr_e$hr_vars=${hr_val#e}" ;;
        *) set -- "$@" "${hr_val#a}" ;;
        esac
        hr_argc=$((hr_argc - 1))
    done
    cd "$hr_work" && ! hr_is_halted || exit
    set -- sh "$hr_dir/in/supervisor.sh" "$hr_claim" "$hr_timeout" "$hr_grace_of_step" "$hr_limit" \
        "$hr_flags" "$hr_vars" "$hr_lc" "$hr_mask" "$hr_boot" "$hr_apart" "${SHLVL-}" "$@"
    case $hr_apart in
    */python3) set -- -c "import os, sys; os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])" "$@" ;;
    */perl) set -- -e 'use POSIX; POSIX::setsid(); exec { $ARGV[0] } @ARGV' -- "$@" ;;
    esac
    "$hr_apart" "$@" <&4 >/dev/null 4<&-
    exit "$?"
}

# --- waiting ---------------------------------------------------------------------------------

# await CLAIM OUT ERR. Signals end only the nap: a shell that handles one while it reads a file may
# lose what it reads.
hr_await() {
    hr_turn=0
    while hr_see "$1"; [ "$hr_is" = running ]; do
        if hr_is_asked; then hr_cancel; fi
        hr_doze
    done
    if [ "$hr_is" = done ]; then hr_tell "$2" "$3"; else hr_say "$hr_n claim $hr_is"; fi
}

hr_cancel() { [ -n "$hr_wish" ] || hr_note cancel; }

# A nap, long ones later; the whole shell ends with its session.
hr_doze() {
    [ -d "$hr_dir/out" ] && [ ! -e "$hr_dir/out/stop" ] || exit 0
    hr_turn=$((hr_turn + 1))
    trap : $hr_signals
    if [ "$hr_turn" -le 5 ]; then hr_nap 0.02
    elif [ "$hr_turn" -le 50 ]; then hr_nap
    elif [ "$hr_turn" -le 100 ]; then hr_nap 0.5
    else hr_nap 1
    fi
    trap '' $hr_signals
}

# The end of a step that is done, its output from byte $1 and $2 on.
hr_tell() {
    hr_out=$hr_claim/output hr_given=none
    hr_rc=${hr_end%% *}
    hr_say "$hr_n spooled ${hr_end#* }"
    hr_say "$hr_n begin"
    hr_say "$hr_n begin" >&2
    hr_bytes out "$1"
    hr_bytes err "$2" >&2
    hr_give
    hr_say "$hr_n end $hr_rc" >&2
    hr_say "$hr_n end $hr_rc - $hr_given"
}

hr_bytes() {
    [ -s "$hr_claim/$1" ] || return 0
    if [ "$2" = 0 ]; then
        cat "$hr_claim/$1" 2>/dev/null </dev/null
    else
        tail -c "+$(($2 + 1))" "$hr_claim/$1" 2>/dev/null </dev/null
    fi
}

# --- ending ----------------------------------------------------------------------------------

# endclaim CLAIM SECONDS
hr_end_claim() {
    hr_see "$1"
    case $hr_is in
    running)
        hr_cancel
        hr_now
        hr_limit=$((hr_up + $2)) hr_turn=0
        while hr_see "$1"; [ "$hr_is" = running ] && [ "$hr_up" -lt "$hr_limit" ]; do
            hr_doze
            hr_now
        done
        ;;
    orphan)
        set -- "$1" "$2" $hr_lead
        [ "$#:$5" = "5:$hr_boot" ] || return
        # Just forked, it leads no group yet.
        hr_turn=0
        while hr_stat "$3" && [ "$hr_start:$hr_pgrp" != "$4:$3" ] && [ "$hr_turn" -lt 50 ]; do
            [ "$hr_start" = "$4" ] || break
            hr_doze
        done
        hr_end_group "$3" "$4" "$5" "$2"
        hr_see "$1"
        ;;
    esac
}

# Removes the run, unless some of its steps live: hr_living is how many, or yes.
hr_clean_up() {
    hr_count_living
    [ "$hr_living" = 0 ] || return 0
    { true >"$hr_run.closed"; } 2>/dev/null || return 1
    # Again: a claim that was made before the tombstone is seen now, one that comes later sees it.
    hr_count_living
    [ "$hr_living" = 0 ] || { rm -f "$hr_run.closed"; return 0; }
    hr_living=yes
    [ -d "$hr_run" ] || return 0
    rm -rf "$hr_run.gone" 2>/dev/null
    mv "$hr_run" "$hr_run.gone" 2>/dev/null || return 1
    rm -rf "$hr_run.gone" 2>/dev/null
    return 0
}

hr_count_living() {
    hr_living=0
    set +f
    set -- "$hr_run"/*.*
    set -f
    for hr_other in "$@"; do
        hr_is_claim "${hr_other##*/}" && [ -d "$hr_other" ] || continue
        hr_void "${hr_other##*/}" && continue
        case $hr_is in running | orphan | claimed) hr_living=$((hr_living + 1)) ;; esac
    done
}
