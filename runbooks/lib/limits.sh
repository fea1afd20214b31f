# What the scripts know about the limits of imapd-sim. Read after lib/output.sh.
# shellcheck shell=sh

# Each prints the limits in one form, `idle_timeout_s=1 max_connections=2 max_message_mib=3`, so
# that they can be compared as text.

limits_wanted() {
    printf 'idle_timeout_s=%s max_connections=%s max_message_mib=%s\n' "$3" "$1" "$2"
}

limits_in_file() {
    sed -n 's/^[[:space:]]*\([a-z_]*\)[[:space:]]*=[[:space:]]*\([0-9]*\)[[:space:]]*$/\1=\2/p' \
        /etc/mail-limits.conf 2>/dev/null | sort | tr '\n' ' ' | sed 's/ $//'
}

limits_in_use() {
    limits_line=$(imapd-sim --probe STATUS 2>/dev/null | sed -n 's/^\* STATUS //p')
    [ -n "$limits_line" ] || return 1
    printf '%s\n' "$limits_line"
}
