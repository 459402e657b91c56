# SPDX-License-Identifier: Apache-2.0
# rows: C5 C8 C16
# once: a measuring command on the code that the unit tests run
# What the size of a registry costs on PostgreSQL: two databases on one server, ten questions to both, an import, an index made anew, and a unit's first quota.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/postgres.sh"

need_postgres
make_postgres
start_postgres
$postgres_bin/createdb -h "$site/pg" -U qwave small
small_uri="postgresql://qwave@/small?host=$site/pg"
TMPDIR=$site timeout 300 "$bin/qwave" bench management --queries 45 --devices 2000 --json --database "$postgres_uri" --small-database "$small_uri" \
    >"$site/figures" 2>"$site/bench.log" || fail "exit status $?: $(tail -n 2 "$site/bench.log")"
jq -e '[.registry_p99_ratio, .registry_p99_ms, .registry_import_per_s, .registry_quota_s, .registry_index_build_s] | all(. > 0)' "$site/figures" >/dev/null ||
    fail "a figure is missing: $(cat "$site/figures")"
jq -e '.registry_devices == 2000 and (has("audit_cost_share") | not)' "$site/figures" >/dev/null || fail "not right: $(cat "$site/figures")"
[ "$($postgres_bin/psql -X -q -At -h "$site/pg" -U qwave -d postgres -c 'SELECT count(*) FROM qwave.device')" = 2000 ] || fail "they stand elsewhere"
for wrong in "--database $postgres_uri" "--small-database $small_uri" "--database centre.db --small-database small.db"; do
    status=0
    # shellcheck disable=SC2086 # the words are separate arguments
    "$bin/qwave" bench management $wrong >/dev/null 2>"$site/bench.log" || status=$?
    [ "$status" = 2 ] && [ -s "$site/bench.log" ] || fail "bench management $wrong: exit status $status"
done
cat "$site/figures"
