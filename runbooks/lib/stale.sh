# What the scripts of disk.inodes know about files that may be deleted. Read after lib/output.sh
# and lib/filesystem.sh.
# shellcheck shell=sh disable=SC2034,SC2154,SC2012
# SC2034, SC2154: what is set here, the scripts read, and the other way round. SC2012: ls is the
# portable way to print where the links of /proc lead.

# rule_of FOLDER: sets rule, and for files that the rule is about: name_glob and name_pattern, which
# their names match, and least_hours, their least age. Nothing else is ever deleted. A house adds
# its own kinds here: the folder's name alone is not enough, the files must tell by theirs.
rule_of() {
    rule=none name_glob='' name_pattern='' least_hours=0
    case $1 in
    */sessions | */session)
        rule=php-session least_hours=24
        name_glob='sess_*' name_pattern='sess_[A-Za-z0-9,-]{16,256}'
        ;;
    /tmp | /var/tmp | */upload-tmp)
        rule=php-upload least_hours=24
        name_glob='php??????' name_pattern='php[A-Za-z0-9]{6}'
        ;;
    */tmp)
        # A Maildir's tmp: who delivers gives up after 24 hours, and after 36 anybody may delete.
        [ -d "${1%/*}/cur" ] && [ -d "${1%/*}/new" ] || return 0
        rule=maildir-tmp least_hours=36
        name_glob='[0-9]*.*' name_pattern='[0-9]{9,}\.[A-Za-z0-9_,=:+.-]+'
        ;;
    esac
}

# enter FOLDER: goes there, unless a link stands anywhere in the path. From then on `.` is that
# folder, whatever someone puts in its place.
enter() {
    cd -P -- "$1" 2>/dev/null && [ "$(pwd -P)" = "$1" ]
}

# stale_names HOURS: prints the files of the folder we are in that rule_of's rule is about, of at
# least that age, each as ./NAME, and none that a process holds open.
stale_names() {
    stale_hours=$1
    [ "$stale_hours" -ge "$least_hours" ] || stale_hours=$least_hours
    stale_open=$(ls -l /proc/[0-9]*/fd 2>/dev/null | awk -v root="$PWD/" '{
            arrow = index($0, " -> ")
            if (arrow && index(path = substr($0, arrow + 4), root) == 1)
                print "./" substr(path, length(root) + 1)
        }' | sort -u)
    # A name with a line break would be read as two.
    find . -maxdepth 1 -type f -name "$name_glob" ! -name '*
*' -mmin "+$((stale_hours * 60 - 1))" | grep -E "^\./$name_pattern\$" |
        grep -Fvx -e "${stale_open:-nothing is open}"
    return 0
}

# entries_of FOLDER...: "COUNT FOLDER" of all folders on their filesystem, the fullest first.
entries_of() {
    find "$@" -xdev 2>/dev/null | awk '
        { sub("/[^/]*$", ""); if (!($0 in count)) all[++n] = $0; count[$0]++ }
        END { for (i = 1; i <= n; i++) if (all[i] != "") print count[all[i]], all[i] }' | sort -rn
}
