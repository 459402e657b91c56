# SPDX-License-Identifier: Apache-2.0
# rows: A1
# slow: the centre is away for ten minutes (QWAVE_OUTAGE_S seconds)
# The centre is killed and stays away. Twenty links between two agents, all with their key due every minute: twelve with a long hard lifetime carry on
# with the key they have; four whose hard lifetime passes meanwhile and that fail closed are stopped, four that fail open go on and say so. When the
# centre is back all catch up, in turns; and of all keys that any file ever held none was in it twice, and none was two links'.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/link.sh"

outage_s=${QWAVE_OUTAGE_S:-600}
period_s=$((outage_s < 600 ? (outage_s + 9) / 10 : 60))
hard_s=$((outage_s / 2))
make_links
stop qwaved
sed -i "s/^listen_port:.*/listen_port: ${url##*:}/" "$site/centre/qwaved.yaml"
start_centre

links="$(printf 'long-%d ' $(seq 12)) $(printf 'closed-%d ' 1 2 3 4) $(printf 'open-%d ' 1 2 3 4)"
# settings SAE PEER PORT-OF-THE-PEER
settings() {
    link_head "$1"
    for name in $links; do
        cat <<YAML
  - peer: $2
    link: $name
    address: 127.0.0.1:$3
    rekey_s: $period_s
    heartbeat_s: 2
    drain_s: 1
    retry_s: 2
    sink: psk-file
    file: $site/$1-$name.psk
YAML
        case $name in
        long-*) echo "    hard_s: 86400" ;;
        closed-*) echo "    hard_s: $hard_s" ;;
        open-*) printf '    hard_s: %d\n    fail: open\n' $hard_s ;;
        esac
    done
}
settings site-b site-a 0 >"$site/site-b.yaml"
start site-b qwave-link --config "$site/site-b.yaml"
settings site-a site-b "$(ready site-b)" >"$site/site-a.yaml"
start site-a qwave-link --config "$site/site-a.yaml"
ready site-a >/dev/null

# have SAE NUMBER CONDITION-OF-JQ: so many links of the agent are so.
have() {
    "$bin/qwave-link" status --json --socket "$site/$1.sock" | jq -e "[.links[] | select($3)] | length == $2" >/dev/null
}
# look: what each file holds now, as a hash that stays in this folder.
look() {
    sha256sum "$site"/site-?-*.psk | sed "s,$site/,," >>"$site/seen"
}
# look_until SECONDS: once a second.
look_until() {
    while [ "$SECONDS" -lt "$1" ]; do
        look
        sleep 1
    done
}
well='.state != "DEGRADED" and .alarm == ""'
settled() {
    look
    sleep 0.3
    have site-a 20 "$well" && have site-b 20 "$well"
}
same() { # LINK...
    for name in "$@"; do
        cmp -s "$site/site-a-$name.psk" "$site/site-b-$name.psk" || return 1
    done
}
within $ready_s settled || fail "no keys"
look_until $((SECONDS + period_s + period_s / 2))
within $ready_s settled || fail "the links are not well before the outage"

echo "the centre is killed and stays away for $outage_s s; each key is due every $period_s s, hard lifetimes of eight links are $hard_s s"
stop qwaved KILL
sleep 2 # an answer on its way
before=$("$bin/qwave-link" status --json --socket "$site/site-a.sock" | jq '[.links[].rotations] | add')
began=$SECONDS
cp "$site"/site-a-long-*.psk "$(mkdir "$site/kept" && echo "$site/kept")"
look_until $((began + hard_s / 2))
same $links || fail "the ends differ in the outage"
have site-a 20 '.blocked | not' || fail "a link is stopped before its hard lifetime"
have site-a 20 '.alarm | startswith("no new key")' || fail "no alarm: $("$bin/qwave-link" status --socket "$site/site-a.sock")"
look_until $((began + outage_s))
for sae in site-a site-b; do
    have $sae 4 '.blocked and .fail == "closed" and (.link | startswith("closed-"))' || fail "not the four that fail closed are stopped: $("$bin/qwave-link" status --socket "$site/$sae.sock")"
    have $sae 4 '.state == "DEGRADED" and .fail == "open" and (.blocked | not)' || fail "the four that fail open do not say so"
    have $sae 16 '.blocked | not' || fail "a link is stopped that should go on"
done
same $(printf '%s\n' $links | grep -v '^closed-') || fail "the ends differ after the outage"
for name in $(printf '%s\n' $links | grep '^closed-'); do
    ! same "$name" || fail "$name is not stopped: both ends have one key"
done
for file in "$site"/kept/*; do
    cmp -s "$file" "$site/${file##*/}" || fail "a key changed while there was none"
done
[ "$("$bin/qwave-link" status --json --socket "$site/site-a.sock" | jq '[.links[].rotations] | add')" = "$before" ] || fail "a rotation without the centre"

echo "the centre is back"
start_centre
back=$(date +%s%3N)
caught_up() {
    look
    sleep 0.3
    have site-a 20 "$well and .key_age_s < (now * 1000 - $back) / 1000" && have site-b 20 "$well"
}
within $((4 * period_s + 180)) caught_up || fail "they do not catch up: $("$bin/qwave-link" status --socket "$site/site-a.sock")"
took=$(($(date +%s%3N) - back))
within $ready_s same $links || fail "the ends differ after all"
look_until $((SECONDS + 2 * period_s)) # and go on as before
within $ready_s settled || fail "the links are not well afterwards"
look

echo "of what the files held, none came twice"
# Each file's keys in the order they came; a key that was another's in between has come twice.
awk '{ if (last[$2] != $1) { last[$2] = $1; print $2, $1 } }' "$site/seen" >"$site/changes"
[ -z "$(sort "$site/changes" | uniq -d)" ] || fail "a key came back: $(sort "$site/changes" | uniq -d | cut -d' ' -f1)"
sed 's/^site-.-//' "$site/changes" | sort -u | cut -d' ' -f2 | sort | uniq -d >"$site/shared"
[ ! -s "$site/shared" ] || fail "$(wc -l <"$site/shared") keys were those of two links"
sed -n 's/.*: key \([-0-9a-f]*\) in use.*/\1/p' "$site/site-a.log" >"$site/ids"
[ "$(wc -l <"$site/ids")" -ge 60 ] || fail "only $(wc -l <"$site/ids") rotations"
[ -z "$(sort "$site/ids" | uniq -d)" ] || fail "a key id was used twice"
echo "away for $outage_s s; all 20 links well $((took / 1000)).$((took % 1000 / 100)) s after the centre was back;" \
    "$(wc -l <"$site/ids") keys by id, $(wc -l <"$site/changes") contents of 40 files, none twice"
