# SPDX-License-Identifier: Apache-2.0
# rows: C10
# once: of the build that is packaged
# The Debian package: what is in it, its units by systemd's own checkers and under a systemd that runs (booted.sh, units.sh; as root), its scripts on a scratch root, and a
# centre that serves and reads its settings again under the system call filter of its unit; then every command of the operator's handbook. With QWAVE_CLEAN_ROOT=yes
# (`make check-deb`; minutes) also on a new Debian 12 root made by debootstrap: installed with its dependencies, used, upgraded, removed and purged, and booted.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/booted.sh"
source "$(dirname "$0")/units.sh"
trap 'status=$?; machine_clean_up; clean_up $status' EXIT
for tool in dpkg-deb dpkg-shlibdeps jq perl; do command -v $tool >/dev/null || skip "needs $tool"; done
tree=$(cd "$(dirname "$0")/../.." && pwd)

echo "the package is built, and holds what it says"
deb=$("$tree/tools/make_deb" "$bin/.." "$site/deb") || fail "no package"
root=$site/root
mkdir -p "$root"
dpkg-deb -x "$deb" "$root"
dpkg-deb -e "$deb" "$site/control"
for program in qwave qwaved qwave-ap qwave-terminal qwave-link; do
    [ -x "$root/usr/bin/$program" ] && [ -s "$root/usr/share/man/man1/$program.1.gz" ] || fail "$program or its page is not in it"
    "$root/usr/bin/$program" --version >/dev/null || fail "$program does not run"
done
[ -s "$root/usr/share/qwave/prometheus/qwave-alerts.yaml" ] && [ -s "$root/usr/share/qwave/topologies/hefei.yaml" ] || fail "share/ is not in it"
[ -z "$(find "$root/usr" -perm /022 ! -type l)" ] || fail "others may write: $(find "$root/usr" -perm /022 ! -type l)"
[ -z "$(find "$root" -path "$root/usr" -prune -o -type f -print)" ] || fail "files outside /usr"
(cd "$root" && md5sum --quiet -c "$site/control/md5sums") || fail "sums"
grep -q '^Depends: adduser, .*libmicrohttpd12' "$site/control/control" || fail "dependencies: $(grep ^Depends "$site/control/control")"

echo "its scripts: keys stay when it is purged, unless asked"
for script in postinst prerm postrm; do sh -n "$site/control/$script" || fail "$script"; done
! grep -nE 'systemctl.* (re)?(start|enable)|qwave init' "$site/control/postinst" || fail "the installation starts something"
mkdir -p "$root/var/lib/qwave/centre" "$root/etc/qwave"
echo key >"$root/var/lib/qwave/centre/centre.db"
DPKG_ROOT=$root sh "$site/control/postrm" remove
DPKG_ROOT=$root sh "$site/control/postrm" purge 2>"$site/purge.log"
[ -e "$root/var/lib/qwave/centre/centre.db" ] && grep -q '/var/lib/qwave stays' "$site/purge.log" || fail "a purge took keys away, or does not say where they are"
[ ! -e "$root/etc/qwave" ] || fail "an empty folder stays"
QWAVE_PURGE_KEYS=yes DPKG_ROOT=$root sh "$site/control/postrm" purge
[ ! -e "$root/var/lib/qwave" ] || fail "asked to, a purge leaves keys"

if command -v systemd-analyze >/dev/null; then
    echo "its units, by systemd"
    mkdir -p "$root/usr/lib/systemd/system" "$root/etc" "$root/run"
    printf 'root:x:0:0::/:/bin/sh\nqwave:x:997:997::/:/bin/sh\n' >"$root/etc/passwd"
    # Targets that the units name, and nothing else of the machine.
    for target in multi-user basic sysinit network-online shutdown local-fs swap paths slices sockets timers; do
        [ -e "/usr/lib/systemd/system/$target.target" ] && cp "/usr/lib/systemd/system/$target.target" "$root/usr/lib/systemd/system"
    done
    install -D /bin/sh "$root/bin/sh"
    for unit in "$root"/usr/lib/systemd/system/qwave*.service; do
        name=${unit##*/}
        systemd-analyze verify --man=no --recursive-errors=no --root="$root" "$name" >"$site/verify.log" 2>&1 &&
            ! grep -q "^/.*$name\|^$name" "$site/verify.log" || fail "$name: $(cat "$site/verify.log")"
        systemd-analyze security --offline=yes --threshold=20 "$unit" >"$site/security.log" 2>&1 ||
            fail "$name is too open: $(tail -n 1 "$site/security.log")"
        printf '%s: %s\n' "$name" "$(tail -n 1 "$site/security.log" | tr -dc '0-9.' | sed 's/\.$//; s/^\.*//')"
    done
    # A unit that is wrong, or open, is seen to be so.
    sed 's/^NoNewPrivileges/NoNewPrivilege/' "$root/usr/lib/systemd/system/qwaved.service" >"$root/usr/lib/systemd/system/wrong.service"
    systemd-analyze verify --man=no --recursive-errors=no --root="$root" wrong.service >"$site/verify.log" 2>&1 || true
    grep -q "wrong.service:.*'NoNewPrivilege'" "$site/verify.log" || fail "no mistake is found: $(cat "$site/verify.log")"
    rm "$root/usr/lib/systemd/system/wrong.service"
    sed '/^SystemCallFilter\|^CapabilityBoundingSet\|^Protect\|^Restrict\|^Private/d' "$root/usr/lib/systemd/system/qwaved.service" >"$site/open.service"
    ! systemd-analyze security --offline=yes --threshold=20 "$site/open.service" >/dev/null 2>&1 || fail "the threshold finds nothing"
else
    echo "units are not checked: no systemd-analyze"
fi

if reason=$(boot_can); then
    make_machine "$site/machine" "$root"
    cp "$site/control/postinst" "$site/machine/root"
    boot "$site/machine"
    on sh /root/postinst configure >"$site/postinst.log" 2>&1 || fail "postinst under systemd: $(cat "$site/postinst.log")"
    try_units "$site/machine"
    halt
else
    echo "units are not run: $reason"
fi

# allowed UNIT: numbers of the system calls that its filter leaves, line by line as systemd reads it.
allowed() {
    declare -A calls=()
    local line word sign name
    while read -r line; do
        line=${line#SystemCallFilter=}
        sign=${line%%[^~]*}
        for word in ${line#\~}; do
            for name in $(names_of "$word"); do
                if [ "$sign" = '~' ]; then unset "calls[$name]"; else calls[$name]=1; fi
            done
        done
    done < <(grep '^SystemCallFilter=' "$1")
    printf '%s\n' "${!calls[@]}" execve exit exit_group getrlimit rt_sigreturn sigreturn clock_gettime clock_getres clock_nanosleep \
        gettimeofday nanosleep pause time restart_syscall | sort -u >"$site/names"
    printf '#include <sys/syscall.h>\n' | cc -E -dM - | sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/\1 \2/p' | sort >"$site/numbers"
    join "$site/names" "$site/numbers" | cut -d' ' -f2
}
names_of() {
    case $1 in
    @*) systemd-analyze syscall-filter "$1" | sed 1d | while read -r name _; do
        case $name in \#*) ;; @*) names_of "$name" ;; *) echo "$name" ;; esac
    done ;;
    *) echo "$1" ;;
    esac
}

if command -v systemd-analyze >/dev/null && [ -n "${QWAVE_FILTERED:-}" ]; then
    echo "a centre under the filter of its unit"
    make_centre
    mapfile -t numbers < <(allowed "$root/usr/lib/systemd/system/qwaved.service")
    [ ${#numbers[@]} -gt 150 ] || fail "a filter of ${#numbers[@]} calls"
    status=0
    "$QWAVE_FILTERED" "${numbers[@]}" -- /bin/true || status=$?
    [ $status != 77 ] || skip "no system call filters here; everything else passed"
    ! "$QWAVE_FILTERED" "${numbers[@]}" -- "$(command -v chroot)" / /bin/true 2>/dev/null || fail "the filter lets a privileged call through"
    : >"$site/qwaved.out"
    "$QWAVE_FILTERED" "${numbers[@]}" -- "$root/usr/bin/qwaved" --config "$site/centre/qwaved.yaml" >"$site/qwaved.out" 2>>"$site/qwaved.log" &
    pid[qwaved]=$!
    url=https://127.0.0.1:$(ready qwaved)
    grep -q '^Seccomp:[[:space:]]*2' "/proc/${pid[qwaved]}/status" || fail "it is under no filter"
    application app-a app-b
    application app-b
    given() { [ "$(curl --silent --max-time $ready_s --cert "$site/app-a.pem" --key "$site/app-a.key" --cacert "$site/centre/ca/ca.pem" -o /dev/null \
        -w '%{http_code}' "$url/api/v1/keys/app-b/enc_keys")" = 200 ]; }
    within $ready_s given || fail "no keys under the filter"
    admin reload >/dev/null || fail "no reload under the filter"
    charge phone-x 4 2>/dev/null || { admin device add phone-x --kind terminal --owner test --peer app-a >/dev/null && charge phone-x 4; } ||
        fail "no charging under the filter"
    stop qwaved
    ! grep -i 'not permitted' "$site/qwaved.log" || fail "something was not permitted"
fi

echo "every command of the handbook, in its order"
stop_all() { [ -z "${pid[qwaved]:-}" ] || stop qwaved; }
sudo() { [ "$1" = -u ] && shift 2; "$@"; }
systemctl() { # start|stop qwaved, as its unit does
    [ "$2" = qwaved ] || fail "systemctl $*"
    case $1 in
    start)
        : >"$site/qwaved.out"
        "$root/usr/bin/qwaved" --config "$site/handbook/lib/centre/qwaved.yaml" >"$site/qwaved.out" 2>>"$site/qwaved.log" &
        pid[qwaved]=$!
        ready qwaved >/dev/null
        ;;
    stop) stop_all ;;
    *) fail "systemctl $*" ;;
    esac
}
mkdir -p "$site/handbook/lib" "$site/handbook/backups"
stop_all
port=$(free_ports 1)
sed -n '/^```sh$/,/^```$/p' "$tree/docs/operation/handbook.md" | grep -v '^```' |
    sed "s,/var/lib/qwave,$site/handbook/lib,g; s,/var/backups,$site/handbook/backups,g; s,--port 8443,--port $port," >"$site/handbook.sh"
[ "$(grep -c '^qwave \|qwaved \|systemctl ' "$site/handbook.sh")" -ge 25 ] || fail "the handbook has no commands: $(cat "$site/handbook.sh")"
PATH=$root/usr/bin:$PATH
hash -r
folder=$PWD
while read -r command; do
    eval "$command" >"$site/command.out" 2>"$site/command.log" </dev/null || fail "the handbook: $command: $(cat "$site/command.log")"
    case $command in
    *'maintenance status') grep -q 'moving to another machine' "$site/command.out" || fail "$command: $(cat "$site/command.out")" ;;
    *'maintenance off') [ -e centre.mark ] || fail "no mark on the new machine" ;;
    esac
done <"$site/handbook.sh"
cd "$folder"

[ "${QWAVE_CLEAN_ROOT:-}" = yes ] || {
    echo "done (not on a clean root: make check-deb)"
    exit 0
}
command -v debootstrap >/dev/null || skip "needs debootstrap"
[ "$(id -u)" = 0 ] || skip "needs root"
mirror=$(grep -rhoE 'https?://[^ ]*debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | grep -v security | head -n 1 | tr -d ' ' || true)
[ -n "$mirror" ] || skip "no mirror of Debian in the machine's sources"
clean=$site/clean
echo "on a clean Debian 12 from $mirror"
debootstrap --variant=minbase bookworm "$clean" "$mirror" >"$site/debootstrap.log" 2>&1 || skip "no clean root: $(tail -n 1 "$site/debootstrap.log")"
cp -r /etc/apt/apt.conf.d/. "$clean/etc/apt/apt.conf.d" 2>/dev/null || true
mount -t proc proc "$clean/proc" || skip "no right to mount"
machine_mounts+=("$clean/proc")
cp "$deb" "$clean/tmp/qwave.deb"
inside() { chroot "$clean" env DEBIAN_FRONTEND=noninteractive "$@"; }
inside apt-get -q -y --no-install-recommends install /tmp/qwave.deb >"$site/install.log" 2>&1 || fail "not installed: $(tail -n 3 "$site/install.log")"
[ "$(inside stat -c '%U %a' /var/lib/qwave)" = "qwave 700" ] && [ "$(inside stat -c '%U:%G %a' /etc/qwave)" = "root:qwave 750" ] || fail "folders"
[ -z "$(inside find /var/lib/qwave /etc/qwave -type f)" ] || fail "the installation made something: $(inside find /var/lib/qwave /etc/qwave -type f)"
as_qwave() { inside setpriv --reuid=qwave --regid=qwave --init-groups "$@"; }
as_qwave qwave init --port 0 --source kernel /var/lib/qwave/centre >"$site/init.log" 2>&1 || fail "no ceremony: $(cat "$site/init.log")"
(exec chroot "$clean" setpriv --reuid=qwave --regid=qwave --init-groups qwaved --config /var/lib/qwave/centre/qwaved.yaml) >"$site/qwaved.out" 2>>"$site/qwaved.log" &
pid[qwaved]=$!
url=https://127.0.0.1:$(ready qwaved)
as_qwave qwave admin --operator /var/lib/qwave/centre/operator/operator.yaml --url "$url" status >/dev/null || fail "no status"
inside dpkg -i /tmp/qwave.deb >/dev/null 2>&1 || fail "not installed again"
stop qwaved
inside apt-get -q -y purge qwave >"$site/purge.log" 2>&1 || fail "not purged"
[ -s "$clean/var/lib/qwave/centre/centre.db" ] && grep -q 'stays' "$site/purge.log" || fail "the purge took the keys"
inside dpkg -i /tmp/qwave.deb >/dev/null 2>&1 || fail "not installed once more"
inside env QWAVE_PURGE_KEYS=yes dpkg --purge qwave >"$site/purge.log" 2>&1 || fail "not purged with its keys"
[ ! -e "$clean/var/lib/qwave" ] || fail "asked to, the purge leaves keys"
! grep '^qwave:' "$clean/etc/passwd" || fail "the user stays: $(cat "$site/purge.log")"

reason=$(boot_can) || skip "$reason; everything else passed"
echo "the clean root with systemd as its process 1"
inside apt-get -q -y --no-install-recommends install systemd systemd-sysv curl >"$site/install.log" 2>&1 || fail "no systemd: $(tail -n 3 "$site/install.log")"
umount -l "$clean/proc"
cp "$deb" "$clean/root/qwave.deb" # /tmp is another one then
boot "$clean"
on dpkg -i /root/qwave.deb >"$site/install.log" 2>&1 || fail "not installed under systemd: $(tail -n 3 "$site/install.log")"
! is_active qwaved || fail "the installation starts something"
try_units "$clean"
on dpkg -i /root/qwave.deb >"$site/install.log" 2>&1 && grep -q 'qwaved.service runs the former program' "$site/install.log" || fail "an upgrade says nothing of what runs: $(cat "$site/install.log")"
gives || fail "an upgrade stops the centre"
on dpkg --remove qwave >"$site/install.log" 2>&1 || fail "not removed: $(tail -n 3 "$site/install.log")"
! is_active qwaved || fail "qwaved runs without its package"
halt
echo "done"
