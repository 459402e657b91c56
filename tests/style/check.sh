#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tools/check adds up what CTest reports, and counts a preset that does not build, a runner that fails without a failed
# test, and a run without tests as failures.
. "$(dirname "$0")/seed.sh"
mkdir "$seed/bin"
cp "$source_root/tools/check" "$seed/tools/"
cat >"$seed/bin/cmake" <<'SH'
#!/bin/sh
case "$*" in *broken*) exit 1 ;; esac
SH
cat >"$seed/bin/ctest" <<'SH'
#!/bin/sh
preset=$2
for report in "$@"; do :; done
mkdir -p "$(dirname "$report")"
write() { printf '<?xml version="1.0"?>\n<testsuite name="x"\n\ttests="%s"\n\tfailures="%s"\n\tdisabled="%s"\n\tskipped="%s"\n>\n\t<testcase name="skipped="9"/>\n' "$@" >"$report"; }
case $preset in
good) write 12 0 1 2 ;;
bad) write 5 2 0 0; exit 8 ;;
odd) write 3 0 0 0; exit 1 ;;
empty) write 0 0 0 0 ;;
esac
SH
chmod +x "$seed/bin/cmake" "$seed/bin/ctest"
run() {
    PATH="$seed/bin:$PATH" "$seed/tools/check" "$@" 2>&1
    echo "exit status $?"
}
run good good
run good bad odd empty broken
