# What a run changed on this target is remembered until somebody removes it, so that undoing can
# put it back, and can see whether anybody has changed it since. Each name starts with hr_.

# hr_remember KIND NAME: makes hr_state, the directory for one thing of run hr_run.
hr_remember() {
    if [ "$(id -u)" = 0 ]; then hr_state=/var/lib/handrail-undo; else hr_state=$HOME/.handrail/undo; fi
    hr_state=$hr_state/$hr_run/$1/${2#/}
}

hr_fail() {
    printf '%s\n' "$1" >&2
    exit "${2:-2}"
}

# hr_changed yes|no: what the controller is told about an apply.
hr_changed() {
    printf 'changed=%s\n' "$1" >"$HANDRAIL_OUTPUT"
}

# Makes hr_state, for its owner only.
hr_make_state() {
    (umask 077 && mkdir -p "$hr_state") || hr_fail "$hr_state can't be made; nothing was changed."
}

# hr_check_left NOW WHAT: when undoing, the thing must be as the run left it, or as it found it.
hr_check_left() {
    [ "$hr_mode" = undo ] && [ -e "$hr_state/left" ] || return 0
    [ "$1" = "$(cat "$hr_state/left")" ] || [ "$1" = "$(cat "$hr_state/found")" ] || hr_fail \
        "$2 was changed after this run had changed it, so it was not undone. What the run found is kept in $hr_state." 3
}
