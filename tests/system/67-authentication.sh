# SPDX-License-Identifier: Apache-2.0
# rows: C11 C7 S3
# Who one is, by a certificate and a quantum key that is used up: a terminal, an application and an officer prove themselves over IP, and an
# application relies on it. Half of it is not enough and locks; replays, clocks that are off and kill -9 gain nothing.
source "$(dirname "$0")/site.sh"

make_centre
echo "public: on
public_port: 0" >>"$site/centre/qwaved.yaml"

start_public() {
    start_centre
    public=http://127.0.0.1:$(sed -n 's/^public //p' "$site/qwaved.out")
}

# auth NAME CARD CERTIFICATE KEY [OPTION...]
auth() {
    local name=$1 card=$2 certificate=$3 key=$4
    shift 4
    "$bin/qwave" auth --url "$public" --name "$name" --card "$site/$card.card" --passphrase-file "$site/$card.passphrase" \
        --certificate "$site/$certificate.pem" --key "$site/$key.key" --json "$@" 2>"$site/auth.log"
}
meter() { auth urn:qwave:terminal:meter-1 meter-1 meter-1 meter-1 "$@"; }

# refused TEXT COMMAND...: by exit status 3, and the centre's log says why.
refused() {
    local text=$1 status=0
    shift
    : >"$site/qwaved.log"
    "$@" >/dev/null || status=$?
    [ "$status" = 3 ] || fail "not refused ($status): $*: $(cat "$site/auth.log")"
    grep -q "$text" "$site/qwaved.log" || fail "another refusal than '$text': $(cat "$site/qwaved.log")"
}

# statement NAME ID: what app-1 is told; 404 gives nothing.
statement() {
    curl --silent --max-time $ready_s --cert "$site/app-1.pem" --key "$site/app-1.key" --cacert "$site/centre/ca/ca.pem" \
        "$url/v1/authentication?name=$1&id=$2"
}

# send FILE: the bytes as a proof; prints the status, the answer is in send.out.
send() {
    printf '{"proof":"%s"}' "$(base64 -w 0 "$1")" |
        curl --silent --output "$site/send.out" --write-out '%{http_code}' -H 'Content-Type: application/json' --data-binary @- "$public/authentication"
}

# in_between MODE: a listener that carries to the centre; it records proofs in recorded, and loses their answers (lose), holds them for 2.5 s (hold).
cat >"$site/between.py" <<'PY'
import base64, http.server, json, os, sys, time, urllib.error, urllib.request
centre, folder, mode = sys.argv[1:]
class Between(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        is_proof = self.path == "/authentication"
        if is_proof:
            open(folder + "/recorded", "wb").write(base64.b64decode(json.loads(body)["proof"]))
        if is_proof and mode == "hold":
            time.sleep(2.5)
        status = 200
        try:
            answer = urllib.request.urlopen(urllib.request.Request(centre + self.path, body, {"Content-Type": "application/json"})).read()
        except urllib.error.HTTPError as e:
            status, answer = e.code, e.read()
        if is_proof and mode == "lose":
            self.connection.close()
            return
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
    def log_message(self, *rest):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Between)
open(folder + "/between.new", "w").write(str(server.server_port))
os.rename(folder + "/between.new", folder + "/between.port")
server.serve_forever()
PY
in_between() {
    rm -f "$site/between.port"
    python3 "$site/between.py" "$public" "$site" "$1" 2>"$site/between.log" &
    pid[between]=$!
    within $ready_s test -s "$site/between.port" || fail "nobody in between"
    public=http://127.0.0.1:$(cat "$site/between.port")
}

start_public
application app-1
admin device add meter-1 --kind terminal --owner test --peer app-1 >/dev/null
charge meter-1 40
admin certificate terminal meter-1 --certificate "$site/meter-1.pem" --key "$site/meter-1.key" >/dev/null

echo "a terminal proves itself; the application that it tells sees by what, and its own context in it"
context=$(printf 'the connection of app-1' | sha256sum | cut -d' ' -f1)
id=$(meter --context "$context" | field id) || fail "refused: $(cat "$site/auth.log")"
statement urn:qwave:terminal:meter-1 "$id" >"$site/statement.json"
jq -e --arg id "$id" --arg context "$context" '.id == $id and .context == $context and .name == "urn:qwave:terminal:meter-1" and .until_ms - .time_ms == 600000' \
    "$site/statement.json" >/dev/null || fail "the statement: $(cat "$site/statement.json")"
[ "$(openssl x509 -in "$site/meter-1.pem" -outform DER | sha256sum | cut -d' ' -f1)" = "$(field certificate_sha256 <"$site/statement.json")" ] || fail "another certificate"
statement urn:qwave:terminal:meter-2 "$id" | grep -q 'not found' || fail "a statement about somebody else"

echo "an application and an officer, each with a card that is bound to them"
refused 'the card of another' auth urn:qwave:sae:app-1 meter-1 app-1 app-1
for who in token-1:urn:qwave:sae:app-1 token-2:bob; do
    admin device add "${who%%:*}" --kind terminal --owner test --peer app-1 >/dev/null
    charge "${who%%:*}" 4
    admin device bind "${who%%:*}" --user "${who#*:}" >/dev/null
done
auth urn:qwave:sae:app-1 token-1 app-1 app-1 >/dev/null || fail "the application is refused: $(cat "$site/auth.log")"
admin certificate officer bob --certificate "$site/bob.pem" --key "$site/bob.key" >/dev/null
auth urn:qwave:officer:bob token-2 bob bob >/dev/null || fail "the officer is refused: $(cat "$site/auth.log")"

echo "an access point by its own name and its own card"
admin device add ap-1 --kind access-point --owner test >/dev/null
charge ap-1 4
admin certificate ap ap-1 --certificate "$site/ap-1.pem" --key "$site/ap-1.key" >/dev/null
ap() { auth urn:qwave:ap:ap-1 ap-1 ap-1 ap-1 "$@"; }
id=$(ap | field id) || fail "the access point is refused: $(cat "$site/auth.log")"
[ "$(statement urn:qwave:ap:ap-1 "$id" | field name)" = urn:qwave:ap:ap-1 ] || fail "the statement: $(statement urn:qwave:ap:ap-1 "$id")"
statement urn:qwave:terminal:ap-1 "$id" | grep -q 'not found' || fail "a terminal of that name"
refused 'the card of another' auth urn:qwave:ap:ap-1 meter-1 ap-1 ap-1
refused 'no certificate in force' auth urn:qwave:ap:ap-1 ap-1 meter-1 meter-1
refused 'the card of another' auth urn:qwave:terminal:meter-1 ap-1 meter-1 meter-1
admin device suspend ap-1 >/dev/null
refused 'not in service\|suspended\|no certificate' ap
admin device resume ap-1 >/dev/null

echo "kill -9 before the centre hears of it, and after it has used the key up: the same command goes on, and one key is one statement"
stop qwaved KILL
! meter >/dev/null || fail "proved to nobody"
start_public
in_between lose
! meter >/dev/null || fail "an answer that was lost"
[ -s "$site/meter-1.card.proof" ] || fail "the proof does not wait"
stop qwaved KILL # between the end of the key and the answer
stop between KILL
start_public
id=$(meter | field id) || fail "the lost answer is not given again: $(cat "$site/auth.log")"
[ "$(statement urn:qwave:terminal:meter-1 "$id" | field id)" = "$id" ] || fail "no statement"
[ ! -e "$site/meter-1.card.proof" ] || fail "it waits still"

echo "a recorded proof gets the answer that was given, and makes no second statement"
[ "$(send "$site/recorded")" = 200 ] || fail "the same bytes: $(cat "$site/send.out")"
answer=$(cat "$site/send.out")
[ "$(send "$site/recorded")" = 200 ] && [ "$(cat "$site/send.out")" = "$answer" ] || fail "another answer to a replay"
{ head -c 20 "$site/recorded" && printf '\xff' && tail -c +22 "$site/recorded"; } >"$site/changed"
[ "$(send "$site/changed")" = 403 ] || fail "a changed replay"

echo "a proof that was held back for longer than the window"
cp "$site/centre/qwaved.yaml" "$site/standard.yaml"
echo "authentication_window_s: 1" >>"$site/centre/qwaved.yaml"
stop qwaved
start_public
in_between hold
refused 'the challenge is too old' meter
stop between KILL
stop qwaved
cp "$site/standard.yaml" "$site/centre/qwaved.yaml"
start_public

echo "half of it: the right key with another's certificate, the right certificate with another's card; five times is a lock, which a restart keeps"
refused 'no certificate in force' auth urn:qwave:terminal:meter-1 meter-1 bob bob
refused 'no certificate in force' auth urn:qwave:terminal:meter-1 meter-1 meter-1 bob
refused 'the card of another' auth urn:qwave:terminal:meter-1 token-1 meter-1 meter-1
refused 'no certificate in force' auth urn:qwave:terminal:meter-1 meter-1 bob bob
refused 'failures, for 30 s\|no certificate in force' auth urn:qwave:terminal:meter-1 meter-1 bob bob
refused 'locked' meter
# A lock is of 30 s, and each later one twice as long: where the machine takes longer to start again, a later one.
for _ in 1 2 3 4; do
    stop qwaved KILL
    start_public
    : >"$site/qwaved.log"
    ! auth urn:qwave:terminal:meter-1 meter-1 bob bob >/dev/null || fail "half of it is enough"
    ! grep -q locked "$site/qwaved.log" || break
done
refused 'locked' meter
admin authentication unlock urn:qwave:terminal:meter-1 >/dev/null || fail "the lock is not lifted"
! admin authentication unlock urn:qwave:terminal:meter-1 >/dev/null 2>&1 || fail "lifted twice"
meter >/dev/null || fail "refused after the lock was lifted: $(cat "$site/auth.log")"

echo "a revoked certificate proves nothing"
admin certificate renew "$site/meter-1.pem" --certificate "$site/meter-1-new.pem" --key "$site/meter-1-new.key" >/dev/null
admin certificate revoke "$site/meter-1.pem" >/dev/null
refused 'no certificate in force' meter
auth urn:qwave:terminal:meter-1 meter-1 meter-1-new meter-1-new >/dev/null || fail "the new one: $(cat "$site/auth.log")"

echo "what is no proof: one answer for everything"
head -c 200 /dev/urandom >"$site/noise"
[ "$(send "$site/noise")" = 403 ] && grep -q refused "$site/send.out" || fail "noise: $(cat "$site/send.out")"
curl --silent -H 'Content-Type: application/json' --data '{"name":"urn:qwave:terminal:nobody"}' "$public/authentication/challenge" | grep -q challenge ||
    fail "challenges tell who is there"

echo "counted and in the journal"
metrics=$(curl --silent --cert "$site/centre/operator/operator.pem" --key "$site/centre/operator/operator.key" --cacert "$site/centre/ca/ca.pem" "$url/metrics")
grep -q '^qwave_authentications_total{result="succeeded"} [1-9]' <<<"$metrics" || fail "not counted: $(grep authentic <<<"$metrics")"
"$bin/qwave" audit --operator "$site/centre/operator/operator.yaml" --url "$url" export "$site/journal" >/dev/null || fail "no journal"
for verb in authenticate authentication-lock authentication-unlock; do
    grep -aq "$verb" "$site/journal" || fail "the journal has no $verb"
done
echo "passed"
