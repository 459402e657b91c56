# SPDX-License-Identifier: Apache-2.0
# rows: A1
# Keys in the kernel's keyrings, read by a small program at each end while they change: what it reads together belongs together, both ends have the same
# bytes under one id, and no other user reads them. One end's keys are another user's where that can be tried. A link that is stopped has no
# keyring; a key that its agent does not look after any more is forgotten by the kernel at its hard lifetime.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/link.sh"

command -v keyctl >/dev/null || skip "no keyctl"
probe=$(keyctl add user "qwave-probe-$$" x @u 2>"$site/keyctl.err") || skip "the kernel gives no keyring here: $(cat "$site/keyctl.err")"
keyctl unlink "$probe" @u
keyring=qwave-test-$$
user=-1 # of site-b's keys
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null && other_keyring=$(keyctl get_persistent @s 65534 2>/dev/null); then
    keyctl unlink "$other_keyring" @s 2>/dev/null || true
    user=65534
fi
# as SAE COMMAND...: as the user whose keys they are, with a session keyring of its own.
as() {
    local sae=$1
    shift
    if [ "$sae" = site-b ] && [ $user != -1 ]; then
        setpriv --reuid $user --regid $user --clear-groups keyctl session - "$@" 2>/dev/null
    else
        "$@"
    fi
}

# The program: it looks the keyring up once, takes all from that, and begins again when it is gone meanwhile.
cat >"$site/reader" <<'READER'
#!/bin/sh
# reader KEYRING WHICH [persistent]: "KEY-ID KEY-IN-HEX", what a program of one's own does
top=@u
[ "${3:-}" != persistent ] || top=$(keyctl get_persistent @s) || exit 1
for try in 1 2 3 4 5; do
    ring=$(keyctl search "$top" keyring "$1" 2>/dev/null) || exit 1
    id=$(keyctl search "$ring" user "$1:$2-id" 2>/dev/null) && id=$(keyctl pipe "$id" 2>/dev/null) || continue
    key=$(keyctl search "$ring" user "$1:$2" 2>/dev/null) && key=$(keyctl pipe "$key" 2>/dev/null | od -An -v -tx1 | tr -d ' \n') || continue
    [ ${#key} = 64 ] && echo "$id $key" && exit 0
done
exit 1
READER
chmod 755 "$site" "$site/reader"
read_key() { # SAE WHICH
    if [ "$1" = site-b ] && [ $user != -1 ]; then
        as site-b "$site/reader" "$keyring-$1" "$2" persistent
    else
        as "$1" "$site/reader" "$keyring-$1" "$2"
    fi
}

make_links
agent_lines[site-a]="sink: keyring
keyring: $keyring-site-a
hard_s: 3600"
agent_lines[site-b]="sink: keyring
keyring: $keyring-site-b
user: $user
hard_s: 3600"
drain_s=0.5
rekey_s=1800
start_agent site-b
start_agent site-a
blocked() {
    [ "$(link_status site-a blocked)" = true ]
}
take_away() { # what a failed run leaves in the kernel
    keyctl unlink "$(keyctl search @u keyring "$keyring-site-a" 2>/dev/null)" @u 2>/dev/null || true
    clean_up
}
trap take_away EXIT
steady_within $ready_s || fail "no key: $(state_of site-a), $(state_of site-b)"

echo "three changes, with readers at both ends all the while (site-b's keys are of user $user)"
(
    while [ ! -e "$site/over" ]; do
        for sae in site-a site-b; do
            read_key $sae current >>"$site/read-$sae" || echo "$sae" >>"$site/nothing"
            read_key $sae other >>"$site/read-$sae" || true
        done
        sleep 0.1
    done
) &
reader=$!
for turn in 1 2 3; do
    before=$(state_of site-a | cut -d' ' -f2)
    link_rotate site-a site-b
    steady_within $ready_s "$before" || fail "change $turn does not end"
done
touch "$site/over"
wait $reader
[ ! -e "$site/nothing" ] || fail "a reader found no key in use"
now=$(state_of site-a | cut -d' ' -f2)
[ "$(read_key site-a current)" = "$(read_key site-b current)" ] || fail "the ends differ"
[ "$(read_key site-a current | cut -d' ' -f1)" = "$now" ] || fail "not the key that status shows"
! read_key site-a other >/dev/null || fail "the key of before stays"
cat "$site"/read-site-? | sort -u >"$site/pairs"
[ "$(wc -l <"$site/pairs")" -ge 2 ] || fail "the readers saw no change"
[ -z "$(cut -d' ' -f1 "$site/pairs" | uniq -d)" ] || fail "two keys under one id"
[ -z "$(cut -d' ' -f2 "$site/pairs" | sort | uniq -d)" ] || fail "one key under two ids"
echo "$(wc -l <"$site/pairs") keys in $(cat "$site"/read-site-? | wc -l) readings"

if [ $user != -1 ]; then
    echo "no other user reads them"
    ring=$(keyctl search @u keyring "$keyring-site-a")
    key=$(keyctl search "$ring" user "$keyring-site-a:current")
    ! as site-b keyctl pipe "$key" >/dev/null || fail "another user reads a key"
fi

echo "an agent that starts again gives a key no longer life, and without its agent the kernel forgets it"
stop qwaved
stop site-a
stop site-b
agent_lines[site-a]+=0 # 36000 s
start_agent site-a
[ "$(read_key site-a current | cut -d' ' -f1)" = "$now" ] || fail "the key is lost by a start"
stop site-a KILL
[ "$(read_key site-a current | cut -d' ' -f1)" = "$now" ] || fail "the key is lost with the agent"
left=$(sed -n "s/^[0-9a-f]* [^ ]* *[0-9]* *\([0-9]*[smhdw]\|perm\|expd\) .*$keyring-site-a:current: .*/\1/p" /proc/keys)
case $left in
*m | *s) ;; # of an hour, as it was
*) fail "the kernel does not count the key's life: $left" ;;
esac

echo "a link that is stopped has no keyring"
for sae in site-a site-b; do
    agent_lines[$sae]="sink: keyring
keyring: $keyring-$sae"
done
agent_lines[site-b]+="
user: $user"
start_agent site-b
start_agent site-a
shorten_lives
none() {
    ! read_key site-a current >/dev/null && ! read_key site-b current >/dev/null
}
within $ready_s none || fail "a key goes on over its hard lifetime"
within $ready_s blocked || fail "not blocked"

echo "keys for the kernel alone"
stop site-a
stop site-b
agent_lines[site-a]="sink: keyring
keyring: $keyring-site-a
key_type: logon"
agent_lines[site-b]="${agent_lines[site-b]%hard_s:*}"
rekey_s=3600
sed -i "s/^listen_port:.*/listen_port: ${url##*:}/" "$site/centre/qwaved.yaml"
start_centre
start_agent site-b
start_agent site-a
link_rotate site-a site-b
steady_within $ready_s || fail "no key: $(state_of site-a)"
key=$(keyctl search "$(keyctl search @u keyring "$keyring-site-a")" logon "$keyring-site-a:current") || fail "no key of type logon"
! keyctl pipe "$key" >/dev/null 2>&1 || fail "a program reads a key of the kernel's"
