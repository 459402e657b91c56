# SPDX-License-Identifier: Apache-2.0
# For 69-package.sh, after site.sh: a root folder as a machine of its own, with systemd as process 1 in name spaces (processes, mounts, network, host name,
# control groups). Nothing of it is seen outside, and nothing outside by it but the kernel.

# boot_can: or says why not.
boot_can() {
    [ "$(id -u)" = 0 ] || { echo "needs root" && return 1; }
    [ -x /lib/systemd/systemd ] && command -v nsenter >/dev/null && command -v findmnt >/dev/null || { echo "needs systemd, nsenter, findmnt" && return 1; }
    [ -n "$(findmnt -n -t cgroup2 -o TARGET | head -n 1)" ] || { echo "there are no control groups of version 2" && return 1; }
    unshare --mount --pid --fork --uts --ipc --net --cgroup true 2>/dev/null || { echo "no name spaces for us" && return 1; }
}

# Run as the first process of the machine, with its root folder: what a kernel and an initial file system leave to systemd.
boot_script='
set -e
root=$1
mount --rbind "$root" "$root"
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys" && mount -o remount,bind,ro "$root/proc/sys" # the kernel is not ours
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
mount -t tmpfs tmpfs "$root/dev/shm"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
hostname qwave-test
ip link set lo up
cd "$root"
pivot_root . mnt
umount -l /mnt
mount --make-rshared / # by which credentials get from systemd into a unit
exec env -i container=qwave-test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --unit=multi-user.target
'

# make_machine ROOT PACKAGE-ROOT: a root folder that has the programs of this machine and those of the unpacked package, and nothing else of either.
make_machine() {
    local root=$1 name
    mkdir -p "$root"/{usr,etc/systemd/system,etc/apt,proc,sys,dev,run,mnt,tmp,root,var/lib,var/log/journal,var/tmp}
    chmod 1777 "$root/tmp" "$root/var/tmp"
    for name in bin sbin lib lib32 lib64 libx32; do
        [ ! -L "/$name" ] || cp -P "/$name" "$root/$name"
    done
    printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n' >"$root/etc/passwd"
    printf 'root:x:0:\nadm:x:4:\nnogroup:x:65534:\n' >"$root/etc/group"
    printf 'passwd: files\ngroup: files\nhosts: files\n' >"$root/etc/nsswitch.conf"
    printf '127.0.0.1 localhost\n' >"$root/etc/hosts"
    printf 'root:*:20000:0:99999:7:::\n' >"$root/etc/shadow"
    : >"$root/etc/machine-id"
    for name in adduser.conf login.defs ld.so.cache ld.so.conf ld.so.conf.d ssl alternatives pam.d security; do
        [ ! -e "/etc/$name" ] || cp -a "/etc/$name" "$root/etc"
    done
    # Services that other packages of this machine bring are not its concern.
    for name in dbus.service dbus.socket systemd-logind.service getty.target systemd-udevd.service systemd-udev-trigger.service \
        systemd-journald-audit.socket sys-kernel-debug.mount sys-kernel-tracing.mount; do
        ln -s /dev/null "$root/etc/systemd/system/$name"
    done
    mount -t overlay overlay -o "lowerdir=$2/usr:/usr" "$root/usr"
    machine_mounts+=("$root/usr")
}

machine= # its process 1
machine_mounts=()
machine_group=
# boot ROOT: until its systemd says that everything has started.
boot() {
    local root=$1 groups
    groups=$(findmnt -n -t cgroup2 -o TARGET | head -n 1)
    machine_group=$groups/qwave-test-$$
    mkdir -p "$machine_group"
    # Its control groups begin where its first process is when they become its own. It ends with this script, however that ends.
    setpriv --pdeathsig KILL unshare --mount --propagation private sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' sh "$machine_group" \
        unshare --mount --pid --fork --kill-child --uts --ipc --net --cgroup --propagation private \
        bash -c "$boot_script" boot "$root" >"$site/boot.log" 2>&1 </dev/null &
    pid[machine]=$!
    within $ready_s has_first_process && [ -n "$machine" ] || fail "no process 1: $(cat "$site/boot.log")"
    within $ready_s is_running || fail "systemd does not get ready: $(on systemctl is-system-running 2>&1; on systemctl --no-pager --failed 2>&1; on journalctl -b --no-pager 2>&1 | tail -n 20)"
}
has_first_process() {
    has_ended && return
    machine=$(pgrep -P "${pid[machine]}" | head -n 1) && [ "$(cat "/proc/$machine/comm" 2>/dev/null)" = systemd ]
}
is_running() { [ "$(on systemctl is-system-running 2>/dev/null)" = running ]; }

# on COMMAND...: as root of the machine. by USER COMMAND...: as somebody there.
on() { nsenter -t "$machine" -a -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
by() {
    local user=$1
    shift
    on setpriv --reuid="$user" --regid="$user" --init-groups "$@"
}

# halt: as somebody does who shuts the machine down.
halt() {
    on systemctl --no-block poweroff >/dev/null 2>&1 || true
    within $ready_s has_ended || fail "the machine does not end"
    wait "${pid[machine]}" 2>/dev/null || true
    unset "pid[machine]"
    find "$machine_group" -depth -type d -exec rmdir {} + 2>/dev/null || true
}
has_ended() { ! kill -0 "${pid[machine]}" 2>/dev/null; }

# machine_clean_up: whatever has happened.
machine_clean_up() {
    local at
    [ -z "${pid[machine]:-}" ] || kill -9 "${machine:-${pid[machine]}}" 2>/dev/null || true
    for ((at = ${#machine_mounts[@]} - 1; at >= 0; at--)); do umount -l "${machine_mounts[at]}" 2>/dev/null || true; done
    [ -z "$machine_group" ] || within 10 machine_group_is_gone || true
}
machine_group_is_gone() {
    find "$machine_group" -depth -type d -exec rmdir {} + 2>/dev/null || true
    [ ! -e "$machine_group" ]
}
