#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tools/setup-debian.sh asks for nothing when everything is there, and for exactly what is missing otherwise. The
# package tools are stand-ins that write down how they were called.
. "$(dirname "$0")/seed.sh"
mkdir "$seed/bin"
stand_in() { # NAME BODY
    printf '#!/bin/sh\n%s\n' "$2" >"$seed/bin/$1"
    chmod +x "$seed/bin/$1"
}
# shellcheck disable=SC2016 # expanded by the stand-in
stand_in dpkg-query 'eval "name=\${$#}"; case " $MISSING " in *" $name "*) exit 1 ;; esac; printf "install ok installed"'
stand_in dpkg 'echo "${ARCHITECTURE:-amd64}"'
stand_in id 'echo "${USER_NUMBER:-0}"'
stand_in apt-get 'echo "apt-get $*"; [ "$1" != update ] || exit "${UPDATE_STATUS:-0}"'
stand_in sudo 'echo "sudo $*"'
run() { # LABEL VARIABLE=VALUE...
    echo "-- $1"
    shift
    env QWAVE_SETUP_ANYWAY=1 PATH="$seed/bin:$PATH" "$@" "$source_root/tools/setup-debian.sh" 2>&1
    echo "exit status $?"
}
run "nothing is missing" MISSING= USER_NUMBER=1000
run "as root" MISSING="cmake jq" UPDATE_STATUS=100
run "as a user" MISSING="cmake" USER_NUMBER=1000
run "no ipsec-mb elsewhere" MISSING="libipsec-mb-dev" ARCHITECTURE=arm64
