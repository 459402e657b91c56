# SPDX-License-Identifier: Apache-2.0
# After site.sh, for scenarios that need more of a kernel than the machine's has: they go on in a Debian kernel under qemu, emulated and so ten
# to twenty times slower. Its root is this machine's file system, read over 9p; what is written there stays in the guest's memory. Usage:
#
#   go_on_in_guest   # outside: boots a guest that runs this scenario, says what it says and ends as it ends; inside: nothing
#   modprobe wireguard

guest_s=1000 # that a guest may take, starting included: forty at rest
guest_kernel=$(cd "$(dirname "$0")/../.." && pwd)/build/kernel

go_on_in_guest() {
    [ "${QWAVE_IN_GUEST:-}" != yes ] || return 0
    local tool kernel folder=$site/guest status
    for tool in qemu-system-x86_64 busybox cpio modprobe; do
        command -v $tool >/dev/null || skip "no $tool"
    done
    kernel=$(find "$guest_kernel/boot" -name 'vmlinuz-*' 2>/dev/null | head -n 1)
    [ -n "$kernel" ] || skip "no kernel in build/kernel (tools/fetch_kernel)"
    mkdir "$folder" "$folder/result"
    guest_first_process "$folder/result/start"
    guest_initial_files "$folder" "${kernel##*/vmlinuz-}"
    # Vectors of 256 bits, emulated, take seven times as long as what programs do without them. And a machine that is busy may let no tick through
    # while the kernel looks whether its timer works, which it takes for a broken one and stops: no_timer_check.
    qemu-system-x86_64 -machine q35 -accel tcg,thread=multi -cpu max,-avx,-avx2,-fma,-f16c -smp 2 -m 1536 -nodefaults -no-reboot -display none \
        -serial "file:$folder/console" -device virtio-rng-pci -kernel "$kernel" -initrd "$folder/initial.gz" \
        -append "console=ttyS0 quiet panic=-1 mitigations=off no_timer_check" \
        -virtfs "local,path=/,mount_tag=machine,security_model=none,readonly=on,multidevs=remap" \
        -virtfs "local,path=$folder/result,mount_tag=result,security_model=none" >"$folder/qemu.log" 2>&1 &
    pid[guest]=$!
    within "$guest_s" guest_has_ended || fail "the guest does not end: $(tail -n 5 "$folder/result/output" 2>/dev/null)"
    cat "$folder/result/output" 2>/dev/null || true
    status=$(cat "$folder/result/status" 2>/dev/null) ||
        fail "the guest ended without a result: $(cat "$folder/qemu.log") $(tail -n 20 "$folder/console")"
    exit "$status"
}

guest_has_ended() { ! kill -0 "${pid[guest]}" 2>/dev/null; }

# What the guest's kernel starts once the root is there. The settings of this test go along.
guest_first_process() {
    cat >"$1" <<START
$(export -p | grep " QWAVE_" || true)
export QWAVE_IN_GUEST=yes PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TMPDIR=/tmp
mkdir -p /lib/modules
ln -sfn $(printf %q "$guest_kernel")/lib/modules/* /lib/modules/
ip link set lo up
cd $(printf %q "$PWD")
bash $(printf %q "$(realpath "$0")") $(printf %q "$(realpath "$bin")") >/mnt/output 2>&1
echo \$? >/mnt/status
sync
echo o >/proc/sysrq-trigger
sleep 60
START
}

# guest_initial_files FOLDER VERSION: makes FOLDER/initial.gz, which finds the root.
guest_initial_files() {
    local files=$1/initial module line file
    mkdir -p "$files"/{machine,memory,root}
    cp "$(command -v busybox)" "$files/busybox"
    {
        echo '#!/busybox sh'
        for module in virtio_pci 9pnet_virtio 9p overlay virtio_rng; do
            modprobe -d "$guest_kernel" --show-depends -S "$2" $module | while read -r line file _; do
                [ "$line" = insmod ] || continue # else it is in the kernel
                [ ! -e "$files/${file##*/}" ] || continue
                cp "$file" "$files"
                echo "/busybox insmod /${file##*/}"
            done
        done
        cat <<'INIT'
options=trans=virtio,version=9p2000.L,msize=524288
/busybox mount -t 9p -o $options,ro,cache=loose machine /machine
/busybox mount -t tmpfs memory /memory
/busybox mkdir /memory/upper /memory/work
/busybox mount -t overlay -o lowerdir=/machine,upperdir=/memory/upper,workdir=/memory/work root /root
/busybox mount -t 9p -o $options result /root/mnt
/busybox mount -t proc proc /root/proc
/busybox mount -t sysfs sys /root/sys
/busybox mount -t devtmpfs dev /root/dev
/busybox mkdir -p /root/dev/pts /root/dev/shm
/busybox mount -t devpts pts /root/dev/pts
/busybox mount -t tmpfs -o mode=1777 shm /root/dev/shm
/busybox mount -t tmpfs -o mode=755 run /root/run
exec /busybox switch_root /root /bin/bash /mnt/start
INIT
    } >"$files/init"
    chmod 755 "$files/init"
    (cd "$files" && find . | cpio --quiet -o -H newc | gzip -1) >"$1/initial.gz"
}
