# The demo's story: real commands, real output. Read by scripts/demo after stage.sh.
# shellcheck shell=bash disable=SC2154,SC2016,SC2115  # scripts/demo sets what is not set here

# together COMMAND…: runs command lines beside each other, without a word unless one fails.
together() {
    local line pids=() pid failed=0 log
    log=$(mktemp)
    for line in "$@"; do
        bash -c "$line" >>"$log" 2>&1 &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
    [ "$failed" -eq 0 ] || cat "$log"
    rm -f "$log"
    return "$failed"
}

plant_faults() {
    together "fleet fault disk-full mbx01" "fleet fault config-drift hub01" \
        "fleet fault config-drift edge01" "fleet fault config-broken-check edge02" \
        "fleet exec hub02 'postconf -e \"defer_transports = smtp\" && postfix reload'" || return
    cat <<'TEXT'
   mbx01          its logs have filled the disk
   hub01, edge01  somebody changed the mail limits by hand
   edge02         the same, and its check refuses what was agreed
   hub02          nothing is broken: a colleague holds its mail back on purpose
TEXT
}

# write_page FILE NAME INSTANCE SUMMARY: an alert, as Alertmanager's webhook sends it.
write_page() {
    cat >"$demo/$1" <<JSON
{"alerts": [{"status": "firing", "startsAt": "$(date -u +%Y-%m-%dT%H:%M:00Z)",
  "labels": {"alertname": "$2", "instance": "$3:9100", "severity": "page"},
  "annotations": {"summary": "$4"}}]}
JSON
}

scene_full_disk() {
    scene "Scene 1: an alert at night"
    write_page page.json LogFilesystemFull mbx01 "/var/log on mbx01 is full"
    tell "Monitoring has sent an alert, and a ticket is open: INC-4711. You are on call, and no" \
        "expert for mail. What can be done about it?"
    try 0 cat .demo/page.json
    try 0 handrail alert .demo/page.json --ticket INC-4711
    tell "One runbook fits. What do users see, and what does its article say?"
    on mbx01 "df -h /var/log; imapd-sim --probe 'APPEND x'"
    try 0 handrail show disk.full
    tell "A plan is a dry run: it looks at the server, step by step, and changes nothing."
    try 0 handrail plan disk.full --alert=.demo/page.json
    tell "That is what you want. The command to type was beside the alert. On a terminal 'run' shows" \
        "the plan again and has you type the target's name; --yes is for scripts, such as this one."
    try 0 handrail run disk.full --alert=.demo/page.json --on mbx01 --ticket INC-4711 --yes
    tell "It looked for the symptom again, and says 'resolved' because that is gone. Users see it too:"
    on mbx01 "df -h /var/log; imapd-sim --probe 'APPEND x'"
    scene_ends
}

scene_wrong_target() {
    scene "Scene 2: the wrong server"
    tell "Without an alert there are words: 'handrail find' looks through symptoms and articles."
    try 0 handrail find mail queue
    tell "Names are mistyped at night. A near miss is suggested, never picked:"
    try 3 handrail run disk.full --on mbx1 --yes
    tell "A runbook says which servers it is for. This one is for Postfix, and mbx01 has none:"
    try 3 handrail run postfix.stuck-queue --on mbx01 --yes
    tell "And the worst case: hub02 is the right kind of server, but hub01 was meant. On hub02 a" \
        "colleague holds mail back on purpose, and the fix would undo that. No mail is stuck there," \
        "though, so the symptom is missing, and nothing is started:"
    try 4 handrail run postfix.stuck-queue --on hub02 --yes
    on hub02 "postconf defer_transports"
    scene_ends
}

scene_one_fails() {
    scene "Scene 3: several servers, and one where the fix doesn't work"
    tell "Some hubs and edges have other mail limits than agreed. First the plan, over all of them:"
    try 0 handrail plan config.mail-limits --limit 'role in [hub, edge]'
    tell "Two at a time, and no further one after two failures:"
    try 5 handrail run config.mail-limits --limit 'role in [hub, edge]' --yes
    tell "Three things are told apart: what was right already, what was mended, and the one server" \
        "whose own check refused the file. That one is as it was before. What did it say?"
    try 0 handrail logs last --failed
    tell "Nothing that you may do helps edge02. It goes to tier 3, with everything that was done:"
    try 0 handrail escalate last --note "edge02 refuses the agreed limits: its ceiling is 100"
    try 0 sh -c 'head -n 20 .demo/home/escalations/*/pack.md'
    scene_ends
}

scene_afterwards() {
    scene "Scene 4: afterwards"
    tell "Everything is in the journal: who, where, how it ended, and whether it helped."
    try 0 handrail history
    tell "And what still waits for somebody is one word away:"
    try 0 handrail
    scene_ends
}

scene_the_record() {
    scene "Scene 5: the record"
    tell "All of it is also in a git repository of signed commits, for whoever asks in two years."
    try 0 handrail audit log
    tell "Stock git tells the story, and finds the signatures good:"
    in_trail log -4 --format='%h %ad %s' --date=iso-strict
    in_trail -c gpg.ssh.allowedSignersFile=.demo/allowed_signers verify-commit HEAD
    try 0 handrail audit verify --trail .demo/home/trail.git
    tell "Somebody with root changes one byte of a copy of it:"
    if change_one_byte; then try 10 handrail audit verify --trail .demo/tampered.git; fi
    scene_ends
}

# in_trail ARGUMENTS…: stock git on the trail, shown as a person would type it.
in_trail() {
    git --git-dir "$demo/home/trail.git" show HEAD:meta/allowed_signers >"$demo/allowed_signers"
    try 0 git --git-dir .demo/home/trail.git "$@"
}

# Flips one bit in the events of the last but one commit, in a copy of the trail.
change_one_byte() {
    local copy=$demo/tampered.git path object byte
    rm -rf "$copy"
    cp -R "$demo/home/trail.git" "$copy" || return
    path=$(git --git-dir "$copy" diff-tree -r --name-only --diff-filter=A HEAD~1 | grep '^events/')
    object=$(git --git-dir "$copy" rev-parse "HEAD~1:${path##*$'\n'}") || return
    object=objects/${object:0:2}/${object:2}
    byte=$(od -An -tu1 -j 60 -N 1 "$copy/$object") || return
    chmod u+w "$copy/$object" &&
        printf '%b' "\\0$(printf %o $((byte ^ 1)))" |
        dd of="$copy/$object" bs=1 seek=60 conv=notrunc status=none || return
    printf '\n   one bit of .demo/tampered.git/%s\n' "$object"
}

# break_more: what is left to be tried is made ready while the last scenes look at records alone.
break_more() {
    write_page slow.json ServerLatencyHigh mbx01 "a log-in on mbx01 takes 160 ms, for five minutes"
    together "fleet heal config-broken-check edge02" "fleet fault service-hangs mbx02" \
        "fleet fault slow-driver mbx01" \
        "fleet fault mail-queue hub01" \
        "fleet exec hub02 'postconf -X defer_transports && postfix reload'" >"$demo/broken.log" 2>&1 &
    breaking=$!
}

leave_up() {
    wait "$breaking" || { surprises=$((surprises + 1)) && cat "$demo/broken.log"; }
    printf '\n%s== Your turn%s\n' "$strong" "$plain"
    cat <<TEXT

The servers stay up until 'scripts/demo stop'. Three are broken now, and wait for you:
  mbx01  it is slow, and the runbook for that won't help
  mbx02  its mail service runs and answers nobody
  hub01  mail piles up

  . .demo/env                                     in this shell: handrail, fleet, and where all is
  handrail alert .demo/slow.json                  an alert: run what fits, and when it doesn't help,
                                                  escalate it
  handrail run service.hangs --on mbx02           asks you, restarts it, asks whether it helped
  handrail run postfix.stuck-queue --on hub01
  handrail                                        what waits for you
  handrail run disk.full --on mbx02               the wrong server: look what it says

  ssh -F .demo/fleet/ssh_config mbx02             log in (root), and look around
  fleet fault list                                break something else: fleet fault NAME TARGET
  fleet down edge01                               power off; 'fleet up edge01' brings it back

The runbooks are in .demo/library, a git repository: edit one, 'handrail validate --working-tree',
commit, plan, run. docs/tutorial.md writes one from the start.
TEXT
}
