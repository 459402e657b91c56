# SPDX-License-Identifier: Apache-2.0
# rows: W14 C3 C6
# The key of a centre is sealed by a TPM (swtpm, in software): it starts by itself, also after a crash and with the machine switched off and on. A changed
# configuration, a changed register and another TPM are refused with the reason, in the journal too; put back it works. The recovery secret opens it whatever
# has changed, and the key can be moved to a passphrase file and back.
source "$(dirname "$0")/site.sh"

extend=${QWAVE_TPM_EXTEND:?}
command -v swtpm >/dev/null || skip "swtpm is not installed"

# start_tpm NAME: with its state of before, registers anew.
start_tpm() {
    mkdir -p "$site/$1.state"
    rm -f "$site/$1" "$site/$1.ctrl"
    swtpm socket --tpm2 --server "type=unixio,path=$site/$1" --ctrl "type=unixio,path=$site/$1.ctrl" --tpmstate "dir=$site/$1.state" \
        --flags not-need-init,startup-clear >"$site/$1.log" 2>&1 &
    pid[$1]=$!
    "$extend" "$site/$1" ready || fail "the TPM does not start: $(tail -n 1 "$site/$1.log")"
}

settings=$site/centre/qwaved.yaml

# refused EXIT-STATUS TEXT: qwaved does not start, and says so.
refused() {
    local status=0
    timeout $ready_s "$bin/qwaved" --config "$settings" >/dev/null 2>"$site/refused.log" || status=$?
    [ "$status" = "$1" ] || fail "ends with $status, not $1: $(tail -n 1 "$site/refused.log")"
    grep -q "$2" "$site/refused.log" || fail "does not say '$2': $(tail -n 1 "$site/refused.log")"
}

echo "a centre whose key the TPM seals"
start_tpm tpm
"$bin/qwave" init --port 0 --source kernel --custody tpm2 --tpm2-tcti "swtpm:path=$site/tpm" "$site/centre" >"$site/init.out"
[ ! -e "$site/centre/passphrase" ] || fail "there is a passphrase"
[ "$(stat -c %a "$site/centre/recovery")" = 600 ] || fail "the recovery secret may be read by others"
mv "$site/centre/recovery" "$site/safe" # carried away
start_centre
[ "$(admin status --json | jq -r .custody)" = tpm2 ] || fail "the status does not name the custody"

echo "another KEK under the key that the TPM holds: the recovery secret stays what it is"
rotate_kek

echo "killed and started again, and with the machine switched off and on"
stop qwaved KILL
start_centre
stop qwaved
stop tpm KILL
start_tpm tpm
start_centre
stop qwaved

echo "one byte of the configuration"
cp "$settings" "$site/settings"
sed -i '1s/^#/##/' "$settings"
refused 3 'changed since the key was sealed: the configuration file$'
cp "$site/settings" "$settings"
start_centre
stop qwaved
grep -raqF 'changed since the key was sealed: the configuration file' "$site/centre" || fail "the refusal is not in the journal"

echo "a register of the platform"
"$extend" "$site/tpm" 7
refused 3 'changed since the key was sealed: register 7$'
stop tpm KILL
start_tpm tpm
start_centre
stop qwaved

echo "no TPM, and another one"
mv "$site/tpm" "$site/elsewhere"
refused 1 'no TPM answers'
mv "$site/elsewhere" "$site/tpm"
start_tpm second
sed "s#path=$site/tpm#path=$site/second#" "$site/settings" >"$settings"
refused 3 'sealed by another TPM'
cp "$site/settings" "$settings"

echo "the recovery secret opens it for new settings and another register"
"$extend" "$site/tpm" 0
sed 's/^centre_id/stock_keys: 512\ncentre_id/' "$site/settings" >"$settings"
refused 3 'the configuration file, register 0$'
status=0
"$bin/qwave" custody move --from "$settings" --to "$settings" --new-recovery "$site/safe-2" 2>"$site/move.log" || status=$?
[ "$status" = 3 ] || fail "moved without right: $status"
rm -f "$site/safe-2"
"$bin/qwave" custody move --from "$settings" --to "$settings" --recovery "$site/safe" --new-recovery "$site/safe-2"
start_centre
stop qwaved
status=0
"$bin/qwave" custody move --from "$settings" --to "$settings" --recovery "$site/safe" --new-recovery "$site/safe-3" 2>"$site/move.log" || status=$?
[ "$status" = 3 ] || fail "the old recovery secret still opens the new record"
grep -q 'not the recovery secret' "$site/move.log" || fail "does not say why: $(tail -n 1 "$site/move.log")"

echo "what cannot be meant is refused"
wrong_use() {
    local status=0
    "$bin/qwave" custody "$@" >/dev/null 2>"$site/move.log" || status=$?
    [ "$status" = 2 ] || fail "custody $* ends with $status: $(tail -n 1 "$site/move.log")"
}
sed 's/^centre_id: .*/centre_id: another/' "$settings" >"$site/another.yaml"
wrong_use move --from "$settings" --to "$settings"
wrong_use move --from "$settings" --to "$site/another.yaml" --new-recovery "$site/safe-3"
wrong_use move --from "$settings"
wrong_use stay
[ ! -e "$site/safe-3" ] || fail "a recovery secret was made for nothing"

echo "to a passphrase file and back"
passphrase "$site/phrase"
sed -e 's/^custody: tpm2/custody: passphrase-file/' -e "s#^tpm2_tcti:.*#passphrase_file: $site/phrase#" -e '/^tpm2_/d' "$settings" >"$site/by-phrase.yaml"
"$bin/qwave" custody move --from "$settings" --to "$site/by-phrase.yaml" --json | jq -e '.from == "tpm2" and .to == "passphrase-file"' >/dev/null ||
    fail "the move does not say what it did"
refused 1 'not wrapped by a TPM'
start qwaved qwaved --config "$site/by-phrase.yaml"
url=https://127.0.0.1:$(ready qwaved)
[ "$(admin status --json | jq -r .custody)" = passphrase-file ] || fail "the status does not name the new custody"
application alice
stop qwaved
"$bin/qwave" custody move --from "$site/by-phrase.yaml" --to "$settings" --new-recovery "$site/safe-4" >/dev/null
start_centre
[ "$(admin device show alice --json | jq -r .id)" = alice ] || fail "the device is gone"
stop qwaved

echo "no secret in a file of the centre"
for secret in safe safe-2 safe-4 phrase; do
    if grep -raqF -f "$site/$secret" "$site/centre" "$site"/*.log "$site"/*.out; then
        fail "$secret stands in a file"
    fi
done
echo "done"
