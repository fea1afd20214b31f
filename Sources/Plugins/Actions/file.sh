# file: hr_mode probe|apply|undo, PATH, content|absent, NEW, MODE, OWNER, GROUP, RUN, CHECK…
hr_mode=$1 hr_path=$2 hr_kind=$3 hr_new=$4 hr_perm=$5 hr_owner=$6 hr_group=$7 hr_run=$8
shift 8

# What is there now, in one line: `absent`, or checksum, permissions and owner of $1.
hr_sign() {
    if [ ! -e "$1" ] && [ ! -L "$1" ]; then
        hr_signature=absent
    else
        hr_signature="$(cksum <"$1") $(stat -c '%a %u %g' "$1")" || return 1
    fi
}

hr_dir=${hr_path%/*}
hr_dir=${hr_dir:-/}
hr_blind=2
[ "$hr_mode" != probe ] || hr_blind=77
[ ! -L "$hr_path" ] || hr_fail "$hr_path is a symbolic link; name the file it leads to."
[ ! -d "$hr_path" ] || hr_fail "$hr_path is a directory."
[ -d "$hr_dir" ] || hr_fail "The directory $hr_dir is not there, or can't be looked into." $hr_blind
[ -x "$hr_dir" ] || hr_fail "The directory $hr_dir can't be looked into." $hr_blind
if [ -e "$hr_path" ]; then
    [ -f "$hr_path" ] || hr_fail "$hr_path is no regular file."
    [ -r "$hr_path" ] || hr_fail "$hr_path can't be read." $hr_blind
fi
hr_sign "$hr_path" || hr_fail "$hr_path can't be looked at." $hr_blind
hr_now=$hr_signature
hr_now_perm= hr_now_uid= hr_now_gid=
if [ "$hr_now" != absent ]; then
    hr_now_perm=$(stat -c %a "$hr_path") hr_now_uid=$(stat -c %u "$hr_path")
    hr_now_gid=$(stat -c %g "$hr_path")
fi

# The numbers of the wanted owner and group; what is not wanted stays.
hr_uid=$hr_now_uid hr_gid=$hr_now_gid
if [ "$hr_owner" != - ]; then
    hr_uid=$(id -u -- "$hr_owner" 2>/dev/null) || hr_fail "There is no account '$hr_owner' here."
fi
if [ "$hr_group" != - ]; then
    hr_gid=$(getent group "$hr_group" 2>/dev/null || grep "^$hr_group:" /etc/group)
    [ -n "$hr_gid" ] || hr_fail "There is no group '$hr_group' here."
    hr_gid=${hr_gid#*:*:} hr_gid=${hr_gid%%:*}
fi
[ "$hr_perm" != - ] || hr_perm=${hr_now_perm:-644}

# What differs, for people: on standard output, 64 KiB at most. hr_todo: content, meta or nothing.
hr_todo=
hr_differ() {
    if [ "$hr_kind" = absent ]; then
        [ "$hr_now" != absent ] || return 0
        hr_todo=content
        hr_show "$hr_path" /dev/null
        return 0
    fi
    if [ "$hr_now" = absent ]; then
        hr_todo=content
        hr_show /dev/null "$hr_new"
        return 0
    fi
    [ "$hr_perm" = "$hr_now_perm" ] || hr_todo=meta
    [ "$hr_uid:$hr_gid" = "$hr_now_uid:$hr_now_gid" ] || hr_todo=meta
    [ -z "$hr_todo" ] || printf '%s: mode %s owner %s:%s -> mode %s owner %s:%s\n' "$hr_path" \
        "$hr_now_perm" "$hr_now_uid" "$hr_now_gid" "$hr_perm" "$hr_uid" "$hr_gid"
    cmp -s "$hr_path" "$hr_new" && return 0
    hr_todo=content
    hr_show "$hr_path" "$hr_new"
}

hr_show() {
    if command -v diff >/dev/null; then
        diff -u -L "$hr_path (now)" -L "$hr_path (wanted)" "$1" "$2" | head -c 65536
    else
        printf '%s: the content differs\n' "$hr_path"
    fi
}

hr_differ
if [ "$hr_mode" = probe ]; then
    [ -n "$hr_todo" ] || exit 0
    exit 1
fi
hr_remember file "$hr_path"
hr_check_left "$hr_now" "$hr_path"
if [ -z "$hr_todo" ]; then
    hr_changed no
    exit 0
fi

# Remembers what was found (once in a run) and what will be left, before anything is changed.
hr_record() {
    hr_make_state
    if [ ! -e "$hr_state/found" ]; then
        [ "$hr_now" = absent ] || cp -p "$hr_path" "$hr_state/before" ||
            hr_fail "No backup of $hr_path could be made; nothing was changed."
        printf '%s\n' "$hr_now" >"$hr_state/found" ||
            hr_fail "No backup of $hr_path could be made; nothing was changed."
    fi
    printf '%s\n' "$1" >"$hr_state/left" || hr_fail "$hr_state can't be written; nothing was changed."
}

if [ "$hr_kind" = absent ]; then
    hr_record absent
    rm -f "$hr_path" || hr_fail "$hr_path could not be removed."
    hr_changed yes
    exit 0
fi

hr_temp=$(mktemp "$hr_dir/.handrail.XXXXXX") || hr_fail "No file can be made in $hr_dir."
trap 'rm -f "$hr_temp"' EXIT
trap 'exit 143' HUP INT TERM
dd "if=$hr_new" "of=$hr_temp" bs=65536 conv=fsync 2>/dev/null || cat "$hr_new" >"$hr_temp" ||
    hr_fail "$hr_path could not be written: no space left in $hr_dir?"
cmp -s "$hr_new" "$hr_temp" || hr_fail "$hr_path could not be written: no space left in $hr_dir?"
if [ -n "$hr_uid$hr_gid" ]; then
    chown "$hr_uid${hr_gid:+:$hr_gid}" "$hr_temp" ||
        hr_fail "$hr_path can't be given the owner $hr_uid:$hr_gid."
fi
chmod "$hr_perm" "$hr_temp" || hr_fail "$hr_path can't be given the mode $hr_perm."
if [ $# -gt 0 ]; then
    "$@" "$hr_temp" || hr_fail "The new $hr_path did not pass its check (exit status $?); it was not put in place."
fi
hr_sign "$hr_temp" || hr_fail "$hr_temp can't be looked at."
hr_record "$hr_signature"
mv -f "$hr_temp" "$hr_path" || hr_fail "$hr_path could not be replaced."
trap - EXIT
hr_changed yes
