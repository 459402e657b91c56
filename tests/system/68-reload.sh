# SPDX-License-Identifier: Apache-2.0
# rows: C10 C4 C16
# The settings of a centre are read again under load: with another server certificate, with other limits, with a bad file, by the system
# administrator and by a signal. No request fails, over connections that stay and over new ones, and what a file says wrong changes nothing.
# Then the centre is in maintenance: no new keys, and everything else.
source "$(dirname "$0")/site.sh"
for tool in jq openssl curl; do command -v $tool >/dev/null || skip "needs $tool"; done

make_centre
start_centre
settings=$site/centre/qwaved.yaml
cp "$settings" "$site/first.yaml"
application app-a app-b
application app-b

# as OFFICER WORD...: admin by one of the administrators that init made.
as() {
    local officer=$1
    shift
    "$bin/qwave" admin --operator "$site/centre/officers/$officer.yaml" --url "$url" "$@"
}

# load NAME [CURL-OPTION...]: one request after the other, each one's status in NAME.codes; 40 on a connection, then another one.
load() {
    local name=$1 i
    shift
    {
        for ((i = 0; i < 40; i++)); do
            printf 'url = "%s/api/v1/keys/app-b/enc_keys"\noutput = "/dev/null"\nwrite-out = "%%{http_code}\\n"\n' "$url"
        done
    } >"$site/$name.curl"
    while [ ! -e "$site/enough" ]; do
        curl --silent --max-time $ready_s "$@" --cert "$site/app-a.pem" --key "$site/app-a.key" --cacert "$site/centre/ca/ca.pem" \
            --config "$site/$name.curl" >>"$site/$name.codes" || echo "curl ended with $?" >>"$site/$name.codes"
    done
}
served() { cat "$site"/load-*.codes | wc -l; }
has_served() { [ "$(served)" -ge "$1" ]; }
# go_on: enough requests are served from here on, by both kinds of load.
go_on() {
    local before
    before=$(served)
    within $ready_s has_served $((before + 50)) || fail "requests do not come through: $(tail -n 2 "$site"/load-*.codes)"
}
all_were_served() {
    [ "$(cat "$site"/load-*.codes | sort -u)" = 200 ] || fail "requests failed: $(cat "$site"/load-*.codes | sort | uniq -c)"
}
log_has() { grep -qF "$1" "$site/qwaved.log"; }
# The serial number of the certificate that a new connection is shown; nothing when there was none.
shown() {
    openssl s_client -connect "${url#https://}" -CAfile "$site/centre/ca/ca.pem" -cert "$site/app-a.pem" -key "$site/app-a.key" </dev/null 2>/dev/null |
        openssl x509 -noout -serial 2>/dev/null || true
}

given() { [ "$(curl --silent --max-time $ready_s --cert "$site/app-a.pem" --key "$site/app-a.key" --cacert "$site/centre/ca/ca.pem" -o /dev/null \
    -w '%{http_code}' "$url/api/v1/keys/app-b/enc_keys")" = 200 ]; }
within $ready_s given || fail "no keys"
: >"$site/load-kept.codes"
: >"$site/load-new.codes"
load load-kept &
pid[kept]=$!
load load-new --no-keepalive --header 'Connection: close' &
pid[new]=$!
go_on

echo "by the system administrator: what may change holds, what may not is named"
printf 'log_level: debug\nstock_keys: 8000\nthreads: 3\n' >>"$settings"
answer=$(as system --json reload)
[ "$(jq -c . <<<"$answer")" = '{"changed":["stock_keys","log_level"],"needs_restart":["threads"]}' ] || fail "the reload says: $answer"
is_debug() { grep -q ' debug centre' "$site/qwaved.log"; }
within $ready_s is_debug || fail "the log level has not changed"
go_on

echo "nobody else may"
for officer in security audit; do
    status=0
    as $officer reload 2>"$site/refused.log" || status=$?
    [ $status = 3 ] || fail "$officer has the settings read (exit status $status)"
done

echo "another certificate of the server, while connections are open"
certificate=$(sed -n 's/^certificate: //p' "$settings")
as security certificate renew "$certificate" --host localhost,127.0.0.1 --certificate "$site/new.pem" --key "$site/new.key" >/dev/null
is_shown() { [ "$(shown)" = "$(openssl x509 -in "$site/new.pem" -noout -serial)" ]; }
sed -i "s,^certificate: .*,certificate: $site/new.pem,; s,^key: .*,key: $site/new.key," "$settings"
kill -HUP "${pid[qwaved]}"
within $ready_s is_shown || fail "the new certificate is not shown: $(shown)"
go_on

echo "a bad file changes nothing, and says where"
cp "$settings" "$site/good.yaml"
printf 'log_level: loud\n' | cat "$site/first.yaml" - >"$settings"
line=$(wc -l <"$settings")
! as system reload 2>"$site/bad.log" || fail "a bad file was taken"
grep -qF "qwaved.yaml:$line: log_level: " "$site/bad.log" || fail "the refusal does not name the line: $(cat "$site/bad.log")"
kill -HUP "${pid[qwaved]}"
within $ready_s log_has "settings stay as they were: $settings:$line" || fail "the log does not name the line"
sed "s,^certificate: .*,certificate: $site/none.pem," "$site/good.yaml" >"$settings"
! as system reload 2>"$site/bad.log" || fail "a certificate that is not there was taken"
sed "s,^certificate: .*,certificate: $certificate," "$site/good.yaml" >"$settings" # and its key is another one
! as system reload 2>"$site/bad.log" || fail "a certificate with another key was taken"
within $ready_s is_shown || fail "a bad file has changed the certificate"
go_on

echo "limits hold at once, and go again"
{ cat "$site/good.yaml"; echo 'sae_keys_per_s: 1'; } >"$settings"
touch "$site/enough"
wait "${pid[kept]}" "${pid[new]}"
unset "pid[kept]" "pid[new]"
all_were_served
as system reload >/dev/null
is_limited() { ! given; }
within $ready_s is_limited || fail "the limit of keys does not hold"
cp "$site/good.yaml" "$settings"
as system reload >/dev/null
within $ready_s given || fail "the limit is still there"

echo "in maintenance there are no new keys, what was given is fetched, and the reason is told; over a kill too"
ask() { # METHOD-AND-PATH BODY-FILE: status and Retry-After
    curl --silent --max-time $ready_s --cert "$site/$3.pem" --key "$site/$3.key" --cacert "$site/centre/ca/ca.pem" -D "$site/head" -o "$2" \
        -w '%{http_code}' "$url$1"
}
[ "$(ask /api/v1/keys/app-b/enc_keys "$site/given.json" app-a)" = 200 ] || fail "no key"
as system maintenance on --reason 'disk is changed' >/dev/null
! as system maintenance on 2>/dev/null || fail "it was on already"
paused() {
    [ "$(ask /api/v1/keys/app-b/enc_keys "$site/paused.json" app-a)" = 503 ] &&
        [ "$(cat "$site/paused.json")" = '{"message":"in maintenance: disk is changed"}' ] && grep -qi '^Retry-After: 60' "$site/head"
}
paused || fail "keys in maintenance: $(cat "$site/head" "$site/paused.json")"
stop qwaved KILL
start_centre
paused || fail "after a kill the maintenance is over: $(cat "$site/head" "$site/paused.json")"
[ "$(ask /v1/ready "$site/ready.json" app-a)" = 503 ] && grep -qF 'not ready: in maintenance' "$site/ready.json" || fail "ready: $(cat "$site/ready.json")"
[ "$(ask "/api/v1/keys/app-a/dec_keys?key_ID=$(field key_ID <"$site/given.json")" "$site/got.json" app-b)" = 200 ] &&
    [ "$(field key <"$site/got.json")" = "$(field key <"$site/given.json")" ] || fail "a key that was given cannot be fetched: $(cat "$site/got.json")"
admin device add app-c --kind application --owner test >/dev/null || fail "no management in maintenance"
[ "$(as audit --json maintenance status | jq -r '[.on, .by, .reason] | join(" ")')" = 'true system-1 disk is changed' ] ||
    fail "the status: $(as audit --json maintenance status)"
curl --silent --max-time $ready_s --cert "$site/centre/operator/operator.pem" --key "$site/centre/operator/operator.key" --cacert "$site/centre/ca/ca.pem" \
    "$url/metrics" >"$site/metrics"
grep -qx 'qwave_maintenance 1' "$site/metrics" && grep -qx 'qwave_ready 0' "$site/metrics" || fail "the metrics do not show it"
for officer in security audit; do
    ! as $officer maintenance off 2>/dev/null || fail "$officer has ended the maintenance"
done
as system maintenance off >/dev/null
within $ready_s given || fail "no keys after the maintenance"

echo "the journal has each of them, and a restart begins with the same settings"
grep -rqaF 'stock_keys, log_level' "$site/centre" || fail "the journal does not say what has changed"
stop qwaved KILL
start_centre
within $ready_s is_shown || fail "after a restart: $(shown)"
within $ready_s given || fail "no keys after a restart"
echo "done: $(served) requests, none failed"
