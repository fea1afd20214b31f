# Handrail on a target: the record of one claim (docs/detached-steps.md, section 2). Part of what
# asks for it (spool.sh) and of what keeps it (supervisor.sh); the rules of session.sh hold.

# What the claim's record says: hr_gate (run, void or nothing), hr_sup and hr_lead (PID START BOOT),
# hr_wish (whether somebody asks for its end), hr_end (what came of it). Each line was added in one
# write, and the first of `run` and `void` holds; a line that isn't whole isn't one yet.
hr_know() {
    hr_gate= hr_sup= hr_lead= hr_wish= hr_end=
    { while read -r hr_word hr_val; do
        case $hr_gate:$hr_word in
        *:sup) hr_sup=$hr_val ;;
        :run) hr_gate=run hr_lead=$hr_val ;;
        :void) hr_gate=void ;;
        *:cancel) hr_wish=yes ;;
        run:end) hr_end=$hr_val ;;
        esac
    done <"$hr_claim/record"; } 2>/dev/null
}

# Adds line $1 to the claim's record.
hr_note() { { printf '%s\n' "$1" >>"$hr_claim/record"; } 2>/dev/null; }
