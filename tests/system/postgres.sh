# SPDX-License-Identifier: Apache-2.0
# For scenarios beside it, after site.sh: a PostgreSQL 15 of the scenario's own, on a unix socket in $site/pg. PostgreSQL does not run as root:
# then it is the user postgres, or nobody.
postgres_bin=/usr/lib/postgresql/15/bin
postgres_uri="postgresql://qwave@/postgres?host=$site/pg"

need_postgres() {
    [ -x $postgres_bin/postgres ] && [ -x $postgres_bin/initdb ] || skip "the server of PostgreSQL 15 is not installed"
}

# In a subshell: does not return.
as_postgres() {
    local user=postgres
    if [ "$(id -u)" != 0 ]; then
        exec "$@"
    fi
    id -u $user >/dev/null 2>&1 || user=nobody
    exec setpriv --reuid $user --regid "$(id -g $user)" --clear-groups --pdeathsig QUIT "$@"
}

make_postgres() {
    local user=postgres
    mkdir "$site/pg"
    if [ "$(id -u)" = 0 ]; then
        id -u $user >/dev/null 2>&1 || user=nobody
        chmod 711 "$site"
        chown "$user" "$site/pg"
    fi
    (cd "$site/pg" && as_postgres $postgres_bin/initdb -D data -U qwave -A trust -E UTF8 --locale=C -N) >"$site/initdb.log" 2>&1 ||
        fail "initdb: $(tail -n 2 "$site/initdb.log")"
}

# Returns when it takes connections; what a killed one left is waited for.
start_postgres() {
    local deadline=$((SECONDS + ready_s))
    until $postgres_bin/pg_isready -q -h "$site/pg" -U qwave; do
        [ "$SECONDS" -lt "$deadline" ] || fail "PostgreSQL does not start: $(tail -n 2 "$site/pg.log")"
        if [ -z "${pid[postgres]:-}" ] || ! kill -0 "${pid[postgres]}" 2>/dev/null; then
            (cd "$site/pg" && as_postgres $postgres_bin/postgres -D data -k "$site/pg" -c listen_addresses= -c shared_buffers=16MB \
                -c max_connections=20) >>"$site/pg.log" 2>&1 &
            pid[postgres]=$!
        fi
        sleep 0.05
    done
}

# Every process of it at once, as a power cut would.
kill_postgres() {
    local server=${pid[postgres]}
    kill -STOP "$server"
    # shellcheck disable=SC2046 # words
    kill -9 $(cat "/proc/$server/task/$server/children") 2>/dev/null || true
    kill -9 "$server"
    wait "$server" 2>/dev/null || true
    unset "pid[postgres]"
}
