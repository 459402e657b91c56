# SPDX-License-Identifier: Apache-2.0
# rows: C5
# The measuring command for the store: every figure is there, and nothing is left behind. 10^7 keys take too long for here.
set -u
bin=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "FAIL: $*"
    exit 1
}

mkdir "$work/tmp"
TMPDIR=$work/tmp timeout 300 "$bin/qwave" bench store --keys 100000 --claims 60 --json >"$work/out" 2>"$work/log" ||
    fail "exit status $?: $(tail -n 2 "$work/log")"
[ "$(wc -l <"$work/out")" = 1 ] || fail "not one line of JSON"
jq -e '[.claim_ms, .claim_1e3_ms, .claim_ratio, .groups_per_s, .bytes_per_key] | all(. > 0)' "$work/out" >/dev/null ||
    fail "a figure is missing: $(cat "$work/out")"
jq -e '.backend == "sqlite" and .stored_keys >= 100000 and .claim_ratio_1e7 == null and .bytes_per_key <= 70' "$work/out" >/dev/null ||
    fail "not right: $(cat "$work/out")"
[ -z "$(ls "$work/tmp")" ] || fail "left behind: $(ls "$work/tmp")"
for wrong in "--keys 999" "--claims x" "--nonsense" "more"; do
    status=0
    # shellcheck disable=SC2086 # the words are separate arguments
    "$bin/qwave" bench store $wrong >/dev/null 2>"$work/log" || status=$?
    [ "$status" = 2 ] && [ -s "$work/log" ] || fail "bench store $wrong: exit status $status"
done
cat "$work/out"
