# SPDX-License-Identifier: Apache-2.0
# Sourced by the tests of the checkers: $seed is an empty tree that holds a copy of the tables, removed at the end.
set -u
source_root=$(cd "$(dirname "$0")/../.." && pwd)
seed=$(mktemp -d)
trap 'rm -rf "$seed"' EXIT
mkdir -p "$seed/src" "$seed/tools"
cp "$source_root"/tools/*.txt "$seed/tools/"
cp "$source_root/.clang-format" "$seed/"

# Runs a checker over the tree and shows how it ended: the test expects both the message and the status.
expect_refusal() { # CHECKER ARGUMENT...
    local checker=$1
    shift
    "$source_root/tools/$checker" "$@" 2>&1
    local status=$?
    [ $status -ne 77 ] || exit 77
    echo "exit status $status"
}
