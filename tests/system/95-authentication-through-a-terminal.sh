# SPDX-License-Identifier: Apache-2.0
# rows: C11 A6
# An application asks the terminal that runs beside it to prove itself to the centre: over the air and over IP, with the card the terminal has open. The centre
# away, kill -9 of the terminal in the middle, a lock, bad input.
source "$(dirname "$0")/site.sh"

make_centre
printf 'public: on\npublic_port: 0\n' >>"$site/centre/qwaved.yaml"
start_ports() {
    start_centre
    public=http://127.0.0.1:$(sed -n 's/^public //p' "$site/qwaved.out")
}
start_ports
make_devices 40
admin device add app-1 --kind application --owner test >/dev/null
admin certificate terminal phone-1 --certificate "$site/phone-1.pem" --key "$site/phone-1.key" >/dev/null
start_air
start_access_point

with_certificate() { # CERTIFICATE [SETTING]
    start_terminal "automatic_refill: false" "certificate: $site/$1.pem" "key: $site/$1.key" "${2:-}"
}
asks() { "$bin/qwave" auth --terminal "$site/terminal.sock" --json "$@" 2>"$site/auth.log"; }
statement() {
    curl --silent --max-time $ready_s --cert "$site/app-1.pem" --key "$site/app-1.key" --cacert "$site/centre/ca/ca.pem" \
        "$url/v1/authentication?name=urn:qwave:terminal:phone-1&id=$1"
}
statements() { "$bin/qwave" audit --operator "$site/centre/operator/operator.yaml" --url "$url" show --verb authenticate | grep -c 'phone-1: success' || true; }
refused_with() { # STATUS TEXT
    local status=0
    asks >/dev/null || status=$?
    [ "$status" = "$1" ] || fail "exit status $status, not $1: $(cat "$site/auth.log")"
    grep -q "$2" "$site/auth.log" || fail "does not say '$2': $(cat "$site/auth.log")"
}

echo "a terminal without a certificate says so, and gives keys as before"
start_terminal "automatic_refill: false"
refused_with 1 'no certificate'
use_keys 1
stop terminal

echo "over the air: the statement is for the context that was asked with; one key each; keys and refills go on beside it"
with_certificate phone-1
before=$(remaining)
context=$(printf '%064d' 7)
id=$(asks --context "$context" | field id)
[ -n "$id" ] || fail "refused: $(cat "$site/auth.log")"
[ "$(statement "$id" | field context)" = "$context" ] || fail "no statement: $(statement "$id")"
[ "$(remaining)" = $((before - 1)) ] || fail "it cost $((before - $(remaining))) keys"
use_keys 1
for _ in 1 2 3; do asks >>"$site/at-once" & done
key get >/dev/null || fail "no key meanwhile"
wait -n && wait -n && wait -n || fail "not three at once: $(cat "$site/auth.log")"
[ "$(field id <"$site/at-once" | sort -u | wc -l)" = 3 ] || fail "one statement for two"
key refill >/dev/null || fail "no refill: $(tail -n 3 "$site/terminal.log")"

echo "the centre is away: no key for nothing; the proof that waits comes through after kill -9 of the terminal, and makes one statement"
made=$(statements)
stop qwaved KILL
before=$(remaining)
! asks >/dev/null || fail "proved to nobody"
[ "$(remaining)" = "$before" ] || fail "a key without a challenge"
start_ports
stop ap
start_access_point
stop terminal
# A listener that carries challenges and keeps proofs to itself: the terminal waits for an answer that never comes.
cat >"$site/keeper.py" <<'PY'
import http.server, sys, time, urllib.request
class Keeper(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/authentication":
            open(sys.argv[2], "ab").write(body + b"\n")
            time.sleep(300)
        answer = urllib.request.urlopen(urllib.request.Request(sys.argv[1] + self.path, body, {"Content-Type": "application/json"})).read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
    def log_message(self, *a):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keeper)
print("ready", server.server_address[1], flush=True)
server.serve_forever()
PY
python3 "$site/keeper.py" "$public" "$site/kept" >"$site/keeper.out" 2>"$site/keeper.log" &
pid[keeper]=$!
with_certificate phone-1 "public_url: http://127.0.0.1:$(ready keeper)"
before=$(remaining)
asks >/dev/null &
asking=$!
is_kept() { [ -s "$site/kept" ]; }
within $ready_s is_kept || fail "no proof is sent"
key get >/dev/null || fail "a proof that waits holds keys up"
stop terminal KILL
! wait $asking || fail "the application believes a killed terminal"
[ -s "$site/phone-1.card.proof" ] || fail "the proof does not wait"
[ "$(statements)" = "$made" ] || fail "a statement of a proof that the centre has not seen"
with_certificate phone-1 # over the air this time
id=$(asks | field id)
[ -n "$id" ] || fail "not after the kill: $(cat "$site/auth.log")"
[ "$(remaining)" = $((before - 2)) ] || fail "another key was used for the same proof"
[ "$(statements)" = $((made + 1)) ] || fail "$(statements) statements, not $((made + 1))"
sent=$(head -n 1 "$site/kept")
[ "$(curl --silent --output /dev/null --write-out '%{http_code}' -H 'Content-Type: application/json' --data "$sent" "$public/authentication")" = 200 ] ||
    fail "the answer is not given again"
[ "$(statements)" = $((made + 1)) ] || fail "a replay makes a statement"
stop terminal

echo "over IP; a proof that waits for one context is not used for another"
with_certificate phone-1 "public_url: http://127.0.0.1:$(ready keeper)"
: >"$site/kept"
asks --context "$context" >/dev/null &
asking=$!
within $ready_s is_kept || fail "no proof is sent"
stop terminal KILL
! wait $asking || fail "the application believes a killed terminal"
with_certificate phone-1 "public_url: $public"
id=$(asks --context "$(printf '%064d' 8)" | field id)
[ "$(statement "$id" | field context)" = "$(printf '%064d' 8)" ] || fail "a statement for somebody else: $(statement "$id")"
stop terminal

echo "refused: half of it, then locked, each with its reason; unlocked it goes on"
with_certificate app-1 "public_url: $public"
for _ in 1 2 3 4 5; do refused_with 3 'the centre: refused'; done
stop terminal
with_certificate phone-1 "public_url: $public"
refused_with 3 'the centre: refused'
"$bin/qwave" admin --operator "$site/centre/officers/security.yaml" --url "$url" authentication unlock urn:qwave:terminal:phone-1 >/dev/null || fail "not unlocked"
asks >/dev/null || fail "not after it was unlocked: $(cat "$site/auth.log")"

echo "suspended, it is refused; nobody listens at a socket; options that do not go together"
admin device suspend phone-1 >/dev/null
refused_with 3 'the centre: refused'
admin device resume phone-1 >/dev/null
! "$bin/qwave" auth --terminal "$site/nobody.sock" >/dev/null 2>"$site/auth.log" || fail "proved by nobody"
status=0
"$bin/qwave" auth --terminal "$site/terminal.sock" --url "$public" >/dev/null 2>&1 || status=$?
[ "$status" = 2 ] || [ "$status" = 64 ] || fail "two ways at once: exit status $status"
stop terminal
sed -i '/^key:/d' "$site/terminal.yaml"
! "$bin/qwave-terminal" --config "$site/terminal.yaml" --check >/dev/null 2>"$site/auth.log" || fail "a certificate without its key"
grep -q 'certificate and key go together' "$site/auth.log" || fail "does not say why: $(cat "$site/auth.log")"
echo "done"
