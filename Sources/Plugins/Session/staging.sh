# Handrail's attached session, the target's end: files are put in place (docs/session-protocol.md,
# section 4). Part of the library: session.sh calls what is here, and its rules hold here too.

# A path that may be staged: plain characters, no way out of the directory.
hr_is_path() {
    case $1 in *[!A-Za-z0-9._/-]*) return 1 ;; esac
    case /$1/ in *//* | */./* | */../* | */-*) return 1 ;; esac
    [ "${#1}" -le 200 ] || return 1
    case $1 in scripts/* | files/* | lib/* | in/* | secret/*) return 0 ;; esac
    return 1
}

# The absolute path of staged file $1 into hr_abs; fails when it isn't there. For a detached step,
# hr_at is where its copies are.
hr_find() {
    case $1 in
    secret/*) hr_abs=$hr_sec/${1#secret/} ;;
    *) hr_abs=$hr_at/$1 ;;
    esac
    [ -f "$hr_abs" ] && [ -r "$hr_abs" ]
}

# Exactly $1 bytes of standard input to standard output; all are read even if none can be written.
hr_take() {
    [ "$1" -gt 0 ] || return 0
    if [ -z "$hr_full" ]; then
        dd bs=1 count=1 iflag=fullblock </dev/null >/dev/null 2>&1 && hr_full=yes || hr_full=no
    fi
    if [ "$hr_full" = yes ]; then
        dd "bs=$1" count=1 iflag=fullblock 2>/dev/null
    else
        dd bs=1 "count=$1" 2>/dev/null | { cat 2>/dev/null || cat >/dev/null; }
    fi
}

# put NONCE BYTES MODE MORE PATH: whatever goes wrong, exactly BYTES bytes leave standard input.
hr_put() {
    hr_is_number "$2" && [ "$2" -le 1048576 ] && hr_is_path "$5" || hr_refuse "$1"
    case $3:$4 in 600:more | 600:last | 700:more | 700:last) ;; *) hr_refuse "$1" ;; esac
    hr_why=
    if [ "$hr_path" != "$5" ]; then
        hr_path=$5 hr_total=0 hr_temp=$hr_dir/out/in
        case $5 in secret/*) hr_secret_dir; hr_temp=$hr_sec/.in ;; esac
        [ -n "$hr_why" ] || { true >"$hr_temp"; } 2>/dev/null || hr_why=write
    fi
    hr_sink=/dev/null
    if [ -z "$hr_why" ]; then
        { true >>"$hr_temp"; } 2>/dev/null && hr_sink=$hr_temp || hr_why=write
    fi
    hr_take "$2" >>"$hr_sink"
    hr_rc=$?
    [ "$hr_rc" -lt 128 ] || hr_end
    [ "$hr_rc" = 0 ] || hr_why=${hr_why:-write}
    hr_total=$((hr_total + $2))
    if [ -z "$hr_why" ] && [ "$4" = last ]; then hr_place "$3" "$5" || hr_why=write; fi
    if [ -n "$hr_why" ]; then
        hr_path=
        rm -f "$hr_temp" 2>/dev/null
        hr_pass "reply $1 err $hr_why"
    else
        [ "$4" = more ] || hr_path=
        hr_pass "reply $1 put $hr_total"
    fi
}

# Moves the finished file to its path $2 with mode $1, if all of it is on the disk.
hr_place() {
    hr_find "$2"
    [ "$(wc -c <"$hr_temp")" -eq "$hr_total" ] && [ ! -d "$hr_abs" ] || return 1
    [ -d "${hr_abs%/*}" ] || hr_folder "$2" || return 1
    [ "$1" = 600 ] || chmod "$1" "$hr_temp" || return 1
    hr_staged="$hr_staged $2"
    mv -f "$hr_temp" "$hr_abs"
} 2>/dev/null

# text NONCE|- LINES PATH: a short text file, without a fork; its place is final when it is answered.
hr_text() {
    hr_is_number "$2" && [ "$2" -le 1024 ] && hr_is_path "$3" || hr_refuse "$1"
    case $3 in secret/*) hr_refuse "$1" ;; esac
    hr_why= hr_total=0 hr_lines=$2 hr_path=
    hr_find "$3"
    [ -d "${hr_abs%/*}" ] || hr_folder "$3"
    hr_sink=$hr_abs hr_staged="$hr_staged $3"
    { true >"$hr_abs"; } 2>/dev/null || hr_sink=/dev/null hr_why=write
    while [ "$hr_lines" -gt 0 ]; do
        IFS= read -r hr_line || hr_end
        printf '%s\n' "$hr_line" 2>/dev/null >&3 || hr_why=write
        hr_total=$((hr_total + ${#hr_line} + 1)) hr_lines=$((hr_lines - 1))
    done 3>"$hr_sink"
    # Without a nonce nothing is answered: what could not be written must not be there at all.
    if [ -n "$hr_why" ]; then rm -rf "$hr_abs" 2>/dev/null || hr_end; fi
    [ "$1" != - ] || return 0
    [ -n "$hr_why" ] && hr_pass "reply $1 err $hr_why" || hr_pass "reply $1 put $hr_total"
}

# The folder of staged path $1. From where we stand: were our directory gone, somebody else could
# have made one of its name by now.
hr_folder() {
    case $1 in
    secret/*) mkdir -p "${hr_abs%/*}" 2>/dev/null ;;
    *) mkdir -p "./${1%/*}" 2>/dev/null ;;
    esac
}

hr_secret_dir() {
    [ -n "$hr_sec" ] || { hr_why=nosecretdir; return; }
    [ -d "$hr_sec" ] || mkdir "$hr_sec" 2>/dev/null || hr_why=nosecretdir
    hr_pass secret
}
