# SPDX-License-Identifier: Apache-2.0
# rows: C5 C7 C14
# Two qwaved serve the same pairs from one PostgreSQL while now one of them, now the server is killed. The checker reads only what clients
# received: no key is given twice, both ends of a pair hold the same, every key that a master got can be fetched; and a kill of a qwaved costs
# at most the block it had open for each pair. The long form (`make torture`: QWAVE_TORTURE_S=600) also stops processes for longer than their turn lasts.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/postgres.sh"

need_postgres
torture_s=${QWAVE_TORTURE_S:-0}
# Under sanitizers every start takes many seconds; there centre.turn and store.store_postgres do the same in one process.
[ "$torture_s" != 0 ] || [ "${QWAVE_SEEDS:-10}" -ge 10 ] || skip "runs in release builds only"
seed=${QWAVE_TEST_SEED:-$$}
RANDOM=$seed
block=64
kills=0        # of qwaved
server_kills=0 # of PostgreSQL
echo "seed $seed"

make_postgres
start_postgres
"$bin/qwave" init --port 0 --source kernel --database "$postgres_uri" "$site/centre" >/dev/null
declare -A url_of=()

# Keeps its port over restarts.
start_node() {
    [ -e "$site/$1.yaml" ] || {
        grep -v '^\(block_keys\|stock_keys\|listen_port\):' "$site/centre/qwaved.yaml"
        printf 'block_keys: %d\nstock_keys: 6000\nwindow_ms: 3600000\nlisten_port: 0\n' $block
    } >"$site/$1.yaml"
    start "$1" qwaved --config "$site/$1.yaml"
}
node_is_ready() {
    local port
    port=$(ready "$1")
    url_of[$1]=https://127.0.0.1:$port
    sed -i "s/^listen_port:.*/listen_port: $port/" "$site/$1.yaml"
}
start_node a
start_node b
node_is_ready a
node_is_ready b
url=${url_of[a]}
for sae in alice bob carol; do
    admin certificate sae $sae --certificate "$site/$sae.pem" --key "$site/$sae.key" >/dev/null
done
admin device add alice --kind application --owner test --peer bob >/dev/null
url=${url_of[b]}
admin device add bob --kind application --owner test --peer carol >/dev/null
admin device add carol --kind application --owner test >/dev/null

spent() {
    admin status --json | jq '.keys_ingested - .keys.stored'
}
spent_before=$(spent)

calls() {
    curl --silent --max-time 20 --cert "$site/$1.pem" --key "$site/$1.key" --cacert "$site/centre/ca/ca.pem" -w '\n' "${@:2}" 2>/dev/null || true
}

# master SAE SLAVE NUMBER NODE: hundreds of requests on each connection, until the file "over" is there.
master() {
    while [ ! -e "$site/over" ]; do
        calls "$1" "${url_of[$4]}/api/v1/keys/$2/enc_keys?number=$3&round=[1-12]" >>"$site/got.$1.$2.$3.$4"
        sleep 0.7 # no more keys than can be fetched in the end
    done
}

# pairs FILE...: lines "id key" out of answers, whole or cut.
pairs() {
    grep -oah '"key_ID":"[0-9a-f-]*","key":"[A-Za-z0-9+/=]*"' "$@" | sed 's/"key_ID":"\([^"]*\)","key":"\([^"]*\)"/\1 \2/'
}

# slave SAE MASTER NODE: fetches at one node what was given at the other.
slave() {
    local other=a
    [ "$3" = b ] || other=b
    while [ ! -e "$site/over" ]; do
        for got in "$site/got.$2.$1".*."$other"; do
            [ -e "$got" ] && tail -n 15 "$got"
        done >"$site/seen.$1.$3" || true
        pairs "$site/seen.$1.$3" | cut -d' ' -f1 | tail -n 30 |
            sed "s|.*|url = \"${url_of[$3]}/api/v1/keys/$2/dec_keys?key_ID=&\"|" >"$site/asked.$1.$3" || true
        [ ! -s "$site/asked.$1.$3" ] || calls "$1" -K "$site/asked.$1.$3" >>"$site/fetched.$1.$3"
        sleep 0.7
    done
}

workers=()
end_workers() {
    local status=$?
    touch "$site/over" 2>/dev/null || true
    return "$status"
}
trap 'end_workers || false; clean_up' EXIT # clean_up looks at the status
for node in a b; do
    master alice bob 5 $node & workers+=($!)
    master bob carol 3 $node & workers+=($!)
    slave bob alice $node & workers+=($!)
    slave carol bob $node & workers+=($!)
done

answers() {
    cat "$site"/got.*."$1" 2>/dev/null | grep -c '"key"' || true
}
# goes_on NODE: it gives keys.
goes_on() {
    local wanted deadline=$((SECONDS + 60))
    wanted=$(($(answers "$1") + 20))
    while [ "$(answers "$1")" -lt "$wanted" ]; do
        [ "$SECONDS" -lt "$deadline" ] || fail "node $1 gives no keys"
        sleep 0.2
    done
}

goes_on a
goes_on b
kill_node() {
    stop "$1" KILL
    kills=$((kills + 1))
    start_node "$1"
    node_is_ready "$1"
}
kill_server() {
    kill_postgres
    server_kills=$((server_kills + 1))
    sleep "0.$((RANDOM % 6))"
    start_postgres
}
# Longer than its turn lasts: the other one goes on, and it comes back as if nothing had been.
stop_for_a_while() {
    kill -STOP "${pid[a]}"
    sleep 12
    goes_on b
    kill -CONT "${pid[a]}"
}
for fault in "kill_node a" kill_server "kill_node b" kill_server; do
    $fault
    sleep "0.$((RANDOM % 10))"
done
end=$((SECONDS + torture_s))
while [ "$SECONDS" -lt "$end" ]; do
    case $((RANDOM % 6)) in
    0 | 1) kill_node a ;;
    2) kill_node b ;;
    3 | 4) kill_server ;;
    5) stop_for_a_while ;;
    esac
    sleep "$((RANDOM % 3)).$((RANDOM % 10))"
    [ $((RANDOM % 3)) != 0 ] || goes_on a
done
goes_on a
goes_on b
touch "$site/over"
wait "${workers[@]}"

echo "what the clients received"
pairs "$site"/got.* | sort >"$site/all"
given=$(wc -l <"$site/all")
[ "$given" -ge 500 ] || fail "only $given keys were given"
[ -z "$(cut -d' ' -f1 "$site/all" | uniq -d)" ] || fail "an id was given twice"
[ -z "$(cut -d' ' -f2 "$site/all" | sort | uniq -d)" ] || fail "a key was given twice"
pairs "$site"/fetched.* | sort -u >"$site/slaves"
fetched=$(wc -l <"$site/slaves")
[ "$fetched" -ge 50 ] || fail "the slaves fetched only $fetched keys under load"
[ -z "$(cut -d' ' -f1 "$site/slaves" | uniq -d)" ] || fail "a slave got two keys for one id"
[ -z "$(comm -13 "$site/all" "$site/slaves")" ] || fail "a slave got a key that no master has: $(comm -13 "$site/all" "$site/slaves" | wc -l)"

echo "every key of every master can be fetched, at whichever node"
# fetch_all SLAVE MASTER NODE: in calls of 100.
fetch_all() {
    local body
    pairs "$site/got.$2.$1".* | cut -d' ' -f1 | sort | comm -23 - <(cut -d' ' -f1 "$site/slaves") | sed 's/.*/{"key_ID":"&"}/' |
        xargs -n 100 | sed 's/{key_ID:\([0-9a-f-]*\)}/{"key_ID":"\1"}/g; s/ /,/g' | while read -r body; do
        calls "$1" -H 'Content-Type: application/json' -d "{\"key_IDs\":[$body]}" "${url_of[$3]}/api/v1/keys/$2/dec_keys"
    done >"$site/rest.$1"
    ! grep -q message "$site/rest.$1" || fail "$1 is refused: $(grep -m 1 message "$site/rest.$1")"
}
fetch_all bob alice a
fetch_all carol bob b
pairs "$site"/rest.* "$site"/fetched.* | sort -u >"$site/slaves"
cmp -s "$site/all" "$site/slaves" || fail "the two ends differ in $(comm -3 "$site/all" "$site/slaves" | wc -l) keys of $given"

echo "none of them lies in the database's files or in a log"
# scan WORD...: files under the database's folder, and logs, that hold one of the words; options of grep first.
scan() {
    LC_ALL=C grep -rla "$@" "$site/pg" "$site/a.log" "$site/b.log" "$site/pg.log" || true
}
cut -d' ' -f2 "$site/all" | shuf -n 40 --random-source="$site/all" >"$site/some"
while read -r key; do
    base64 -d <<<"$key" | od -An -v -tx1 | tr -d ' \n'
    echo
done <"$site/some" >"$site/some.hex"
[ "$(wc -l <"$site/some.hex")" = 40 ] || fail "no keys to look for"
[ -z "$(scan -F -f "$site/some")" ] || fail "a key in base64 in $(scan -F -f "$site/some")"
[ -z "$(scan -F -i -f "$site/some.hex")" ] || fail "a key in hex in $(scan -F -i -f "$site/some.hex")"
raw=$(sed 's/../\\x&/g' "$site/some.hex" | paste -sd'|')
[ -z "$(scan -P "$raw")" ] || fail "a key in $(scan -P "$raw")"
base64 -d <"$site/some" >"$site/pg/planted" # and the search finds what is there
[ "$(scan -P "$raw")" = "$site/pg/planted" ] || fail "the search finds nothing"
rm "$site/pg/planted"

# What left the store and never reached anybody. Each node has a block open for each of two pairs, at its kill and in the end; answers on their
# way hold at most 8 keys of a pair. A lease whose answer the server's death has cut may be durable and unknown to its node: a block for each node.
lost=$(($(spent) - spent_before - given))
[ "$lost" -ge 0 ] || fail "more keys were received than have left the store: $lost"
[ "$lost" -le $((2 * (block + 8) * (kills + 2) + 2 * block * server_kills)) ] ||
    fail "$lost keys are lost after $kills kills of qwaved and $server_kills of PostgreSQL"
echo "$given keys, $fetched fetched under load, $kills kills of qwaved, $server_kills of PostgreSQL: none twice, none different, $lost in blocks that were open"
