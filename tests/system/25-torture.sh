# SPDX-License-Identifier: Apache-2.0
# rows: C5 C7 C14
# Two qwaved serve the same pairs from one PostgreSQL while now one of them, now the server is killed. The checker reads only what clients
# received: no key is given twice, both ends of a pair hold the same, every key that a master got can be fetched; and a kill of a qwaved costs
# at most the lease it had open for each pair. The long form (`make torture`: until QWAVE_TORTURE_KEYS keys are given, or QWAVE_TORTURE_S seconds
# are over) asks for 128 keys at a time and also stops processes for longer than their turn lasts.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/postgres.sh"
source "$(dirname "$0")/torture.sh"

need_postgres
torture_s=${QWAVE_TORTURE_S:-0}
torture_keys=${QWAVE_TORTURE_KEYS:-1000000}
# Under sanitizers every start takes many seconds; there centre.turn and store.store_postgres do the same in one process.
[ "$torture_s" != 0 ] || [ "${QWAVE_RELEASE:-yes}" = yes ] || skip "runs in release builds only"
seed=${QWAVE_TEST_SEED:-$$}
RANDOM=$seed
lease=64
number=5        # keys of a request of alice
other_number=3  # of bob
rounds=12       # requests of a connection
pause=0.7       # seconds between connections
patience_s=20   # of a client
chunk=200000    # bytes of answers that a slave looks at at a time
behind_max=1000000
stock=6000
if [ "$torture_s" != 0 ]; then
    lease=256
    number=128
    other_number=64
    rounds=32
    pause=0.2
    patience_s=5
    chunk=300000
    behind_max=4000000
    stock=30000
    ready_s=300 # in half an hour of load a machine has bad minutes
fi
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
        grep -v '^\(block_keys\|lease_keys\|stock_keys\|listen_port\):' "$site/centre/qwaved.yaml"
        printf 'block_keys: %d\nlease_keys: %d\nstock_keys: %d\nwindow_ms: 3600000\nlisten_port: 0\n' $((lease / 2)) $lease $stock
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

workers=()
trap 'status=$?; touch "$site/over" 2>/dev/null || true; clean_up $status' EXIT
for node in a b; do
    master alice bob $number $node & workers+=($!)
    master bob carol $other_number $node & workers+=($!)
    slave bob alice $node & workers+=($!)
    slave carol bob $node & workers+=($!)
done

began=$SECONDS
within $ready_s test -s "$site/got.alice.bob.a" -a -s "$site/got.alice.bob.b" || fail "no keys are given"
goes_on a
goes_on b
# recovered MILLISECONDS-AT-THE-KILL FILE NODE...: notes how long it took until these gave keys again out of the database.
recovered() {
    local since=$1 file=$2 node
    shift 2
    for node in "$@"; do
        within $ready_s fetches "$node" || fail "node $node does not give keys again"
    done
    echo $(($(date +%s%3N) - since)) >>"$site/$file"
}
: >"$site/recovery.qwaved"
: >"$site/recovery.postgres"
kill_node() {
    local since
    since=$(date +%s%3N)
    stop "$1" KILL
    kills=$((kills + 1))
    start_node "$1"
    node_is_ready "$1"
    recovered "$since" recovery.qwaved "$1"
}
kill_server() {
    local since
    kill_postgres
    server_kills=$((server_kills + 1))
    sleep "0.$((RANDOM % 6))"
    since=$(date +%s%3N)
    start_postgres
    recovered "$since" recovery.postgres a b
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
key_len=103 # of a key in an answer
while [ "$SECONDS" -lt "$end" ] && [ $(($(given a b) / key_len)) -lt $((torture_keys + torture_keys / 50)) ]; do
    case $((RANDOM % 24)) in # while a node is stopped hardly anything is given, so that is rare
    [0-8]) kill_node a ;;
    9 | 1[0-2]) kill_node b ;;
    23) stop_for_a_while ;;
    *) kill_server ;;
    esac
    sleep "$((2 + RANDOM % 3)).$((RANDOM % 10))"
    [ $((RANDOM % 3)) != 0 ] || goes_on a
done
goes_on a
goes_on b
touch "$site/over"
wait "${workers[@]}"
lasted=$((SECONDS - began))

echo "what the clients received"
pairs "$site"/got.* | sort >"$site/all"
keys=$(wc -l <"$site/all")
[ "$keys" -ge 500 ] || fail "only $keys keys were given"
[ -z "$(cut -d' ' -f1 "$site/all" | uniq -d)" ] || fail "an id was given twice"
[ -z "$(cut -d' ' -f2 "$site/all" | sort | uniq -d)" ] || fail "a key was given twice"
pairs "$site"/fetched.* | sort -u >"$site/slaves"
fetched=$(wc -l <"$site/slaves")
[ "$fetched" -ge 50 ] || fail "the slaves fetched only $fetched keys under load"
[ -z "$(cut -d' ' -f1 "$site/slaves" | uniq -d)" ] || fail "a slave got two keys for one id"
[ -z "$(comm -13 "$site/all" "$site/slaves")" ] || fail "a slave got a key that no master has: $(comm -13 "$site/all" "$site/slaves" | wc -l)"

echo "every key of every master can be fetched, at whichever node"
fetch_all bob alice a
fetch_all carol bob b
pairs "$site"/rest.* "$site"/fetched.* | sort -u >"$site/slaves"
cmp -s "$site/all" "$site/slaves" || fail "the two ends differ in $(comm -3 "$site/all" "$site/slaves" | wc -l) keys of $keys"

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

# What left the store and never reached anybody. Each node has a lease open for each of two pairs, at its kill and in the end; an answer on its
# way holds at most $number keys. A lease whose answer the server's death has cut may be durable and unknown to its node: one for each node.
lost=$(($(spent) - spent_before - keys))
[ "$lost" -ge 0 ] || fail "more keys were received than have left the store: $lost"
[ "$lost" -le $((2 * (lease + number) * (kills + 2) + 2 * lease * server_kills)) ] ||
    fail "$lost keys are lost after $kills kills of qwaved and $server_kills of PostgreSQL"
echo "recovery after kill -9: qwaved $(times "$site/recovery.qwaved"); PostgreSQL $(times "$site/recovery.postgres")"
echo "$keys keys in $lasted s ($((keys / lasted)) a second), $fetched fetched under load, $kills kills of qwaved, $server_kills of PostgreSQL:" \
    "none twice, none different, $lost in leases that were open"
