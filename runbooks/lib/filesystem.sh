# What the scripts of disk.full know about filesystems and logs. Read after lib/output.sh.
# shellcheck shell=sh disable=SC2034,SC2012
# SC2034: what look_at sets, its callers read. SC2012: ls is the portable way to print where the
# links of /proc lead; a path with a line break in it is never acted on.

# look_at FOLDER: sets mounted_on, size_kib, free_percent and inodes_free_percent of the filesystem
# that FOLDER is on. Space reserved for root counts as used, as in the alert.
look_at() {
    [ -d "$1" ] || return 1
    look_line=$(df -P -k "$1" 2>/dev/null | sed -n '2p')
    [ -n "$look_line" ] || return 1
    mounted_on=$(printf '%s\n' "$look_line" | sed 's/^.*[0-9]% //')
    # The fields are counted from the percentage backwards: a device's name may hold spaces.
    look_numbers=$(printf '%s\n' "$look_line" |
        sed -n 's/^.* \([0-9][0-9]*\)  *\([0-9][0-9]*\)  *\([0-9][0-9]*\)  *[0-9]*% .*$/\1 \2 \3/p')
    size_kib=${look_numbers%% *}
    look_free=${look_numbers##* }
    look_used=${look_numbers#* }
    look_used=${look_used% *}
    [ -n "$size_kib" ] && [ $((look_used + look_free)) -gt 0 ] || return 1
    free_percent=$((look_free * 100 / (look_used + look_free)))
    inodes_free_percent=100
    if look_inodes=$(stat -f -c '%c %d' "$1" 2>/dev/null); then
        look_total=${look_inodes% *}
        # btrfs and some network filesystems say 0: they have no fixed number of inodes.
        if [ "$look_total" -gt 0 ]; then
            inodes_free_percent=$((${look_inodes#* } * 100 / look_total))
        fi
    fi
}

# find_log_root FOLDER: sets log_root to the folder of logs on the filesystem that look_at saw, or
# to nothing. Only there is anything ever deleted or shortened: a run on /home finds no logs.
find_log_root() {
    case $mounted_on in
    / | /var) log_root=/var/log ;;
    /var/log | /var/log/* | */log | */logs) log_root=$mounted_on ;;
    *) log_root= ;;
    esac
    [ -n "$log_root" ] || return 0
    if [ ! -d "$log_root" ]; then
        log_root=
        return 0
    fi
    log_root_mount=$(df -P -k "$log_root" 2>/dev/null | sed -n '2s/^.*[0-9]% //p')
    [ "$log_root_mount" = "$mounted_on" ] || log_root=
}

# old_rotated DAYS ACTION...: runs find's ACTION on logs that were rotated and are at least DAYS
# days old. Records of log-ins and the audit daemon's logs are the auditors', and stay.
old_rotated() {
    old_days=$1
    shift
    find "$log_root" -xdev \( -type d \( -name journal -o -name audit \) -prune \) -o \
        -type f ! -name 'wtmp*' ! -name 'btmp*' ! -name 'lastlog*' \
        \( -name '*.[0-9]' -o -name '*.[0-9][0-9]' -o -name '*.[0-9][0-9][0-9]' -o \
        -name '*.old' -o -name '*-[12][0-9][0-9][0-9][01][0-9][0-3][0-9]' -o \
        -name '*[0-9].gz' -o -name '*[0-9].xz' -o -name '*[0-9].bz2' -o -name '*[0-9].zst' \) \
        -mtime "+$((old_days - 1))" "$@"
}

# open_descriptors: one line "PID FD PATH" for each file under log_root that a process holds open; a
# file that was deleted meanwhile has " (deleted)" after its path.
open_descriptors() {
    ls -l /proc/[0-9]*/fd 2>/dev/null | awk -v root="$log_root/" '
        /^\/proc\/[0-9]+\/fd:$/ { split($0, part, "/"); pid = part[3]; next }
        {
            arrow = index($0, " -> ")
            if (!arrow) next
            path = substr($0, arrow + 4)
            if (index(path, root) != 1) next
            before = substr($0, 1, arrow - 1)
            n = split(before, word, " ")
            print pid, word[n], path
        }'
}

# written_logs: "KIB PATH" of logs that a process is writing, the largest first.
written_logs() {
    open_descriptors | while read -r written_pid written_fd written_path; do
        case $written_path in *' (deleted)') continue ;; esac
        is_written "$written_pid" "$written_fd" || continue
        looks_like_log "$written_path" || continue
        du -k "$written_path" 2>/dev/null
    done | sort -u | sort -rn | tr '\t' ' '
}

# deleted_logs: "KIB PID FD PATH" of logs that are deleted but still written, the largest first.
deleted_logs() {
    open_descriptors | while read -r deleted_pid deleted_fd deleted_path; do
        case $deleted_path in *' (deleted)') ;; *) continue ;; esac
        is_written "$deleted_pid" "$deleted_fd" || continue
        looks_like_log "${deleted_path% (deleted)}" || continue
        deleted_kib=$(stat -L -c '%b' "/proc/$deleted_pid/fd/$deleted_fd" 2>/dev/null) || continue
        printf '%s %s %s %s\n' $((deleted_kib / 2)) "$deleted_pid" "$deleted_fd" "$deleted_path"
    done | sort -rn
}

# is_written PID FD: whether the descriptor is open for writing (fdinfo's flags, octal: 1 or 2).
is_written() {
    case $(sed -n 's/^flags:[^0-9]*[0-9]*\([0-9]\)$/\1/p' "/proc/$1/fdinfo/$2" 2>/dev/null) in
    1 | 2) return 0 ;;
    *) return 1 ;;
    esac
}

# looks_like_log PATH: databases, spools and pid files under /var/log are left alone.
looks_like_log() {
    case $1 in
    "$log_root"/audit/* | "$log_root"/journal/*) return 1 ;;
    *.log | *.log.[0-9]* | *.log-[0-9]* | *.err | *.info | *.warn | *.out) return 0 ;;
    esac
    case ${1##*/} in
    syslog* | messages* | maillog* | mail.* | debug* | daemon* | kern* | auth* | user*) return 0 ;;
    *) return 1 ;;
    esac
}

# kib_of COMMAND...: the sum of the first column that the command prints.
kib_of() {
    "$@" | awk '$1 ~ /^[0-9]+$/ { sum += $1 } END { printf "%d\n", sum }'
}
