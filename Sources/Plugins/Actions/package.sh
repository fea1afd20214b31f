# package: hr_mode probe|apply|undo, NAME, present|absent|exactly|previous, VERSION, RUN
hr_mode=$1 hr_name=$2 hr_want=$3 hr_version=$4 hr_run=$5
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
        -o Dpkg::Options::=--force-confold "$@" </dev/null
}

hr_remember package "$hr_name"
hr_look
hr_downgrade=
[ "$hr_mode" != undo ] || hr_downgrade=--allow-downgrades
if [ "$hr_want" = previous ]; then
    [ -r "$hr_state/found" ] || hr_fail "It isn't known which $hr_name was here before this run." 3
    hr_downgrade=--allow-downgrades
    hr_want=exactly hr_version=$(cat "$hr_state/found")
    [ "$hr_version" != absent ] || hr_want=absent
fi
case $hr_want in
absent) hr_goal=absent ;;
exactly) hr_goal=$hr_version ;;
*)
    hr_goal=$hr_now
    [ "$hr_now" != absent ] || hr_goal=present
    ;;
esac
if [ "$hr_now" != "$hr_goal" ]; then printf '%s: %s -> %s\n' "$hr_name" "$hr_now" "$hr_goal"; fi
if [ "$hr_mode" = probe ]; then
    [ "$hr_now" = "$hr_goal" ] || exit 1
    exit 0
fi
hr_check_left "$hr_now" "The package $hr_name"
if [ "$hr_now" = "$hr_goal" ]; then
    hr_changed no
    exit 0
fi
[ "$(id -u)" = 0 ] || hr_fail "Packages can only be installed by root: give the runbook 'run_as: root'."
hr_make_state
[ -e "$hr_state/found" ] || printf '%s\n' "$hr_now" >"$hr_state/found" ||
    hr_fail "$hr_state can't be written; nothing was changed."
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
printf '%s\n' "$hr_now" >"$hr_state/left"
[ "$hr_goal" = present ] && [ "$hr_now" != absent ] || [ "$hr_now" = "$hr_goal" ] ||
    hr_fail "$hr_name is at $hr_now after all, not at $hr_goal." 1
hr_changed yes
