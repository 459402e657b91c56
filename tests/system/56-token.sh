# SPDX-License-Identifier: Apache-2.0
# rows: W14 C3 C6
# The key of a centre is wrapped by a key on a PKCS#11 token (softhsm2): it starts by itself, also after a crash. A wrong PIN, a token that is not there, one
# whose key is gone and a missing module are refused, each with its reason, in the journal too; put back it works. A centre with a passphrase moves to the token.
source "$(dirname "$0")/site.sh"

module=/usr/lib/softhsm/libsofthsm2.so
[ -r $module ] || skip "softhsm2 is not installed"
command -v softhsm2-util >/dev/null || skip "softhsm2-util is not installed"

export SOFTHSM2_CONF=$site/softhsm2.conf
mkdir "$site/tokens"
echo "directories.tokendir = $site/tokens" >"$SOFTHSM2_CONF"
make_token() {
    softhsm2-util --init-token --free --label "$1" --so-pin 12345678 --pin "$2" >/dev/null
}
pin() { (umask 077 && echo "$1" >"$site/pin"); }

settings=$site/centre/qwaved.yaml

# refused EXIT-STATUS TEXT: qwaved does not start, and says so.
refused() {
    local status=0
    timeout $ready_s "$bin/qwaved" --config "$settings" >/dev/null 2>"$site/refused.log" || status=$?
    [ "$status" = "$1" ] || fail "ends with $status, not $1: $(tail -n 1 "$site/refused.log")"
    grep -q "$2" "$site/refused.log" || fail "does not say '$2': $(tail -n 1 "$site/refused.log")"
    grep -raqF "$2" "$site/centre" || fail "'$2' is not in the journal"
}

echo "a centre whose key a token keeps"
make_token "key centre" 90817263
pin 90817263
"$bin/qwave" init --port 0 --source kernel --journal-signature sm2 --custody pkcs11 --pkcs11-module $module --pkcs11-token "key centre" --pkcs11-pin-file "$site/pin" \
    "$site/centre" >/dev/null
[ ! -e "$site/centre/passphrase" ] || fail "there is a passphrase"
start_centre
[ "$(admin status --json | jq -r .custody)" = pkcs11 ] || fail "the status does not name the custody"
rotate_kek
stop qwaved KILL
start_centre
stop qwaved

echo "a wrong PIN"
pin 90817264
refused 3 'the PIN is not that of the token'
chmod 644 "$site/pin"
status=0
"$bin/qwaved" --config "$settings" >/dev/null 2>"$site/refused.log" || status=$?
[ "$status" = 3 ] && grep -q 'others may read it' "$site/refused.log" || fail "a PIN that others may read: $status"
pin 90817263
chmod 600 "$site/pin"
start_centre
stop qwaved

echo "no token, and one with the same name and another key"
mv "$site/tokens" "$site/away"
mkdir "$site/tokens"
refused 1 'no token with this label is there'
make_token "key centre" 90817263
refused 1 'the key that wrapped the store'
rm -rf "$site/tokens"
mv "$site/away" "$site/tokens"
start_centre
stop qwaved

echo "no module"
cp "$settings" "$site/settings"
sed -i 's#^pkcs11_module: .*#pkcs11_module: /usr/lib/nothing.so#' "$settings"
refused 1 'no PKCS#11 module to be loaded'
cp "$site/settings" "$settings"
start_centre
application alice
stop qwaved

echo "from the token to a passphrase file and back"
passphrase "$site/phrase"
sed -e 's/^custody: pkcs11/custody: passphrase-file/' -e "s#^pkcs11_module:.*#passphrase_file: $site/phrase#" -e '/^pkcs11_/d' "$settings" >"$site/by-phrase.yaml"
"$bin/qwave" custody move --from "$settings" --to "$site/by-phrase.yaml" >/dev/null
start qwaved qwaved --config "$site/by-phrase.yaml"
url=https://127.0.0.1:$(ready qwaved)
[ "$(admin status --json | jq -r .custody)" = passphrase-file ] || fail "the status does not name the new custody"
stop qwaved
"$bin/qwave" custody move --from "$site/by-phrase.yaml" --to "$settings" --json | jq -e '.from == "passphrase-file" and .to == "pkcs11"' >/dev/null ||
    fail "the move does not say what it did"
start_centre
[ "$(admin device show alice --json | jq -r .id)" = alice ] || fail "the device is gone"
stop qwaved

echo "no secret in a file of the centre"
for secret in pin phrase; do
    if grep -raqF -f "$site/$secret" "$site/centre" "$site"/*.log "$site"/*.out; then
        fail "$secret stands in a file"
    fi
done
echo "done"
