# SPDX-License-Identifier: Apache-2.0
# rows: C5 C7 C14
# slow: three databases that elect a primary, and wait for each other's death
# Three nodes of Patroni with the shipped patroni.yml, all but its names, addresses and times, and a centre on them with the shipped URI: TLS and client certificates
# everywhere. The primary is killed under load: no key twice, none different, none lost that a master has, and keys again by itself. The last standby
# is killed: no key, until it is back.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/postgres.sh"

need_postgres
for program in patroni etcd; do
    command -v $program >/dev/null || skip "$program is not installed (packages patroni, python3-etcd, python3-idna, etcd-server)"
done
[ "${QWAVE_RELEASE:-yes}" = yes ] || skip "runs in release builds only"
shipped=$(dirname "$0")/../../docs/operation/patroni
user=postgres
[ "$(id -u)" != 0 ] || id -u $user >/dev/null 2>&1 || user=nobody

echo "certificates of the databases, and three nodes"
chmod 711 "$site"
mkdir "$site/patroni" "$site/pg"
(
    cd "$site/patroni"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=databases" -keyout ca.key -out ca.pem 2>/dev/null
    for name in node replicator postgres rewinder qwave; do
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" -keyout $name.key -out $name.csr 2>/dev/null
        openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out $name.pem \
            -extfile <(echo "subjectAltName=IP:127.0.0.1,DNS:localhost") 2>/dev/null
        chmod 600 $name.key
    done
)
cp "$site/patroni/ca.pem" "$site/db-ca.pem"
cp "$site/patroni/qwave.pem" "$site/db-client.pem"
cp "$site/patroni/qwave.key" "$site/db-client.key"
[ "$(id -u)" != 0 ] || chown -R $user "$site/patroni" "$site/pg"

port=$(free_ports 8)
mapfile -t ports < <(seq "$port" $((port + 7)))
etcd=127.0.0.1:${ports[6]}
peer=http://127.0.0.1:${ports[7]}
(cd "$site/pg" && as_postgres etcd --data-dir etcd --name etcd-1 --listen-client-urls "https://$etcd" --advertise-client-urls "https://$etcd" \
    --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "etcd-1=$peer" --client-cert-auth \
    --trusted-ca-file ../patroni/ca.pem --cert-file ../patroni/node.pem --key-file ../patroni/node.key) >"$site/etcd.log" 2>&1 &
pid[etcd]=$!

for n in 1 2 3; do
    sed -e "s/^name: db-1/name: db-$n/; s|/etc/patroni/|$site/patroni/|; s|etcd-1:2379, etcd-2:2379, etcd-3:2379|$etcd|" \
        -e "s/0.0.0.0:8008\|db-1:8008/127.0.0.1:${ports[n - 1]}/; s/0.0.0.0:5432\|db-1:5432/127.0.0.1:${ports[n + 2]}/" \
        -e "s|/var/lib/postgresql/15/qwave|$site/pg/db-$n|; s|/var/lib/postgresql/patroni.pgpass|$site/pg/pgpass-$n|" \
        -e "s/ttl: 30/ttl: 20/; s/loop_wait: 10/loop_wait: 1/; s/retry_timeout: 10/retry_timeout: 3/" \
        -e "s|^    ssl: \"on\"|    unix_socket_directories: $site/pg\n&|" "$shipped/patroni.yml" >"$site/db-$n.yml"
done
start_db() {
    (cd "$site/pg" && PATH=$postgres_bin:$PATH as_postgres patroni "$site/db-$1.yml") >>"$site/patroni-$1.log" 2>&1 &
    pid[db-$1]=$!
}
# kill_db N: Patroni and every process of its PostgreSQL at once, as a power cut would.
kill_db() {
    local server
    kill -STOP "${pid[db-$1]}" 2>/dev/null || true
    server=$(head -n 1 "$site/pg/db-$1/postmaster.pid" 2>/dev/null || true)
    if [ -n "$server" ]; then
        kill -STOP "$server" 2>/dev/null || true
        # shellcheck disable=SC2046 # words
        kill -9 $(cat "/proc/$server/task/$server/children" 2>/dev/null) "$server" 2>/dev/null || true
    fi
    kill -9 "${pid[db-$1]}" 2>/dev/null || true
    wait "${pid[db-$1]}" 2>/dev/null || true
    unset "pid[db-$1]"
}
end_all() {
    local status=$? n
    for n in 1 2 3; do
        [ -z "${pid[db-$n]:-}" ] || kill_db "$n"
    done
    clean_up "$status"
}
trap end_all EXIT
# members: role of each node, as one of those that answer says.
members() {
    local n
    for n in 1 2 3; do
        curl --silent --max-time 3 --cacert "$site/patroni/ca.pem" --cert "$site/patroni/node.pem" --key "$site/patroni/node.key" \
            "https://127.0.0.1:${ports[n - 1]}/cluster" | jq -r '.members[] | "\(.name) \(.role) \(.state)"' 2>/dev/null && return
    done
    return 1
}
primary() { members | sed -n 's/^db-\([123]\) leader running$/\1/p'; }
synchronous() { members | sed -n 's/^db-\([123]\) sync_standby .*/\1/p'; }
# whole COUNT: so many nodes, a primary and its synchronous standby among them.
whole() { [ -n "$(primary)" ] && [ -n "$(synchronous)" ] && [ "$(members | grep -cE 'running|streaming')" = "$1" ]; }
start_db 1
has_primary() { [ -n "$(primary)" ]; }
within $ready_s has_primary || fail "no primary: $(tail -n 3 "$site/patroni-1.log")"
start_db 2
start_db 3
within 120 whole 3 || fail "no three nodes: $(members)"

# sql STATEMENT: of the databases' own administrator, at the primary.
sql() {
    "$postgres_bin/psql" -q -v ON_ERROR_STOP=1 -c "$1" "host=127.0.0.1 port=${ports[$(primary) + 2]} user=postgres dbname=${2:-postgres} sslmode=verify-full
        sslrootcert=$site/patroni/ca.pem sslcert=$site/patroni/postgres.pem sslkey=$site/patroni/postgres.key" || fail "$1"
}
sql "CREATE ROLE qwave LOGIN"
sql "CREATE DATABASE qwave OWNER qwave"

echo "a centre on them"
uri=$(sed -n 's/^database: //p' "$shipped/qwaved.yaml")
uri=${uri//db-1,db-2,db-3/127.0.0.1:${ports[3]},127.0.0.1:${ports[4]},127.0.0.1:${ports[5]}}
uri=${uri//\/etc\/qwave/$site}
"$bin/qwave" init --port 0 --source kernel --database "$uri" "$site/centre" >/dev/null
printf 'window_ms: 3600000\nblock_keys: 64\nlease_keys: 256\nstock_keys: 8192\n' >>"$site/centre/qwaved.yaml"
sed -i '/^block_keys: 128/d' "$site/centre/qwaved.yaml"
start_centre
application alice bob
application bob

# as SAE PATH [CURL-OPTION...]: body, then the status on a line of its own.
as() {
    curl --silent --max-time $ready_s --cert "$site/$1.pem" --key "$site/$1.key" --cacert "$site/centre/ca/ca.pem" -w '\n%{http_code}\n' \
        "${@:3}" "$url/api/v1/keys/$2"
}
stored() { [ "$(as alice bob/status | head -n 1 | jq .stored_key_count)" -ge 4096 ]; }
within $ready_s stored || fail "the store does not fill"
# work: alice takes keys and bob fetches every second answer, until the file "enough" is there. What each got, and each answer's status, is kept.
work() {
    local answer ids n=0
    while [ ! -e "$site/enough" ]; do
        answer=$(as alice "bob/enc_keys?number=40" || true)
        echo "$(date +%s%3N) $(tail -n 1 <<<"$answer")" >>"$site/statuses"
        [ "$(tail -n 1 <<<"$answer")" = 200 ] || continue
        head -n 1 <<<"$answer" | jq -c '.keys[]' >>"$site/given"
        n=$((n + 1))
        [ $((n % 2)) = 0 ] || continue
        ids=$(head -n 1 <<<"$answer" | jq -c '{key_IDs: [.keys[] | {key_ID}]}')
        answer=$(as bob alice/dec_keys -H 'Content-Type: application/json' -d "$ids" || true)
        [ "$(tail -n 1 <<<"$answer")" != 200 ] || head -n 1 <<<"$answer" | jq -c '.keys[]' >>"$site/fetched"
    done
}
touch "$site/statuses"
work &
worker=$!
served() { [ "$(grep -c ' 200$' "$site/statuses")" -ge "$1" ]; }
within $ready_s served 20 || fail "no keys under load: $(tail -n 1 "$site/statuses")"

echo "the primary is killed"
old=$(primary)
killed_ms=$(date +%s%3N)
kill_db "$old"
moved() { [ -n "$(primary)" ] && [ "$(primary)" != "$old" ]; }
within $ready_s moved || fail "no other primary: $(members)"
again() { awk -v after=$((killed_ms + 3000)) '$1 > after && $2 == 200 { n++ } END { exit n < 20 }' "$site/statuses"; }
within $ready_s again || fail "no keys after the failover: $(tail -n 1 "$site/statuses")"
gap_ms=$(awk '$2 == 200 { if (last && $1 - last > gap) gap = $1 - last; last = $1 } END { print gap }' "$site/statuses")
echo "keys again $gap_ms ms after the last ones, $(grep -vc ' 200$' "$site/statuses" || true) requests refused meanwhile, $(wc -l <"$site/given") keys given"
start_db "$old"
within 120 whole 3 || fail "the killed node does not come back: $(members)"
touch "$site/enough"
wait "$worker"
# check: of all that was given nothing came twice, and the slave gets what the master has.
check() {
    [ -z "$(jq -r .key "$site/given" | sort | uniq -d)" ] && [ -z "$(jq -r .key_ID "$site/given" | sort | uniq -d)" ] || fail "a key or an id was given twice"
    jq -r .key_ID "$site/given" | while mapfile -t -n 100 ids && [ ${#ids[@]} -gt 0 ]; do
        as bob alice/dec_keys -H 'Content-Type: application/json' -d "$(printf '%s\n' "${ids[@]}" | jq -Rsc '{key_IDs: [split("\n")[] | select(. != "") | {key_ID: .}]}')"
    done >"$site/all"
    [ "$(grep -vc '^{"keys"' "$site/all")" = "$(grep -c '^200$' "$site/all")" ] || fail "a key that the master has is lost: $(grep -m 1 message "$site/all")"
    cmp -s <(sort "$site/given") <(grep '^{"keys"' "$site/all" | jq -c '.keys[]' | sort) || fail "the two ends differ"
    [ ! -e "$site/fetched" ] || ! grep -qvxFf "$site/given" "$site/fetched" || fail "the slave was given something else under load"
}
check

echo "both standbys are killed: no commit, no key"
for n in 1 2 3; do
    [ "$n" = "$(primary)" ] || victims+=("$n")
done
for n in "${victims[@]}"; do
    kill_db "$n"
done
status=0
for attempt in $(seq 30); do # what is leased already is given out of memory
    answer=$(as alice "bob/enc_keys?number=128")
    status=$(tail -n 1 <<<"$answer")
    [ "$status" = 200 ] || break
    head -n 1 <<<"$answer" | jq -c '.keys[]' >>"$site/given"
done
[ "$status" = 503 ] || fail "without a standby the centre says $status"
for n in "${victims[@]}"; do
    start_db "$n"
done
within 120 whole 3 || fail "the standbys do not come back: $(members)"
gives() { [ "$(as alice bob/enc_keys | tee "$site/last" | tail -n 1)" = 200 ] && head -n 1 "$site/last" | jq -c '.keys[]' >>"$site/given"; }
within $ready_s gives || fail "no keys when the standbys are back: $(cat "$site/last")"
check
echo "done"
