# Small functions for every script of this library. A script reads them with `. ./lib/output.sh`.
# shellcheck shell=sh

# People log in with all sorts of paths; this is root's own on Debian.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL

# give NAME VALUE: one output of the step. By hand, without Handrail, it is printed.
give() {
    give_value=$(printf '%s' "$2" | tr '\n\t\r' '   ')
    if [ -n "${HANDRAIL_OUTPUT:-}" ]; then
        printf '%s=%s\n' "$1" "$give_value" >>"$HANDRAIL_OUTPUT"
    else
        printf 'output: %s=%s\n' "$1" "$give_value"
    fi
}

# fail TEXT: the step failed, and why.
fail() {
    printf '%s\n' "$*" >&2
    exit 2
}

# cannot_look TEXT: a guard's answer when it has no way to know.
cannot_look() {
    printf '%s\n' "$*" >&2
    exit 77
}

# heading TEXT: starts a part of the evidence.
heading() {
    printf '\n== %s\n' "$*"
}

# whole_number NAME VALUE: refuses anything but digits, so that arithmetic is safe.
whole_number() {
    case $2 in
    '' | *[!0-9]*) fail "$1 must be a whole number, not '$2'" ;;
    esac
}
