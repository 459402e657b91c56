#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# PostgreSQL 15 streaming replication over a link whose keys `qwave-link` changes; docs/operation/backup.md explains it. As the user of PostgreSQL:
#
#   postgresql.sh primary DATA OWN PEER   settings of a server at the address OWN of the link, that its PEER may copy; before its start
#   postgresql.sh standby DATA PRIMARY    a copy of the server at the address PRIMARY, checked, that follows it once it is started
#   postgresql.sh backup FOLDER PRIMARY   a copy that follows nobody, checked: a backup of the files
#   postgresql.sh promote DATA            the standby takes over
#
# The addresses are those inside the tunnel. The user of replication is ${PGUSER:-replicator}; its password, where it has one, is in ~/.pgpass.
set -eu
postgres_bin=${POSTGRES_BIN:-/usr/lib/postgresql/15/bin}
export PGUSER=${PGUSER:-replicator}

usage() {
    sed -n 's/^#   //p' "$0" >&2
    exit 2
}

# copy FOLDER PRIMARY [OPTION...]: every file is compared with the manifest that the server made.
copy() {
    local folder=$1 primary=$2
    shift 2
    "$postgres_bin/pg_basebackup" -h "$primary" -D "$folder" -X stream -c fast "$@"
    "$postgres_bin/pg_verifybackup" -q "$folder"
}

[ $# -ge 2 ] || usage
verb=$1 data=$2
case $verb-$# in
primary-4)
    printf "listen_addresses = 'localhost,%s'\nwal_level = replica\n" "$3" >>"$data/postgresql.conf"
    printf 'host replication %s %s/32 %s\n' "$PGUSER" "$4" "${QW_AUTH:-scram-sha-256}" >>"$data/pg_hba.conf"
    ;;
standby-3) copy "$data" "$3" -R ;;
backup-3) copy "$data" "$3" ;;
promote-2) "$postgres_bin/pg_ctl" promote -D "$data" -W ;;
*) usage ;;
esac
