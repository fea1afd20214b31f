# What the scripts of tls.expiring know about certificates. Read after lib/output.sh and
# lib/service.sh.
# shellcheck shell=sh disable=SC2034  # what is set here, the scripts read

command -v openssl >/dev/null || cannot_look "there is no openssl to look at certificates with"

# served_certificate SERVICE PORT STARTTLS: prints the certificate that the service itself shows to
# whoever connects, with the ones it sends along; fails when it shows none.
served_certificate() {
    served_pid=$(service_pid "$1") || exit
    [ -n "$served_pid" ] || return 1
    served_address=$(listening_address "$served_pid" "$2")
    case $served_address in
    '') return 1 ;;
    *:*) served_address="[$served_address]" ;;
    esac
    served_begin=
    [ "$3" = none ] || served_begin="-starttls $3"
    # shellcheck disable=SC2086  # two words, or none
    served_said=$(timeout 10 openssl s_client -connect "$served_address:$2" $served_begin \
        -showcerts </dev/null 2>/dev/null |
        sed -n '/^-----BEGIN CERT/,/^-----END CERT/p')
    [ -n "$served_said" ] && printf '%s\n' "$served_said"
}

# fingerprint: prints the SHA-256 of the first certificate on standard input.
fingerprint() {
    openssl x509 -noout -fingerprint -sha256 2>/dev/null | sed -n 's/^.*=//p' | tr -d ':' |
        tr 'A-F' 'a-f'
}

# expires_within DAYS: whether the first certificate on standard input ends within so many days; 2
# when there is none.
expires_within() {
    case $(openssl x509 -noout -checkend $(($1 * 86400)) 2>/dev/null) in
    *'will not expire') return 1 ;;
    *'will expire') return 0 ;;
    *) return 2 ;;
    esac
}

# in_words: prints whose the first certificate on standard input is, and how long it is valid.
in_words() {
    openssl x509 -noout -subject -issuer -serial -dates -ext subjectAltName 2>/dev/null
}

# names_in: prints the subject and the alternative names of a certificate, to be compared.
names_in() {
    openssl x509 -noout -subject -nameopt RFC2253 -ext subjectAltName 2>/dev/null
}

# is_pair CERT KEY: whether the first certificate of CERT is for KEY.
is_pair() {
    pair_key=$(openssl pkey -in "$2" -passin pass: -pubout 2>/dev/null)
    [ -n "$pair_key" ] && [ "$(openssl x509 -in "$1" -noout -pubkey 2>/dev/null)" = "$pair_key" ]
}

# chain_holds CERT ROOTS: whether the first certificate of CERT leads to one of ROOTS, over the ones
# that stand behind it in CERT, now and as a server's. The reason is on standard output.
chain_holds() {
    openssl verify -purpose sslserver -CAfile "$2" -untrusted "$1" "$1" 2>&1
}

# look_at_pair CERT KEY: sets files: missing, a link (another tool keeps it), or plain.
look_at_pair() {
    files=plain
    for pair_file in "$1" "$2"; do
        if [ -L "$pair_file" ]; then
            files="link"
            return
        fi
        [ -f "$pair_file" ] && [ -r "$pair_file" ] || files=missing
    done
}

# kept_beside FILE FINGERPRINT: prints where the old FILE is kept that went with that certificate.
kept_beside() {
    kept_word=$(printf '%.16s' "$2")
    printf '%s.kept-%s\n' "$1" "$kept_word"
}

# put_in_place NEW FILE: FILE becomes a copy of NEW in one move, with the owner and mode it has.
put_in_place() {
    rm -f -- "$2.incoming"
    # Copied first for its owner and mode, then filled: at no time is a key readable by others.
    cp -p -- "$2" "$2.incoming" && cat -- "$1" >"$2.incoming" &&
        { sync "$2.incoming" 2>/dev/null || sync; } && mv -f -- "$2.incoming" "$2"
}
