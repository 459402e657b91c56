# SPDX-License-Identifier: Apache-2.0
# rows: C5 C14
# once: it measures
# The measuring command for key delivery: every figure is there, every request was answered, and nothing is left behind.
set -u
bin=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "FAIL: $*"
    exit 1
}

mkdir "$work/tmp"
TMPDIR=$work/tmp timeout 300 "$bin/qwave" bench centre --seconds 1 --threads 4 --json >"$work/out" 2>"$work/log" ||
    fail "exit status $?: $(tail -n 2 "$work/log")"
[ "$(wc -l <"$work/out")" = 1 ] || fail "not one line of JSON"
jq -e '[.enc_1_per_s, .enc_128_keys_per_s, .dec_per_s, .p50_ms, .p99_ms, .handshakes_per_s, .enc_1_server_us, .dec_server_us] | all(. > 0)' "$work/out" >/dev/null ||
    fail "a figure is missing: $(cat "$work/out")"
jq -e '.failed_requests == 0 and .backend == "sqlite" and .p50_ms <= .p99_ms' "$work/out" >/dev/null || fail "not right: $(cat "$work/out")"
if [ -x /usr/sbin/nginx ]; then
    jq -e '.nginx_static_per_s > 0 and .nginx_handshakes_per_s > 0 and .nginx_server_us >= 0' "$work/out" >/dev/null || fail "nginx: $(cat "$work/out")"
else
    jq -e '.nginx_static_per_s == null and .nginx_handshakes_per_s == null' "$work/out" >/dev/null || fail "no nginx, but figures"
    grep -q "nginx is not installed" "$work/log" || fail "does not say that nginx is missing"
fi
jq -e '.bytes_per_key <= 70' "$work/out" >/dev/null || fail "a stored key takes too much: $(jq .bytes_per_key "$work/out")"
[ -z "$(ls "$work/tmp")" ] || fail "left behind: $(ls "$work/tmp")"
for wrong in "--seconds 0" "--threads x" "--nonsense" "more"; do
    status=0
    # shellcheck disable=SC2086 # the words are separate arguments
    "$bin/qwave" bench centre $wrong >/dev/null 2>"$work/log" || status=$?
    [ "$status" = 2 ] && [ -s "$work/log" ] || fail "bench centre $wrong: exit status $status"
done
cat "$work/out"
