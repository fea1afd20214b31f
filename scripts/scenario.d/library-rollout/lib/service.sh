# What the scripts of limits.raise share.
# shellcheck shell=sh

notes=/var/lib/server-notes

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

# note WORD: keeps what was done here, and when, in the server's own words: what others say that they
# did is compared with it.
note() { printf '%s %s\n' "$(date +%s%N)" "$1" >>"$notes"; }

serves() { imapd-sim --probe NOOP "$@" >/dev/null 2>&1; }
