# SPDX-License-Identifier: Apache-2.0
# rows: C7 C5 C14
# kill -9 of qwaved while four clients take keys for two pairs and two others fetch them. The checker reads only what clients received: no key and no
# id is given twice, both ends of a pair hold the same, every key that a master got can be fetched; and the books show that a kill costs at most
# what each pair that was being served had leased, `lease_keys`.
source "$(dirname "$0")/site.sh"

kills=4
lease=64
make_centre
sed -i '/^block_keys:/d; /^lease_keys:/d; /^stock_keys:/d' "$site/centre/qwaved.yaml"
# The window stays open: a fetch whose answer a kill has cut can be repeated to the end.
printf 'block_keys: %d\nlease_keys: %d\nstock_keys: 6000\nwindow_ms: 3600000\n' $((lease / 2)) $lease >>"$site/centre/qwaved.yaml"
start_centre
port=${url##*:}
stop qwaved
sed -i "s/^listen_port:.*/listen_port: $port/" "$site/centre/qwaved.yaml"
grep -q '^listen_port:' "$site/centre/qwaved.yaml" || echo "listen_port: $port" >>"$site/centre/qwaved.yaml"
start_centre
application alice bob
application bob carol
application carol

# Keys that have left the store, for whatever reason.
spent() {
    admin status --json | jq '.keys_ingested - .keys.stored'
}
spent_before=$(spent) # the charging station's own card

calls() {
    curl --silent --max-time $ready_s --cert "$site/$1.pem" --key "$site/$1.key" --cacert "$site/centre/ca/ca.pem" -w '\n' "${@:2}" 2>/dev/null || true
}

# While the centre is down nobody asks: the clients would take the processor that the start needs.
wait_while_down() {
    while [ -e "$site/down" ]; do
        sleep 0.1
    done
}

# master SAE SLAVE NUMBER: one connection after the other, hundreds of requests on each, until the file "over" is there.
master() {
    while [ ! -e "$site/over" ]; do
        calls "$1" "$url/api/v1/keys/$2/enc_keys?number=$3&round=[1-300]" >>"$site/got.$1.$2.$3" # what came before a cut counts as well
        wait_while_down
    done
}

# pairs FILE...: lines "id key" out of answers, whole or cut.
pairs() {
    grep -oah '"key_ID":"[0-9a-f-]*","key":"[A-Za-z0-9+/=]*"' "$@" | sed 's/"key_ID":"\([^"]*\)","key":"\([^"]*\)"/\1 \2/'
}

# slave SAE MASTER: fetches what the master got last, again and again.
slave() {
    while [ ! -e "$site/over" ]; do
        pairs "$site/got.$2.$1".* 2>/dev/null | tail -n 20 | sed 's/ .*//' >"$site/wanted.$1" || true
        if [ -s "$site/wanted.$1" ]; then
            sed "s|.*|url = \"$url/api/v1/keys/$2/dec_keys?key_ID=&\"|" "$site/wanted.$1" >"$site/asked.$1"
            calls "$1" -K "$site/asked.$1" >>"$site/fetched.$1" || true
        fi
        wait_while_down
        sleep 0.1
    done
}

workers=()
end_workers() {
    touch "$site/over" 2>/dev/null || true
    rm -f "$site/down"
}
trap 'end_workers; clean_up' EXIT
master alice bob 1 & workers+=($!)
master alice bob 3 & workers+=($!)
master bob carol 1 & workers+=($!)
master bob carol 7 & workers+=($!)
slave bob alice & workers+=($!)
slave carol bob & workers+=($!)
received() {
    [ "$(cat "$site"/got.* 2>/dev/null | wc -l)" -ge "$1" ]
}
for kill in $(seq $kills); do
    before=$(cat "$site"/got.* 2>/dev/null | wc -l)
    within $ready_s received $((before + 150)) || fail "no keys are given before kill $kill"
    sleep "0.$((RANDOM % 5))" # anywhere between two commits
    stop qwaved KILL
    touch "$site/down"
    start_centre
    rm "$site/down"
done
before=$(cat "$site"/got.* | wc -l)
within $ready_s received $((before + 100)) || fail "no keys are given after the last kill"
fetched() {
    pairs "$site"/fetched.* 2>/dev/null | sort -u >"$site/slaves" || true # there may be none
    [ "$(wc -l <"$site/slaves")" -ge 50 ]
}
within $ready_s fetched || fail "the slaves fetch only $(wc -l <"$site/slaves") keys under load"
touch "$site/over"
wait "${workers[@]}"

echo "what the clients received"
pairs "$site"/got.* | sort >"$site/all"
given=$(wc -l <"$site/all")
[ "$given" -ge 1000 ] || fail "only $given keys were given"
[ -z "$(cut -d' ' -f1 "$site/all" | uniq -d)" ] || fail "an id was given twice"
[ -z "$(cut -d' ' -f2 "$site/all" | sort | uniq -d)" ] || fail "a key was given twice"
fetched || fail "what the slaves had fetched is gone"
[ -z "$(cut -d' ' -f1 "$site/slaves" | uniq -d)" ] || fail "a slave got two keys for one id"
[ -z "$(comm -13 "$site/all" "$site/slaves")" ] || fail "a slave got a key that no master has: $(comm -13 "$site/all" "$site/slaves" | wc -l)"

echo "every key of every master can be fetched"
# fetch_all SLAVE MASTER: in calls of 100.
fetch_all() {
    local body
    pairs "$site/got.$2.$1".* | cut -d' ' -f1 | sort | comm -23 - <(cut -d' ' -f1 "$site/slaves") | sed 's/.*/{"key_ID":"&"}/' |
        xargs -n 100 | sed 's/{key_ID:\([0-9a-f-]*\)}/{"key_ID":"\1"}/g; s/ /,/g' | while read -r body; do
        calls "$1" -H 'Content-Type: application/json' -d "{\"key_IDs\":[$body]}" "$url/api/v1/keys/$2/dec_keys" || true
    done >"$site/rest.$1"
    ! grep -q message "$site/rest.$1" || fail "$1 is refused: $(grep -m 1 message "$site/rest.$1")"
}
fetch_all bob alice
fetch_all carol bob
pairs "$site"/rest.* "$site"/fetched.* | sort -u >"$site/slaves"
cmp -s "$site/all" "$site/slaves" || fail "the two ends differ in $(comm -3 "$site/all" "$site/slaves" | wc -l) keys of $given"

# What left the store and never reached anybody: what each of two pairs had leased, at each of the kills and now, and the answers that were on
# their way, at most 8 keys of each pair.
lost=$(($(spent) - spent_before - given))
[ "$lost" -ge 0 ] || fail "more keys were received than have left the store: $lost"
[ "$lost" -le $((2 * (lease + 8) * (kills + 1))) ] || fail "$lost keys are lost after $kills kills: more than a lease of each pair for each"
echo "$given keys, $kills kills: none twice, none different, $lost in leases that were open"
