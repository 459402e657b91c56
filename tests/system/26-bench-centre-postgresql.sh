# SPDX-License-Identifier: Apache-2.0
# rows: C5 C14
# The measuring command with two centres on one PostgreSQL: every request is answered by either of them.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/postgres.sh"

need_postgres
[ "${QWAVE_RELEASE:-yes}" = yes ] || skip "runs in release builds only"
make_postgres
start_postgres
TMPDIR=$site timeout 300 "$bin/qwave" bench centre --seconds 1 --threads 4 --json --database "$postgres_uri" --processes 2 \
    >"$site/figures" 2>"$site/bench.log" || fail "exit status $?: $(tail -n 2 "$site/bench.log")"
jq -e '[.enc_1_per_s, .enc_128_keys_per_s, .dec_per_s, .p50_ms, .handshakes_per_s] | all(. > 0)' "$site/figures" >/dev/null ||
    fail "a figure is missing: $(cat "$site/figures")"
jq -e '.failed_requests == 0 and .backend == "postgresql" and .processes == 2 and .bytes_per_key == null' "$site/figures" >/dev/null ||
    fail "not right: $(cat "$site/figures")"
for wrong in "--processes 2" "--processes 3" "--database centre.db"; do
    status=0
    # shellcheck disable=SC2086 # the words are separate arguments
    "$bin/qwave" bench centre $wrong >/dev/null 2>"$site/bench.log" || status=$?
    [ "$status" = 2 ] && [ -s "$site/bench.log" ] || fail "bench centre $wrong: exit status $status"
done
cat "$site/figures"
