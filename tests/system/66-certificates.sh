# SPDX-License-Identifier: Apache-2.0
# rows: C4 C10 S2 S4
# The life of a certificate: issued for a request, used, renewed without an interruption, taken back and refused at once. Weak keys, no proof
# of the private key and names that are taken get none. The authority's key is in no file.
source "$(dirname "$0")/site.sh"

"$bin/qwave" init --port 0 --source kernel --certificates p256,ed25519,sm2 "$site/centre" >/dev/null
echo "public: on
public_port: 0" >>"$site/centre/qwaved.yaml"
start_centre
public=http://127.0.0.1:$(sed -n 's/^public //p' "$site/qwaved.out")
ca=$site/centre/ca/ca.pem

# as NAME: GET /v1/health with NAME.pem; prints the status, 000 when the handshake is refused.
as() {
    curl --silent --max-time $ready_s --output /dev/null --write-out '%{http_code}' --cert "$site/$1.pem" --key "$site/$1.key" --cacert "$ca" \
        "$url/v1/health" || true
}

# refused TEXT COMMAND...: fails, and says TEXT.
refused() {
    local text=$1
    shift
    ! "$@" >/dev/null 2>"$site/refused.log" || fail "not refused: $*"
    grep -q "$text" "$site/refused.log" || fail "another refusal than '$text': $(cat "$site/refused.log")"
}


# status PROFILE NAME: what the openssl command makes of the centre's answer about NAME.pem: good, revoked or unknown.
status() {
    [ -e "$site/$1.issuer" ] || curl --silent --fail "$public/authority/$1.pem" >"$site/$1.issuer"
    openssl ocsp -issuer "$site/$1.issuer" -CAfile "$site/$1.issuer" -cert "$site/$2.pem" -url "$public/ocsp" >"$site/ocsp.out" 2>"$site/ocsp.log" ||
        fail "no answer about $2: $(cat "$site/ocsp.log")"
    grep -q 'Response verify OK' "$site/ocsp.log" || fail "the answer about $2 is not signed by its authority: $(cat "$site/ocsp.log")"
    sed -n "s,^$site/$2.pem: ,,p" "$site/ocsp.out"
}

# request NAME SUBJECT ALGORITHM...: NAME.csr by the openssl command, with its key.
request() {
    local name=$1 subject=$2
    shift 2
    openssl genpkey "$@" -out "$site/$name.key" 2>/dev/null
    openssl req -new -key "$site/$name.key" -subj "/CN=$subject" -out "$site/$name.csr"
}

echo "issued: P-256 and Ed25519 open connections, SM2 is checked by the openssl command"
application alice
admin device add bob --kind application --owner test >/dev/null
admin device add carol --kind application --owner test >/dev/null
admin certificate sae bob --profile ed25519 --certificate "$site/bob.pem" --key "$site/bob.key" >/dev/null
admin certificate sae carol --profile sm2 --certificate "$site/carol.pem" --key "$site/carol.key" >/dev/null
[ "$(as alice)" = 200 ] || fail "alice is not let in"
[ "$(as bob)" = 200 ] || fail "bob is not let in: $(as bob)"
openssl verify -CAfile "$site/centre/ca/ca-sm2.pem" -vfyopt distid:1234567812345678 "$site/carol.pem" >/dev/null 2>&1 ||
    fail "the SM2 certificate does not verify"
days=$((($(date -d "$(openssl x509 -in "$site/alice.pem" -noout -enddate | cut -d= -f2)" +%s) - $(date +%s)) / 86400))
[ "$days" -le 30 ] || fail "a certificate lives for $days days"

echo "a request that was made elsewhere"
admin device add dave --kind application --owner test >/dev/null
request dave urn:qwave:sae:dave -algorithm EC -pkeyopt ec_paramgen_curve:P-256
admin certificate sign "$site/dave.csr" --certificate "$site/dave.pem" >/dev/null
[ "$(as dave)" = 200 ] || fail "dave is not let in"

echo "no certificate for a weak key, a key that is not proved, a name that is taken or nobody's"
admin device add erin --kind application --owner test >/dev/null
request weak urn:qwave:sae:erin -algorithm RSA -pkeyopt rsa_keygen_bits:1024
refused '403' admin certificate sign "$site/weak.csr" --certificate "$site/weak.pem"
request erin urn:qwave:sae:erin -algorithm EC -pkeyopt ec_paramgen_curve:P-256
openssl req -in "$site/erin.csr" -outform DER | head -c -1 >"$site/erin.der"
printf '\x55' >>"$site/erin.der"
{ echo "-----BEGIN CERTIFICATE REQUEST-----" && base64 "$site/erin.der" && echo "-----END CERTIFICATE REQUEST-----"; } >"$site/unproved.csr"
refused 'does not prove its private key' admin certificate sign "$site/unproved.csr" --certificate "$site/unproved.pem"
request again urn:qwave:sae:alice -algorithm EC -pkeyopt ec_paramgen_curve:P-256
refused '409' admin certificate sign "$site/again.csr" --certificate "$site/again.pem"
request nobody urn:qwave:ap:nobody -algorithm EC -pkeyopt ec_paramgen_curve:P-256
refused '404' admin certificate sign "$site/nobody.csr" --certificate "$site/nobody.pem"
for name in weak unproved again nobody; do
    [ ! -e "$site/$name.pem" ] || fail "$name has a certificate"
done
for cause in 'its key is weak' 'does not prove the private key' 'one of this name is in force' 'no such device'; do
    grep -q "$cause" "$site/qwaved.log" || fail "the centre does not say: $cause"
done

echo "renewed by its holder: the old one stays in force until it is taken back"
sed "s,$site/centre/operator/operator\.,$site/alice.,; /station/d" "$site/centre/operator/operator.yaml" >"$site/alice.yaml"
"$bin/qwave" admin --operator "$site/alice.yaml" --url "$url" certificate renew "$site/alice.pem" --certificate "$site/alice-2.pem" \
    --key "$site/alice-2.key" >/dev/null
[ "$(as alice)$(as alice-2)" = 200200 ] || fail "renewal interrupts"
refused '403' "$bin/qwave" admin --operator "$site/alice.yaml" --url "$url" certificate renew "$site/bob.pem" \
    --certificate "$site/stolen.pem" --key "$site/stolen.key"

echo "OCSP by the openssl command: good"
[ "$(status p256 alice)$(status p256 alice-2)$(status ed25519 bob)" = goodgoodgood ] || fail "OCSP: $(cat "$site/ocsp.out")"
openssl x509 -in "$site/p256.issuer" -noout -subject >/dev/null || fail "no authority"

echo "taken back: refused with the answer, and over a restart"
admin certificate revoke "$site/alice.pem" >/dev/null
[ "$(as alice)$(as alice-2)" = 000200 ] || fail "after revocation: $(as alice) $(as alice-2)"
[ "$(status p256 alice)$(status p256 alice-2)" = revokedgood ] || fail "OCSP after revocation: $(cat "$site/ocsp.out")"
serial=$(openssl x509 -in "$site/bob.pem" -noout -serial | cut -d= -f2)
admin certificate revoke "$serial" >/dev/null
[ "$(as bob)" = 000 ] || fail "bob is still let in"
refused 'revoked already' admin certificate revoke "$site/alice.pem"
admin --json certificate list | jq -e '[.certificates[] | select(.state == "revoked") | .name] | sort == ["urn:qwave:sae:alice", "urn:qwave:sae:bob"]' \
    >/dev/null || fail "the register says: $(admin certificate list)"
[ "$(status ed25519 bob)" = revoked ] || fail "OCSP about bob: $(cat "$site/ocsp.out")"

echo "OCSP over a certificate that this authority never issued, by GET, and over none at all; the list for those who like lists"
openssl ocsp -issuer "$site/p256.issuer" -CAfile "$site/p256.issuer" -serial 0x1234 -url "$public/ocsp" 2>/dev/null | grep -q '0x1234: unknown' ||
    fail "OCSP about a serial number that was never given"
openssl req -new -x509 -key "$site/erin.key" -subj /CN=erin -days 1 -out "$site/other.pem"
{ openssl ocsp -issuer "$site/other.pem" -cert "$site/other.pem" -url "$public/ocsp" 2>&1 || true; } | grep -q unauthorized || fail "OCSP about another authority"
openssl ocsp -issuer "$site/p256.issuer" -cert "$site/alice.pem" -no_nonce -reqout "$site/ocsp.req" >/dev/null
curl --silent --fail "$public/ocsp/$(base64 -w 0 "$site/ocsp.req" | sed 's,+,%2B,g; s,/,%2F,g; s,=,%3D,g')" >"$site/ocsp.get"
openssl ocsp -respin "$site/ocsp.get" -reqin "$site/ocsp.req" -issuer "$site/p256.issuer" -CAfile "$site/p256.issuer" -cert "$site/alice.pem" 2>/dev/null |
    grep -q 'alice.pem: revoked' || fail "OCSP by GET"
echo nonsense | curl --silent --fail -H 'Content-Type: application/ocsp-request' --data-binary @- "$public/ocsp" >"$site/ocsp.bad"
{ openssl ocsp -respin "$site/ocsp.bad" 2>&1 || true; } | grep -qi malformed || fail "nonsense is answered otherwise"
curl --silent --fail "$public/crl/p256.crl" | openssl crl -inform DER -noout -text >"$site/list.txt"
grep -qi "$(openssl x509 -in "$site/alice.pem" -noout -serial | cut -d= -f2)" "$site/list.txt" || fail "alice is not on the list"

stop qwaved KILL
start_centre
[ "$(as alice)$(as bob)$(as alice-2)$(as dave)" = 000000200200 ] || fail "a restart forgets revocations"

echo "a device without a certificate: one key of its card, once, also when the centre is away in between"
public=http://127.0.0.1:$(sed -n 's/^public //p' "$site/qwaved.out")
admin device add ap-1 --kind access-point --owner test >/dev/null
charge ap-1 4
enrol() {
    "$bin/qwave" enrol --url "$public" --name "${1:-urn:qwave:ap:ap-1}" --card "$site/ap-1.card" --passphrase-file "$site/ap-1.passphrase" \
        --certificate "$site/ap-1.pem" --key "$site/ap-1.key" --ca "$site/ap-1-ca.pem"
}
# send FILE: its bytes as an enrolment; prints the status, the answer is in enrolment.out.
send() {
    printf '{"enrolment":"%s"}' "$(base64 -w 0 "$1")" |
        curl --silent --output "$site/enrolment.out" --write-out '%{http_code}' -H 'Content-Type: application/json' --data-binary @- "$public/enrolment"
}
stop qwaved KILL
! enrol >/dev/null 2>&1 || fail "enrolled by nobody"
[ -s "$site/ap-1.pem.request" ] && [ ! -e "$site/ap-1.pem" ] || fail "the request does not wait"
cp "$site/ap-1.pem.request" "$site/recorded"
start_centre
public=http://127.0.0.1:$(sed -n 's/^public //p' "$site/qwaved.out")
head -c -8 "$site/recorded" >"$site/forged"
head -c 8 /dev/zero >>"$site/forged"
[ "$(send "$site/forged")" = 403 ] || fail "a forged enrolment: $(cat "$site/enrolment.out")"
enrol >/dev/null || fail "the waiting enrolment does not come through"
[ "$(as ap-1)" = 200 ] || fail "the enrolled access point is not let in"
cmp -s <(openssl x509 -in "$site/ap-1-ca.pem") <(openssl x509 -in "$ca") || fail "another authority than the centre's"
[ "$(status p256 ap-1)" = good ] || fail "OCSP about the enrolled"
certificates_of_ap() { admin --json certificate list | jq '[.certificates[] | select(.name == "urn:qwave:ap:ap-1")] | length'; }
[ "$(send "$site/recorded")" = 200 ] && [ "$(certificates_of_ap)" = 1 ] || fail "a lost answer is not given again, or a replay issues: $(certificates_of_ap)"
admin certificate revoke "$site/ap-1.pem" >/dev/null
[ "$(send "$site/recorded")" = 403 ] && [ "$(certificates_of_ap)" = 1 ] || fail "a replay after revocation issues"
mv "$site/ap-1.pem" "$site/ap-1-old.pem"
! enrol urn:qwave:ap:ap-2 >/dev/null 2>&1 || fail "enrolled by another's name"
enrol >/dev/null || fail "the next key of the card does not enrol"
[ "$(as ap-1)" = 200 ] || fail "the access point is not let in again"
for cause in 'forged: wrong key' 'no such key, or it was used\|a key that was used' 'the name of another\|a name that is nobody'; do
    grep -q "$cause" "$site/qwaved.log" || fail "the centre does not say: $cause"
done

echo "the authority's key is in no file, in whatever form"
! grep -rlE 'PRIVATE KEY' "$site/centre/ca" || fail "a key of the authority lies in the folder"
! find "$site/centre" -name '*ca*.key' | grep -q . || fail "a key file of the authority"
echo "passed"
