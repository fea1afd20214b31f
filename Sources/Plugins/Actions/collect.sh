# collect: PATH, LIMIT. A file's first and last bytes, LIMIT in all; its size as an output.
hr_path=$1 hr_limit=$2
[ -f "$hr_path" ] || hr_fail "$hr_path is no regular file, or is not there." 1
hr_size=$(($(wc -c <"$hr_path"))) || hr_fail "$hr_path can't be read." 1
printf 'size=%s\n' "$hr_size" >"$HANDRAIL_OUTPUT"
if [ "$hr_size" -le "$hr_limit" ]; then
    head -c "$hr_limit" <"$hr_path"
else
    head -c "$((hr_limit / 2))" <"$hr_path"
    tail -c "$((hr_limit - hr_limit / 2))" <"$hr_path"
fi
