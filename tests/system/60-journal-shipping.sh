# SPDX-License-Identifier: Apache-2.0
# rows: C10
# The journal goes to a collector of syslog that is killed and comes back, from a centre that is killed and comes back: nobody waits, the
# centre says that the collector is away, and in the end the collector has every record there is, with its hash.
source "$(dirname "$0")/site.sh"
command -v perl >/dev/null || skip "needs perl"

# start_collector: each datagram becomes a line of $site/collected.
start_collector() {
    rm -f "$site/log.sock"
    perl -MSocket -e '
        socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die; bind($s, sockaddr_un($ARGV[0])) or die;
        open(my $out, ">>", $ARGV[1]) or die; select($out); $| = 1;
        while (defined(recv($s, my $line, 4096, 0))) { print "$line\n"; }' "$site/log.sock" "$site/collected" &
    pid[collector]=$!
    within $ready_s test -S "$site/log.sock" || fail "no collector"
}

status() { admin status --json | jq ".$1"; }
collector_is_down() { [ "$(status audit_sink_is_down)" = "$1" ]; }
# collected SEQ: everything up to that record.
collected() {
    local last=$1
    [ "$(grep -o ' seq="[0-9]*"' "$site/collected" 2>/dev/null | tr -dc '0-9\n' | sort -nu | awk -v last="$last" '$1 <= last' | wc -l)" = "$last" ]
}
devices() {
    local i
    for i in $(seq "$2"); do
        admin device add "$1-$i" --kind application --owner test >/dev/null || return 1
    done
}

make_centre
printf 'syslog: %s\nsyslog_cursor: %s\njournal_sign_records: 5\n' "$site/log.sock" "$site/cursor" >>"$site/centre/qwaved.yaml"
: >"$site/collected"
start_collector
start_centre

# get PATH: as an operator, the body and then the status.
get() {
    curl --silent --max-time $ready_s --cert "$site/centre/operator/operator.pem" --key "$site/centre/operator/operator.key" \
        --cacert "$site/centre/ca/ca.pem" -w '\n%{http_code}\n' "$url$1"
}
# metric SERIES: its value now
metric() { get /metrics | awk -v series="$1" '$1 == series { print $2 }'; }

echo "a collector that listens has all of it"
devices first 4
last=$(status audit_records)
within $ready_s collected "$last" || fail "not all of $last records came"

echo "metrics count while keys flow"
application app-a app-b
application app-b
is_ready() { [ "$(get /v1/ready | tail -n 1)" = 200 ]; }
within $ready_s is_ready || fail "not ready: $(get /v1/ready)"
for i in 1 2 3 4 5; do
    curl --silent --max-time $ready_s --cert "$site/app-a.pem" --key "$site/app-a.key" --cacert "$site/centre/ca/ca.pem" \
        "$url/api/v1/keys/app-b/enc_keys" >/dev/null
done
series='qwave_requests_total{route="/api/v1/keys/{}/enc_keys",method="GET",status="200"}'
[ "$(metric "$series")" = 5 ] || fail "five keys are counted as $(metric "$series")"
[ "$(metric qwave_ready)$(metric qwave_journal_sink_up)" = 11 ] || fail "not ready, or no collector: $(get /metrics | head -n 60)"
[ "$(metric qwave_certificate_expiry_seconds)" -gt 86400 ] || fail "the certificate ends"

echo "it is killed: the centre says so, goes on, and keeps what it owes"
stop collector KILL
within $ready_s collector_is_down true || { devices poke 1 && within $ready_s collector_is_down true; } || fail "nobody notices"
devices away 8
last=$(status audit_records)
start_collector
within $ready_s collected "$last" || fail "not all of $last records came after it was away"
within $ready_s collector_is_down false || fail "it is said to be away"

echo "the centre is killed at work"
for round in 1; do
    devices "killed-$round" 1000000 2>/dev/null & # ends when it is refused
    worker=$!
    registered() { [ "$(grep -c " device-register killed-$round-" "$site/collected")" -ge $((2 * round)) ]; }
    within $ready_s registered || fail "nothing comes in round $round"
    stop qwaved KILL
    ! wait "$worker" 2>/dev/null || fail "it registers without a centre"
    start_centre
    devices "after-$round" 1
done
last=$(status audit_records)
within $ready_s collected "$last" || fail "not all of $last records came after the kills"

echo "what it has is what the journal has"
"$bin/qwave" audit --operator "$site/centre/operator/operator.yaml" --url "$url" export "$site/journal" >/dev/null
"$bin/qwave" audit show "$site/journal" --json >"$site/journal.json"
jq -r '.records[] | "\(.seq) \(.verb) \(.object)"' "$site/journal.json" | awk -v last="$last" '$1 <= last' >"$site/written"
sed -n 's/^<[0-9]*>1 [^ ]* centre-1 qwaved - \([^ ]*\) \[qwave@32473 seq="\([0-9]*\)"[^]]*\] [^ ]* [^ ]* \(.*\)$/\2 \1 \3/p' "$site/collected" |
    sort -n -u -k 1,1 | awk -v last="$last" '$1 <= last' >"$site/came"
[ "$(wc -l <"$site/came")" = "$last" ] || fail "$(wc -l <"$site/came") different records came, not $last"
cut -d ' ' -f 1-2 "$site/written" | cmp - <(cut -d ' ' -f 1-2 "$site/came") || fail "the collector has other records"
[ -s "$site/cursor" ] || fail "no file says how far it has come"
echo "done"
