# package: hr_mode probe|apply|undo|restore, NAME, present|absent|exactly|previous, VERSION, RUN, STEP
hr_mode=$1 hr_name=$2 hr_want=$3 hr_version=$4 hr_run=$5 hr_step=$6
LC_ALL=C DEBIAN_FRONTEND=noninteractive
export LC_ALL DEBIAN_FRONTEND
hr_blind=2
[ "$hr_mode" != probe ] || hr_blind=77
command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
    hr_fail 'This target has no dpkg and apt: only Debian packages can be installed.' $hr_blind

# hr_now: the installed version, or `absent`.
hr_look() {
    hr_now=$(dpkg-query -W -f='${db:Status-Status} ${Version}' -- "$hr_name" 2>/dev/null)
    case $hr_now in
    'installed '*) hr_now=${hr_now#installed } ;;
    half-* | unpacked* | trig*) hr_fail "The package $hr_name is '$hr_now' here: mend it with 'dpkg --configure -a' first." ;;
    *) hr_now=absent ;;
    esac
}

hr_apt() {
    apt-get -q -y -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confdef \
        -o Dpkg::Options::=--force-confold "$@" </dev/null >&2
}

# The version that apt would install.
hr_candidate() {
    apt-cache policy -- "$hr_name" 2>/dev/null | sed -n 's/^ *Candidate: *//p' | grep -v '^(none)$'
}

hr_remember "package $hr_name"
hr_look
hr_downgrade=
[ "$hr_mode" != restore ] || hr_want=previous
if [ "$hr_want" = previous ]; then
    hr_recall
    hr_downgrade=--allow-downgrades
    hr_want=exactly hr_version=$hr_found
    [ "$hr_version" != absent ] || hr_want=absent
fi
# hr_goal: what must be there; hr_next: what probably will be.
case $hr_want in
absent) hr_goal=absent hr_next=absent ;;
exactly) hr_goal=$hr_version hr_next=$hr_version ;;
*)
    hr_goal=$hr_now hr_next=$hr_now
    if [ "$hr_now" = absent ]; then
        hr_goal=present
        hr_next=$(hr_candidate) || hr_next=present
    fi
    ;;
esac
hr_check_left "$hr_now" "The package $hr_name"
if [ "$hr_mode" = probe ]; then
    hr_seen=$hr_goal
    [ "$hr_want" != present ] || hr_seen=installed
    hr_tell_seen "$hr_seen" "$hr_now"
fi
if [ "$hr_now" = "$hr_goal" ]; then
    [ "$hr_mode" = probe ] || hr_changed no
    exit 0
fi
printf '%s: %s -> %s\n' "$hr_name" "$hr_now" "$hr_next"
[ "$hr_mode" != probe ] || exit 1
[ "$(id -u)" = 0 ] || hr_fail "Packages can only be installed by root: give the runbook 'run_as: root'."
hr_record "$hr_now" "$hr_next"
if [ "$hr_goal" = absent ]; then
    hr_apt remove -- "$hr_name" || hr_fail "apt-get could not remove $hr_name (exit status $?)." 1
else
    hr_spec=$hr_name
    [ "$hr_want" != exactly ] || hr_spec=$hr_name=$hr_version
    apt-cache show -- "$hr_spec" >/dev/null 2>&1 || hr_apt update ||
        hr_fail "apt-get could not read its package lists (exit status $?)." 1
    hr_apt $hr_downgrade install -- "$hr_spec" ||
        hr_fail "apt-get could not install $hr_spec (exit status $?)." 1
fi
hr_look
[ "$hr_now" = "$hr_next" ] || hr_correct "$hr_now"
[ "$hr_goal" = present ] && [ "$hr_now" != absent ] || [ "$hr_now" = "$hr_goal" ] ||
    hr_fail "$hr_name is at $hr_now after all, not at $hr_goal." 1
hr_changed yes
