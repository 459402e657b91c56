# SPDX-License-Identifier: Apache-2.0
# rows: A8 A1
# PostgreSQL 15 replicates 100 000 rows and more over a WireGuard link whose quantum key changes three times on demand, each change in use at once: the same
# connection all the while, equal tables, nothing readable on the cable. Then the drill: the first site is lost, the second takes over with all rows, a
# checked copy comes back and follows. By the script of docs/operation/backup.md.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/link.sh"
source "$(dirname "$0")/postgres.sh"
source "$(dirname "$0")/wireguard.sh"

need_postgres
[ -x $postgres_bin/pg_basebackup ] && [ -x $postgres_bin/pg_verifybackup ] || skip "no pg_basebackup, no pg_verifybackup"
command -v tcpdump >/dev/null || skip "no tcpdump"
need_wireguard
marker=readable-marker-of-a-row

# pg_in END COMMAND...: as the user of PostgreSQL
pg_in() {
    local end=$1 user=postgres
    shift
    id -u $user >/dev/null 2>&1 || user=nobody
    (cd "$site/pg" && PGPASSWORD=$password in_ns "$end" setpriv --reuid $user --regid "$(id -g $user)" --clear-groups --pdeathsig KILL "$@")
}
# start_database NAME END DATA: its socket is in NAME.
start_database() {
    pg_in "$2" mkdir -m 700 "$1"
    pg_in "$2" $postgres_bin/postgres -D "$3" -k "$site/pg/$1" -c shared_buffers=16MB -c max_connections=20 -c fsync=off >"$site/$1.log" 2>&1 &
    pid[$1]=$!
    within $ready_s $postgres_bin/pg_isready -q -h "$site/pg/$1" -U qwave || fail "PostgreSQL does not start: $(tail -n 2 "$site/$1.log")"
}
# sql NAME TEXT
sql() {
    psql -X -q -At -h "$site/pg/$1" -U qwave -d postgres -c "$2"
}
rows() {
    sql "$1" "SELECT count(*), md5(string_agg(id || body, ',' ORDER BY id)) FROM backup"
}
has_rows() {
    [ "$(sql "$1" "SELECT count(*) FROM backup" 2>/dev/null)" = "$2" ]
}

echo "the link"
make_links
start_wireguard
start_agent site-b
start_agent site-a
steady_within $ready_s || fail "no first key: $(link_status site-a alarm)"

echo "the first site, and its standby at the second"
password=$(head -c 12 /dev/urandom | base64)
make_postgres
install -m 755 "$(dirname "$0")/../../share/links/postgresql.sh" "$site/pg/recipe"
pg_in a ./recipe primary data 10.9.9.1 10.9.9.2
start_database first a data
sql first "CREATE ROLE replicator REPLICATION LOGIN PASSWORD '$password'; CREATE TABLE backup (id int PRIMARY KEY, body text)"
in_ns a tcpdump -i "v$tag-a" -s 0 -w "$site/cable.pcap" -U -Z root >"$site/tcpdump.log" 2>&1 &
pid[tcpdump]=$!
within $ready_s grep -q listening "$site/tcpdump.log" || fail "tcpdump: $(cat "$site/tcpdump.log")"
pg_in b ./recipe standby standby 10.9.9.1
sed -i "s/^listen_addresses.*10.9.9.1.*/listen_addresses = 'localhost,10.9.9.2'/" "$site/pg/standby/postgresql.conf"
echo "host replication replicator 10.9.9.1/32 scram-sha-256" >>"$site/pg/standby/pg_hba.conf"
start_database second b standby
follows() {
    [ "$(sql first "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'")" = 1 ]
}
within $ready_s follows || fail "the standby does not follow: $(tail -n 2 "$site/second.log")"
walsender=$(sql first "SELECT pid FROM pg_stat_replication")

echo "100 000 rows, and three changes of the key on demand"
least=100000
[ "${QWAVE_RELEASE:-yes}" = yes ] || least=20000 # under sanitizers: PostgreSQL has none
(
    next=1
    until [ $next -gt $least ] && [ -e "$site/changed" ]; do # data flows until the last change is done
        sql first "INSERT INTO backup SELECT i, '$marker ' || md5(i::text) FROM generate_series($next, $next + 3999) i" || exit 1
        next=$((next + 4000))
        sleep 0.3
    done
) &
pid[inserts]=$!
for turn in 1 2 3; do
    key=$(link_status site-a key_ID)
    link_rotate site-a site-b
    steady_within $ready_s "$key" || fail "no new key: $(link_status site-a alarm)"
    [ "$(psk a)" = "$(psk b)" ] || fail "the ends differ"
    shake_hands
    within $ready_s has_shaken || fail "no handshake under key $turn"
done
touch "$site/changed"
wait "${pid[inserts]}" || fail "an insert failed"
unset "pid[inserts]"
count=$(sql first "SELECT count(*) FROM backup")
[ "$count" -ge $least ] || fail "only $count rows"
within $ready_s has_rows second "$count" || fail "rows at the standby: $(sql second "SELECT count(*) FROM backup") of $count"
[ "$(rows first)" = "$(rows second)" ] || fail "the tables differ"
[ "$(sql first "SELECT pid FROM pg_stat_replication")" = "$walsender" ] || fail "the connection is another one"
stop tcpdump
[ "$(stat -c %s "$site/cable.pcap")" -gt $((count * 100)) ] || fail "the rows did not go over the cable"
grep -rqF "$marker" "$site/pg/data/pg_wal" || fail "the rows are not readable in what is replicated: this test proves nothing"
! grep -qaF "$marker" "$site/cable.pcap" || fail "rows are readable on the cable"

echo "the drill: the first site is lost"
kill -9 "$(head -n 1 "$site/pg/data/postmaster.pid")"
wait "${pid[first]}" 2>/dev/null || true
unset "pid[first]"
pg_in b ./recipe promote standby >"$site/promote.log"
takes_over() {
    sql second "INSERT INTO backup VALUES ($count + 1, 'after')" 2>/dev/null
}
within $ready_s takes_over || fail "the standby does not take over: $(tail -n 2 "$site/second.log")"
has_rows second $((count + 1)) || fail "rows are missing after the loss"
echo "and comes back"
pg_in a ./recipe standby back 10.9.9.2
sed -i "s/^listen_addresses.*/listen_addresses = ''/" "$site/pg/back/postgresql.conf"
start_database again a back
sql second "INSERT INTO backup VALUES ($count + 2, 'follows')"
within $ready_s has_rows again $((count + 2)) || fail "the copy does not follow: $(tail -n 2 "$site/again.log")"
[ "$(rows again)" = "$(rows second)" ] || fail "the tables differ after the drill"
echo "a backup of the files"
pg_in a ./recipe backup files 10.9.9.2
[ -s "$site/pg/files/backup_manifest" ] || fail "no backup of the files"
echo "done"
