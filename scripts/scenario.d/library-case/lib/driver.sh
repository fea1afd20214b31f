# What the scripts of storctl.disable and storctl.install share. Read after lib/output.sh.
# shellcheck shell=sh

# is_fast: whether the mail store greets within 400 ms, the quickest of five.
is_fast() {
    look_at_latency imapd-sim 1143 400
    printf 'imapd-sim: %s, %s ms\n' "$state" "${latency:-none}"
    [ "$state" = fast ]
}
