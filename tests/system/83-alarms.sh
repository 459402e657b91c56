# SPDX-License-Identifier: Apache-2.0
# rows: C10 C8
# once: a browser
# Alarms of a centre: a collector of the journal that is away and a copied card are found, seen by officers who look, acknowledged by one who
# may and not by one who only reads; what was acknowledged is so after a kill, goes when it is over, and is new when it comes again.
# Pictures: build/console/pictures.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/browser.sh"
command -v perl >/dev/null || skip "needs perl"

# collect: as a collector of syslog, in place of the shell that calls it.
collect() {
    rm -f "$site/log.sock"
    exec perl -MSocket -e '
        socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die; bind($s, sockaddr_un($ARGV[0])) or die;
        while (defined(recv($s, my $line, 4096, 0))) { }' "$site/log.sock"
}
start_collector() {
    (collect) &
    pid[collector]=$!
    within $ready_s test -S "$site/log.sock" || fail "no collector"
}

# as OFFICER WORDS...: qwave admin by the first officer of a role.
as() {
    local role=$1
    shift
    "$bin/qwave" admin --operator "$site/centre/officers/$role.yaml" --url "$url" "$@"
}
get() {
    curl --silent --max-time $ready_s --cert "$site/centre/operator/operator.pem" --key "$site/centre/operator/operator.key" \
        --cacert "$site/centre/ca/ca.pem" "$@"
}
metric() { get "$url/metrics" | awk -v series="$1" '$1 == series { print $2 }'; }
# alarm KIND MEMBER: of the alarm of that kind; nothing when there is none.
alarm() { as audit --json alarm list | jq -r --arg kind "$1" ".alarms[] | select(.kind == \$kind) | .$2"; }
is() { [ "$(alarm "$1" state)" = "$2" ]; }

make_centre
printf 'syslog: %s\nsyslog_cursor: %s\n' "$site/log.sock" "$site/cursor" >>"$site/centre/qwaved.yaml"
start_centre

echo "a collector that is away"
within $ready_s is journal active || fail "no alarm: $(as audit --json alarm list)"
number=$(alarm journal number)
[ "$(alarm journal severity) $(alarm journal count)" = "minor 1" ] || fail "$(as audit --json alarm list)"
[ "$(metric 'qwave_alarms{severity="minor"}') $(metric 'qwave_alarms{severity="major"}') $(metric 'qwave_alarms_unacknowledged{severity="minor"}')" = "1 0 1" ] ||
    fail "metrics: $(get "$url/metrics" | grep alarm)"

echo "who only reads does not acknowledge"
status=0
as audit alarm acknowledge "$number" >/dev/null 2>&1 || status=$?
[ "$status" = 3 ] || fail "an auditor acknowledges: exit status $status"
! as security alarm acknowledge 999 >/dev/null 2>&1 || fail "an alarm that is not there"

echo "an officer does, and is seen to by those who look"
last=$(get --header "Last-Event-ID:" "$url/v1/events" | sed -n 's/^id: //p' | tail -n 1)
as security alarm acknowledge "$number" >/dev/null || fail "a security administrator may not acknowledge"
get --header "Last-Event-ID: $last" "$url/v1/events" >"$site/events"
grep -A 1 '^event: alarm' "$site/events" | grep -q '"state":"acknowledged".*"acknowledged_by":"security-1"' || fail "not told: $(cat "$site/events")"
! as security alarm acknowledge "$number" >/dev/null 2>&1 || fail "twice"
[ "$(metric 'qwave_alarms{severity="minor"}') $(metric 'qwave_alarms_unacknowledged{severity="minor"}')" = "1 0" ] || fail "metrics after it"

echo "so it is after a kill"
stop qwaved KILL
start_centre
[ "$(alarm journal state) $(alarm journal acknowledged_by) $(alarm journal number)" = "acknowledged security-1 $number" ] ||
    fail "after a kill: $(as audit --json alarm list)"

echo "over and acknowledged: it goes; again: it is new"
start_collector
is_gone() { [ -z "$(alarm journal number)" ]; }
within $ready_s is_gone || fail "it does not go: $(as audit --json alarm list)"
stop collector KILL
admin device add app-x --kind application --owner test >/dev/null # something to ship
within $ready_s is journal active || fail "it does not come again"
[ "$(alarm journal number)" -gt "$number" ] && [ "$(alarm journal count)" = 1 ] || fail "the old one: $(as audit --json alarm list)"

echo "a copied card"
make_devices 8
start_air
start_access_point
cp "$site/phone-1.card" "$site/copy.card"
start_terminal "automatic_refill: false"
key refill >/dev/null || fail "the first refill"
stop terminal
cp "$site/copy.card" "$site/phone-1.card"
start_terminal "automatic_refill: false"
! key refill >/dev/null 2>&1 || fail "the copy was refilled"
stop terminal
within $ready_s is card active || fail "no alarm about the card: $(as audit --json alarm list)"
[ "$(alarm card subject) $(alarm card severity)" = "phone-1 major" ] || fail "$(as audit --json alarm list)"
as security device resume phone-1 >/dev/null
within $ready_s is card cleared || fail "it is not over: $(as audit --json alarm list)"

if ! no_browser && has_console; then
    echo "in the browser"
    as security alarm acknowledge "$(alarm card number)" >/dev/null
    [ -z "$(alarm card number)" ] || fail "over and acknowledged, and still there"
    (within $ready_s test -e "$site/please" && collect) &
    pid[collector]=$!
    browse alarms "$url" "$site/centre/officers" "$pictures" "touch $site/please"
else
    echo "no browser here"
fi

echo "all of it is in the journal"
# done_by VERB OBJECT WHO: a record of it.
done_by() {
    "$bin/qwave" audit show --operator "$site/centre/officers/audit.yaml" --url "$url" --json --verb "$1" |
        grep -q "\"actor\":\"$3\".*\"object\":\"$2\"" || fail "no record: $1 $2 by $3: $("$bin/qwave" audit show --operator "$site/centre/officers/audit.yaml" --url "$url" --json --verb "$1")"
}
done_by alarm "journal centre-1" centre
done_by alarm-acknowledge "journal centre-1" operator:security-1
done_by alarm-over "journal centre-1" centre
done_by alarm "card phone-1" centre
done_by alarm-over "card phone-1" centre
echo "done"
