# What the demo does before its story, and how it shows commands. Read by scripts/demo.
# shellcheck shell=bash disable=SC2154,SC2016,SC2115  # scripts/demo sets what is not set here

surprises=0
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    strong=$'\e[1m' faint=$'\e[2m' bad=$'\e[31m' plain=$'\e[0m'
else
    strong="" faint="" bad="" plain=""
fi

# phase TITLE WHAT FUNCTION: says what comes, does it, says how long it took; ends the demo if it fails.
phase() {
    local since=$EPOCHREALTIME
    printf '\n%s== %s%s  %s%s%s\n' "$strong" "$1" "$plain" "$faint" "$2" "$plain"
    "$3" || {
        printf '%sdemo: "%s" failed; the lines above say why%s\n' "$bad" "$1" "$plain" >&2
        exit 1
    }
    printf '   %stook %s%s\n' "$faint" "$(since "$since")" "$plain"
}

since() {
    awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f s", b - a }'
}

# scene TITLE, then tell TEXT…: the parts of the story.
scene() {
    if [ -n "$step" ] && [ -n "${scenes:-}" ]; then
        printf '\n%s[Enter goes on]%s ' "$faint" "$plain"
        read -r _ || step=""
    fi
    scenes=yes
    scene_began=$EPOCHREALTIME
    printf '\n%s== %s%s\n' "$strong" "$1" "$plain"
}
scene_ends() { printf '\n   %stook %s%s\n' "$faint" "$(since "$scene_began")" "$plain"; }
tell() { printf '\n%s\n' "$*" | fold -s -w 100 | sed 's/ *$//'; }

# quoted WORD…: the words as a person would type them.
quoted() {
    local word line=""
    for word in "$@"; do
        case $word in
            *[!A-Za-z0-9@%+=:,./_-]* | "") line+=" '${word//\'/\'\\\'\'}'" ;;
            *) line+=" $word" ;;
        esac
    done
    printf '%s' "${line# }"
}

# try CODE COMMAND…: shows the command, runs it, and compares its exit code with the one expected.
try() {
    local expected=$1 code=0
    shift
    printf '\n%s$ %s%s\n' "$strong" "$(quoted "$@")" "$plain"
    "$@" </dev/null 2>&1 || code=$?
    [ "$code" -eq 0 ] || printf '%s[exit code %s]%s\n' "$faint" "$code" "$plain"
    if [ "$code" -ne "$expected" ]; then
        surprises=$((surprises + 1))
        printf '%sdemo: exit code %s was expected here%s\n' "$bad" "$expected" "$plain"
    fi
}

# on TARGET LINE: what a person sees who logs in there.
on() {
    printf '\n%s$ ssh -F .demo/fleet/ssh_config %s %s%s\n' "$strong" "$1" "$(quoted "$2")" "$plain"
    ssh -n -F "$demo/fleet/ssh_config" "$1" "$2" 2>&1 || true
}

set_up() {
    scripts/setup || return
    echo "   everything is there: $(swift --version 2>/dev/null | grep -o 'Swift version [0-9.]*' | head -n 1)"
}

build() {
    local log=$root/.build/demo-build.log
    mkdir -p "$root/.build"
    if is_built; then
        echo "   nothing has changed since it was built"
    elif ! swift build --product handrail >"$log" 2>&1; then
        grep -E 'error:' "$log" | head -n 20
        tail -n 5 "$log"
        return 1
    fi
    echo "   $("$root/.build/debug/handrail" --version) (debug) in .build/debug"
}

# Whether no source is younger than the program; a file that was removed makes its folder younger.
is_built() {
    local program=$root/.build/debug/handrail
    [ -x "$program" ] && [ -e "$root/Package.resolved" ] \
        && [ -z "$(find "$root/Package.swift" "$root/Package.resolved" "$root/Sources" \
            -newer "$program" -print -quit)" ]
}

start_fleet() {
    [ ! -e "$demo/fleet" ] || scripts/fleet stop --dir "$demo/fleet" >/dev/null || return
    mkdir -p "$demo"
    scripts/fleet start --network auto --dir "$demo/fleet" | sed -n '1s/^/   /p'
    return "${PIPESTATUS[0]}"
}

# The library outlives a second demo, for what people have committed; the inventory is the fleet's.
make_library() {
    local library=$demo/library
    if [ ! -d "$library/.git" ]; then
        rm -rf "$library"
        cp -R runbooks "$library" && rm -f "$library"/inventory/*.yaml || return
        git -C "$library" init -q -b main || return
    fi
    cp "$demo/fleet/inventory.yaml" "$library/inventory/fleet.yaml" || return
    commit_library || return
    rm -rf "$demo/home" "$demo/bin"
    mkdir -p "$demo/bin"
    ln -s "$root/.build/debug/handrail" "$demo/bin/handrail"
    printf '#!/bin/sh\nverb=$1\nshift\nexec %s "$verb" --dir %s "$@"\n' \
        "'$root/scripts/fleet'" "'$demo/fleet'" >"$demo/bin/fleet"
    chmod 755 "$demo/bin/fleet"
    cat >"$demo/env" <<TEXT
# For a shell that is to try Handrail on the demo's servers:  . .demo/env
export HANDRAIL_LIBRARY='$library'
export HANDRAIL_HOME='$demo/home'
export HANDRAIL_SSH_CONFIG='$demo/fleet/ssh_config'
export PATH='$demo/bin':"\$PATH"
TEXT
    # shellcheck source=/dev/null
    . "$demo/env"
    echo "   .demo/library at commit $(git -C "$library" rev-parse --short HEAD)"
}

commit_library() {
    local library=$demo/library
    git -C "$library" add -A inventory || return
    if ! git -C "$library" rev-parse -q --verify HEAD >/dev/null; then
        git -C "$library" add -A || return
    elif git -C "$library" diff --cached --quiet; then
        return 0
    fi
    git -C "$library" -c user.name="Handrail demo" -c user.email=demo@example.invalid \
        commit -q -m "The inventory of the servers that are up"
}
