# file: hr_mode probe|apply|undo|restore, PATH, content|absent, NEW, MODE, OWNER, GROUP, RUN, STEP,
# CHECK…
hr_mode=$1 hr_path=$2 hr_kind=$3 hr_new=$4 hr_perm=$5 hr_owner=$6 hr_group=$7 hr_run=$8 hr_step=$9
shift 9

# hr_signature: what is at $1, in one line that tells it from anything else, for people too. Of a
# file, hr_meta is mode, owner and group.
hr_sign() {
    hr_meta=
    if [ -L "$1" ]; then
        hr_signature="a symbolic link to $(readlink "$1")"
    elif [ -d "$1" ]; then
        hr_signature='a directory'
    elif [ ! -e "$1" ]; then
        hr_signature=absent
    else
        hr_signature=$(cksum <"$1") && hr_meta=$(stat -c '%a %u:%g' "$1") || return 1
        hr_signature="${hr_signature#* } bytes, checksum ${hr_signature%% *}"
        hr_signature="$hr_signature, mode ${hr_meta% *}, owner ${hr_meta#* }"
    fi
}

hr_dir=${hr_path%/*}
hr_dir=${hr_dir:-/}
hr_blind=2
[ "$hr_mode" != probe ] || hr_blind=77
[ -d "$hr_dir" ] || hr_fail "The directory $hr_dir is not there, or can't be looked into." $hr_blind
[ -x "$hr_dir" ] || hr_fail "The directory $hr_dir can't be looked into." $hr_blind
if [ "$hr_mode" != restore ]; then
    [ ! -L "$hr_path" ] || hr_fail "$hr_path is a symbolic link; name the file it leads to."
    [ ! -d "$hr_path" ] || hr_fail "$hr_path is a directory."
fi
if [ -e "$hr_path" ] && [ ! -d "$hr_path" ]; then
    [ -f "$hr_path" ] || hr_fail "$hr_path is no regular file."
    [ -r "$hr_path" ] || hr_fail "$hr_path can't be read." $hr_blind
fi
hr_sign "$hr_path" || hr_fail "$hr_path can't be looked at." $hr_blind
hr_now=$hr_signature hr_now_perm=${hr_meta% *} hr_now_uid=${hr_meta#* }
hr_now_gid=${hr_now_uid#*:} hr_now_uid=${hr_now_uid%:*}

# hr_show FROM TO NAME: how they differ, on standard output, 64 KiB at most.
hr_show() {
    if command -v diff >/dev/null; then
        diff -u -L "$hr_path (now)" -L "$hr_path ($3)" "$1" "$2" | head -c 65536
    else
        printf '%s: the content differs\n' "$hr_path"
    fi
}

# The content from before, for undoing: the same bytes, mode, owner and times.
hr_backup() {
    [ "$hr_now" = absent ] && return 0
    cp -p "$hr_path" "$hr_state/before" && cmp -s "$hr_path" "$hr_state/before"
}

# hr_place FILE: puts a file made beside hr_path in its place; all that can fail came before.
hr_place() {
    mv -f "$1" "$hr_path" || hr_fail "$hr_path could not be replaced."
    trap - EXIT
    hr_changed yes
}

# A file beside hr_path that goes when this program ends.
hr_make_temp() {
    hr_temp=$(mktemp "$hr_dir/.handrail.XXXXXX") || hr_fail "No file can be made in $hr_dir."
    trap 'rm -f "$hr_temp"' EXIT
    trap 'exit 143' HUP INT TERM
}

# Removes the file; hr_path is remembered as absent before.
hr_remove() {
    rm -f "$hr_path" || hr_fail "$hr_path could not be removed."
    hr_changed yes
    exit 0
}

# The file that stands for what is, or was, at hr_path: /dev/null for nothing.
hr_before() {
    if [ "$hr_found" = absent ]; then echo /dev/null; else echo "$hr_state/before"; fi
}

hr_show_since() {
    hr_text_of "$hr_state/found"
    hr_found=$hr_text
    case $hr_now in
    absent) hr_show /dev/null "$(hr_before)" 'before the run' ;;
    *bytes*) hr_show "$hr_path" "$(hr_before)" 'before the run' ;;
    esac
}

# Puts back what the step found: its content, mode and owner, or no file.
hr_restore() {
    hr_recall
    if [ "$hr_now" = "$hr_found" ]; then
        hr_changed no
        exit 0
    fi
    hr_check_left "$hr_now" "$hr_path"
    hr_show_since
    hr_record - "$hr_found"
    [ "$hr_found" != absent ] || hr_remove
    hr_make_temp
    cp -p "$hr_state/before" "$hr_temp" && { sync "$hr_temp" 2>/dev/null || :; } &&
        hr_sign "$hr_temp" && [ "$hr_signature" = "$hr_found" ] ||
        hr_fail "$hr_path can't be made as it was ($hr_found): disk full, or another owner's? Nothing was undone."
    hr_place "$hr_temp"
    exit 0
}

hr_remember "file $hr_path"
[ "$hr_mode" != restore ] || hr_restore
hr_check_left "$hr_now" "$hr_path"

# What is wanted of mode, owner and group; `-` is what isn't said.
hr_said="$hr_perm $hr_owner $hr_group"

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

# What differs, for people. hr_todo: content, meta or nothing.
hr_todo=
hr_differ() {
    if [ "$hr_kind" = absent ]; then
        [ "$hr_now" != absent ] || return 0
        hr_todo=content
        hr_show "$hr_path" /dev/null wanted
        return 0
    fi
    if [ "$hr_now" = absent ]; then
        hr_todo=content
        hr_show /dev/null "$hr_new" wanted
        return 0
    fi
    [ "$hr_perm" = "$hr_now_perm" ] || hr_todo=meta
    [ "$hr_uid:$hr_gid" = "$hr_now_uid:$hr_now_gid" ] || hr_todo=meta
    [ -z "$hr_todo" ] || printf '%s: mode %s owner %s:%s -> mode %s owner %s:%s\n' "$hr_path" \
        "$hr_now_perm" "$hr_now_uid" "$hr_now_gid" "$hr_perm" "$hr_uid" "$hr_gid"
    cmp -s "$hr_path" "$hr_new" && return 0
    hr_todo=content
    hr_show "$hr_path" "$hr_new" wanted
}

# hr_sum FILE: its content's digest, with what this target has for it.
hr_sum() {
    if command -v sha256sum >/dev/null; then
        hr_digest=$(sha256sum <"$1") && hr_digest=sha256:${hr_digest%% *}
    else
        hr_digest=$(cksum <"$1") && hr_digest="checksum ${hr_digest%% *}"
    fi
}

# hr_parts MODE OWNER GROUP: hr_digest with those of them that are said.
hr_parts() {
    hr_text=$hr_digest
    set -- $hr_said "$@"
    [ "$1" = - ] || hr_text="$hr_text, mode $4"
    [ "$2" = - ] || hr_text="$hr_text, owner $5"
    [ "$3" = - ] || hr_text="$hr_text, group $6"
}

# hr_seen: what is to be there and what is, where they differ.
hr_seen() {
    hr_wanted=absent
    if [ "$hr_kind" != absent ]; then
        hr_sum "$hr_new" && hr_parts ${hr_said} && hr_wanted=$hr_text
    fi
    hr_there=absent
    if [ "$hr_now" != absent ]; then
        if [ "$hr_kind" = absent ]; then
            hr_there="there: $hr_now"
        else
            hr_sum "$hr_path" && hr_parts $(stat -c '%a %U %G' "$hr_path") && hr_there=$hr_text
        fi
    fi
    hr_tell_seen "$hr_wanted" "$hr_there"
}

hr_differ
if [ "$hr_mode" = probe ]; then
    [ -n "$hr_todo" ] || exit 0
    hr_seen
    exit 1
fi
if [ -z "$hr_todo" ]; then
    hr_changed no
    exit 0
fi
if [ "$hr_kind" = absent ]; then
    hr_record "$hr_now" absent
    hr_remove
fi

hr_make_temp
dd "if=$hr_new" "of=$hr_temp" bs=65536 conv=fsync 2>/dev/null || cat "$hr_new" >"$hr_temp" ||
    hr_fail "$hr_path could not be written: no space left in $hr_dir? Nothing was changed."
cmp -s "$hr_new" "$hr_temp" ||
    hr_fail "$hr_path could not be written: no space left in $hr_dir? Nothing was changed."
if [ -n "$hr_uid$hr_gid" ]; then
    chown "$hr_uid${hr_gid:+:$hr_gid}" "$hr_temp" ||
        hr_fail "$hr_path can't be given the owner $hr_uid:$hr_gid."
fi
chmod "$hr_perm" "$hr_temp" || hr_fail "$hr_path can't be given the mode $hr_perm."
if [ $# -gt 0 ]; then
    "$@" "$hr_temp" || hr_fail "The new $hr_path did not pass its check (exit status $?); it was not put in place."
fi
hr_sign "$hr_temp" || hr_fail "$hr_temp can't be looked at."
hr_record "$hr_now" "$hr_signature"
hr_place "$hr_temp"
