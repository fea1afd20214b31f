# What the scripts of kernel.noisy-module know about kernel modules. Read after lib/output.sh.
# shellcheck shell=sh disable=SC2034  # what is set here, the scripts read

# module_name NAME: refuses what is no module's name. The kernel writes - as _, and so do we.
module_name() {
    case $1 in
    '' | *[!A-Za-z0-9_-]* | -*) fail "'$1' is no kernel module's name" ;;
    esac
    module=$(printf '%s' "$1" | tr - _)
}

# must_see_modules: answers 77 where the loaded modules can't be seen: no lsmod, or a kernel that was
# built without modules.
must_see_modules() {
    command -v lsmod >/dev/null || cannot_look "there is no lsmod: the package kmod is missing"
    modules=$(lsmod 2>/dev/null) || cannot_look "lsmod can't say which modules this kernel has"
}

# look_at_module: sets is_loaded (yes, no), uses (how often it is in use) and users (which modules
# use it, none).
look_at_module() {
    must_see_modules
    look_line=$(printf '%s\n' "$modules" |
        awk -v name="$module" '$1 == name && NF >= 3 { print $3, $4; exit }')
    is_loaded=no uses=0 users=none
    [ -n "$look_line" ] || return 0
    is_loaded=yes uses=${look_line%% *} users=${look_line#* }
    [ -n "$users" ] || users=none
}

# lines_said SECONDS: prints how many lines of the last so many seconds in the kernel's log begin
# with the module's name; fails when the log can't be read. A driver's messages begin so, or with
# its name and the device: `storctl 0000:03:00.0: …`.
lines_said() {
    command -v dmesg >/dev/null || return 1
    said_all=$(dmesg 2>/dev/null) || return 1
    [ -n "$said_all" ] || return 1
    read -r said_uptime said_idle </proc/uptime
    printf '%s\n' "$said_all" | awk -v now="$said_uptime" -v seconds="$1" -v name="$module" '
        match($0, /^(<[0-9]+>)?\[ *[0-9]+\.[0-9]+\] /) {
            at = substr($0, 1, RLENGTH)
            gsub(/^(<[0-9]+>)?\[ */, "", at)
            if (now - at > seconds) next
            who = substr($0, RLENGTH + 1)
            gsub(/-/, "_", who)
            if (index(who, name) != 1) next
            if (substr(who, length(name) + 1, 1) ~ /[A-Za-z0-9_]/) next
            count++
        }
        END { print count + 0 }'
}

# is_kept_out: whether modprobe's configuration, all of its files together, keeps the module out, both
# when a device asks for it and when another module does.
is_kept_out() {
    command -v modprobe >/dev/null || cannot_look "there is no modprobe: the package kmod is missing"
    kept_config=$(modprobe --showconfig 2>/dev/null) ||
        cannot_look "modprobe can't say how it is configured"
    printf '%s\n' "$kept_config" | tr - _ | awk -v name="$module" '
        $1 == "blacklist" && $2 == name { listed = 1 }
        $1 == "install" && $2 == name && $3 ~ /\/(false|true)$/ { blocked = 1 }
        END { exit !(listed && blocked) }'
}
