# What a step changes on this target is remembered, so that undoing can put it back, and can see
# whether anybody has changed it since (docs/semantics.md, "Undo"). Each name starts with hr_.
# hr_top/RUN/STEP/: what, found, left, undone, and for a file its backup `before`.

# For so many days; of the newest so many runs; and always for so many days, whatever their number.
hr_keep_days=35 hr_keep_runs=50 hr_keep_always_days=7
hr_newline='
'

hr_fail() {
    printf '%s\n' "$1" >&2
    exit "${2:-2}"
}

# hr_changed yes|no: what the controller is told about what it asked for.
hr_changed() {
    printf 'changed=%s\n' "$1" >"$HANDRAIL_OUTPUT"
}

# hr_tell_seen EXPECTED ACTUAL: what a look tells the controller, in two lines.
hr_tell_seen() {
    printf 'expected=%s\nactual=%s\n' "$1" "$2" >"$HANDRAIL_OUTPUT"
}

# Whether this is root, by the effective user. Read by hand: a fork costs more.
hr_is_root() {
    hr_uid=
    while read -r hr_word hr_real hr_uid hr_rest && [ "$hr_word" != Uid: ]; do hr_uid=; done \
        2>/dev/null </proc/self/status
    [ "${hr_uid:-$(id -u)}" = 0 ]
}

# hr_text: the text of file $1 without the newlines at its end; empty when it can't be read. The
# same without a fork.
hr_text_of() {
    hr_text= hr_part= hr_gap=
    [ -r "$1" ] || return 0
    while IFS= read -r hr_part || [ -n "$hr_part" ]; do
        hr_gap=$hr_gap$hr_part
        [ -z "$hr_part" ] || hr_text=$hr_text$hr_gap hr_gap=
        hr_gap=$hr_gap$hr_newline
    done <"$1"
}

# hr_remember WHAT: step hr_step of run hr_run is about this one thing; hr_state is its directory.
hr_remember() {
    hr_what=$1
    if hr_is_root; then hr_top=/var/lib/handrail-undo; else hr_top=${HOME:-}/.handrail/undo; fi
    hr_state=$hr_top/$hr_run/$hr_step
}

# hr_private DIR…: makes them for their owner only, or takes those that nobody else can have made.
hr_private() {
    mkdir -m 700 "$@" 2>/dev/null && return 0
    for hr_each in "$@"; do
        [ -d "$hr_each" ] || mkdir -m 700 "$hr_each" 2>/dev/null
        [ -d "$hr_each" ] && [ ! -L "$hr_each" ] && [ -O "$hr_each" ] && chmod 700 "$hr_each" ||
            hr_fail \
                "What was here can't be remembered: $hr_each can't be made (disk full?), or is somebody else's. Nothing was changed."
    done
}

# Makes hr_state. A run's first change here removes what old runs remember.
hr_make_state() {
    if [ "$hr_top" = /var/lib/handrail-undo ]; then
        [ -d /var/lib ] || mkdir -p /var/lib
    else
        [ -d "${HOME:-/none}" ] || hr_fail \
            "What was here can't be remembered: $(id -un) has no home directory. Nothing was changed."
        hr_private "$HOME/.handrail"
    fi
    hr_private "$hr_top"
    [ -d "$hr_top/$hr_run" ] || hr_forget
    if [ -d "$hr_top/$hr_run" ]; then hr_private "$hr_state"; else hr_private "$hr_top/$hr_run" "$hr_state"; fi
}

# Removes what is older than hr_keep_days, and beyond the newest hr_keep_runs runs what is older
# than hr_keep_always_days. Only real directories with a run's name are looked at.
hr_forget() {
    hr_old=$(find "$hr_top" ! -path "$hr_top" -prune -type d -mtime +$((hr_keep_always_days - 1)))
    [ -n "$hr_old" ] || return 0
    hr_oldest=$(find "$hr_top" ! -path "$hr_top" -prune -type d -mtime +$((hr_keep_days - 1)))
    hr_count=1
    ls -t "$hr_top" | while IFS= read -r hr_each; do
        case $hr_each in
        *[!a-z0-9-]*) continue ;;
        r-*) hr_count=$((hr_count + 1)) ;;
        *) continue ;;
        esac
        hr_list=$hr_oldest
        [ "$hr_count" -le "$hr_keep_runs" ] || hr_list=$hr_old
        case $hr_newline$hr_list$hr_newline in
        *"$hr_newline$hr_top/$hr_each$hr_newline"*) rm -rf -- "${hr_top:?}/$hr_each" ;;
        esac
    done
}

# hr_write FILE TEXT: writes a line, and sees that it is there.
hr_write() {
    printf '%s\n' "$2" >"$1" && hr_text_of "$1" && [ "$hr_text" = "$2" ]
}

# hr_keep NAME TEXT: writes a line of hr_state, whole or not at all.
hr_keep() {
    hr_write "$hr_state/$1.new" "$2" && mv -f "$hr_state/$1.new" "$hr_state/$1" && return 0
    rm -f "$hr_state/$1.new"
    return 1
}

# Whether this step remembers what it found of this very thing.
hr_known() {
    [ -r "$hr_state/found" ] && hr_text_of "$hr_state/what" && [ "$hr_what" = "$hr_text" ]
}

# What a step keeps beside the lines; file.sh has its own.
hr_backup() { :; }

# hr_record FOUND LEFT: remembers what the step's first attempt found, and what will be there next.
# To be called before anything is changed. Undoing remembers only what it leaves.
hr_record() {
    hr_full="What was here can't be remembered in $hr_state (disk full?). Nothing was changed."
    if [ "$hr_mode" != apply ]; then
        hr_known || return 0
        hr_keep undone "$2" || hr_fail "$hr_full"
        return 0
    fi
    hr_make_state
    if ! [ -e "$hr_state/found" ]; then
        # `found` comes last: without it nothing of the others counts.
        hr_write "$hr_state/what" "$hr_what" && hr_backup && hr_keep found "$1" || {
            rm -rf -- "${hr_state:?}"
            hr_fail "$hr_full"
        }
    fi
    hr_known || hr_fail "$hr_state remembers something else: $(cat "$hr_state/what"). Nothing was changed."
    hr_keep left "$2" || hr_fail "$hr_full"
    sync "$hr_state"/* 2>/dev/null || :
}

# hr_correct LEFT: the change was made, and left something else than was foreseen.
hr_correct() {
    hr_known || return 0
    hr_file=left
    [ "$hr_mode" = apply ] || hr_file=undone
    hr_keep "$hr_file" "$1" || hr_fail \
        "It was changed, but what is there now can't be remembered in $hr_state (disk full?): undoing will refuse." 1
}

# Ends a restoring that has nothing to go by; hr_found is what the step found.
hr_recall() {
    hr_known || hr_fail \
        "Nothing is remembered here of step $hr_step of run $hr_run: it changed nothing, or that was longer ago than is kept. Nothing was undone." 3
    hr_text_of "$hr_state/found"
    hr_found=$hr_text
}

# hr_show_since: what more can be told when something was changed since; file.sh has its own.
hr_show_since() { :; }

# hr_check_left NOW NAME: undoing touches only what is as the run left it, or as it found it.
hr_check_left() {
    [ "$hr_mode" != apply ] && hr_known || return 0
    for hr_each in left found undone; do
        [ -r "$hr_state/$hr_each" ] || continue
        hr_text_of "$hr_state/$hr_each"
        [ "$1" != "$hr_text" ] || return 0
    done
    hr_show_since
    hr_left='not known: the step was interrupted'
    [ ! -r "$hr_state/left" ] || hr_left=$(cat "$hr_state/left")
    printf 'before the run: %s\nas the run left it: %s\nnow: %s\n' \
        "$(cat "$hr_state/found")" "$hr_left" "$1" >&2
    hr_fail "$2 is not as the run left it: it was changed since. Nothing was undone." 3
}
