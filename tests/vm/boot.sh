#!/bin/bash
# boot.sh KERNEL_DIR COMMAND [ARG...]: runs COMMAND as root on a Debian kernel in QEMU, over a copy-on-write view of
# this machine's own root, and exits with COMMAND's status.
#
# What this machine cannot show by itself, the guest has: cgroup v2 with all controllers, COMMAND being in a group of its
# own below the root (as under a login), and an ext4 disk on /scratch. It has no network but lo. KERNEL_DIR is an unpacked
# linux-image package (fetch.sh). There is no KVM here: code runs some 10 to 20 times slower than on the machine itself.
#
# Theory of operation. An initramfs of busybox and the modules that are needed mounts the host's root by virtiofs,
# read-only in effect: an overlay whose upper is in the guest's memory takes all writes. The command's exit status comes
# back as a line on the serial console. With VM_SYSTEMD=1 this machine's systemd is the guest's pid 1, with the bus, logind
# and nothing else, and COMMAND is a service of its.
set -eu -o pipefail

: "${VM_TIMEOUT:=3600}" "${VM_MEMORY:=3G}" "${VM_SYSTEMD:=}"
kernel=$1
shift
work=$(mktemp -d)
virtiofsd_pid=
trap '[ -z "$virtiofsd_pid" ] || kill "$virtiofsd_pid" 2>/dev/null || true; rm -rf "$work"' EXIT

modules="virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk crc16 mbcache"
modules="$modules jbd2 ext4 fuse virtiofs overlay veth tun"

add_modules() {
    local name file
    for name in $modules; do
        file=$(find "$kernel" -path '*/modules/*' -name "$name.ko*" -print -quit)
        case $file in
            '') ;; # built in
            *.xz) xz -dc "$file" >"$work/root/lib/$name.ko" ;;
            *) cp "$file" "$work/root/lib/$name.ko" ;;
        esac
    done
}

write_first_init() {
    cat >"$work/root/init" <<INIT
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
for pass in 1 2 3; do for m in $modules; do [ ! -f /lib/\$m.ko ] || insmod /lib/\$m.ko 2>/dev/null; done; done
mount -t virtiofs hostroot /host || { echo "VM-EXIT=125 (no virtiofs)"; poweroff -f; }
mount -t tmpfs -o size=75% t /cow; mkdir /cow/upper /cow/work
mount -t overlay o -o lowerdir=/host,upperdir=/cow/upper,workdir=/cow/work /new
mkdir -p /new/scratch; mount -t ext4 /dev/vda /new/scratch
cp /second-init /command /new/
umount /proc /sys # or, hidden, they were whole ones to the kernel, which asks for such before it lets others be mounted
exec switch_root /new /bin/bash /second-init
INIT
    chmod +x "$work/root/init"
}

write_second_init() {
    cat >"$work/root/second-init" <<'INIT'
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
mkdir -p /dev/shm /dev/pts
ln -s /proc/self/fd /dev/fd
mount -t devpts devpts /dev/pts; mount -t tmpfs t /dev/shm; mount -t tmpfs t /run
mount -t cgroup2 cgroup2 /sys/fs/cgroup
echo "+cpuset +cpu +io +memory +pids" >/sys/fs/cgroup/cgroup.subtree_control
mkdir /sys/fs/cgroup/session
echo $$ >/sys/fs/cgroup/session/cgroup.procs
ip link set lo up
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb
echo # after what the firmware wrote
. /command </dev/null
echo "VM-EXIT=$?"
echo o >/proc/sysrq-trigger
sleep 10
INIT
}

# What wants nothing but a boot is taken out of the guest's view of the units. Output goes past the journal.
write_systemd_init() {
    cat >"$work/root/second-init" <<'INIT'
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs t /run
rm -rf /.dockerenv /lib/systemd/system/{sysinit,sockets,timers,local-fs}.target.wants /etc/systemd/system/*.wants
mkdir -p /run/systemd/system
for unit in timers.target swap.target systemd-remount-fs.service systemd-journald{.service,.socket,-dev-log.socket} \
    modprobe@drm.service systemd-tmpfiles-setup.service; do
    ln -s /dev/null "/run/systemd/system/$unit"
done
cat >/run/systemd/system/vm.target <<UNIT
[Unit]
AllowIsolate=yes
Requires=basic.target dbus.socket vm.service
UNIT
cat >/run/systemd/system/vm.service <<UNIT
[Unit]
Requires=dbus.socket
Wants=systemd-logind.service
After=basic.target dbus.socket systemd-logind.service
[Service]
Type=oneshot
Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb
ExecStart=/bin/bash /in-service
StandardOutput=file:/dev/ttyS0
StandardError=file:/dev/ttyS0
UNIT
cat >/in-service <<'SERVICE'
ip link set lo up
echo
. /command </dev/null
echo "VM-EXIT=$?"
echo o >/proc/sysrq-trigger
SERVICE
exec /lib/systemd/systemd --unit=vm.target
INIT
}

mkdir -p "$work"/root/{bin,lib,dev,proc,sys,host,cow,new}
cp /bin/busybox "$work/root/bin/"
add_modules
write_first_init
if [ -n "$VM_SYSTEMD" ]; then write_systemd_init; else write_second_init; fi
printf '%q ' "$@" >"$work/root/command"
(cd "$work/root" && find . | cpio -o -H newc --quiet | gzip -1) >"$work/initramfs"
truncate -s 4G "$work/disk"
/sbin/mke2fs -q -t ext4 "$work/disk"

/usr/lib/qemu/virtiofsd --socket-path="$work/socket" -o source=/ -o cache=always -o sandbox=chroot >"$work/virtiofsd.log" 2>&1 &
virtiofsd_pid=$!
until [ -S "$work/socket" ]; do
    kill -0 "$virtiofsd_pid"
    sleep 0.05
done
timeout "$VM_TIMEOUT" qemu-system-x86_64 -accel tcg,thread=multi -cpu Haswell-v4,-cx16,-pcid,-x2apic,-tsc-deadline,-invpcid,-spec-ctrl \
    -m "$VM_MEMORY" -smp 2 -object "memory-backend-memfd,id=memory,size=$VM_MEMORY,share=on" -numa node,memdev=memory \
    -chardev "socket,id=c0,path=$work/socket" -device vhost-user-fs-pci,chardev=c0,tag=hostroot \
    -drive "file=$work/disk,if=virtio,format=raw,cache=unsafe" \
    -kernel "$(find "$kernel" -name 'vmlinuz*' -type f -print -quit)" -initrd "$work/initramfs" \
    -append 'console=ttyS0 quiet panic=-1 systemd.show_status=0 systemd.log_target=kmsg' -nographic -no-reboot -net none </dev/null | stdbuf -oL tr -d '\r' | tee "$work/log" || true
status=$(sed -n 's/.*VM-EXIT=\([0-9]*\).*/\1/p' "$work/log" | tail -n 1)
exit "${status:-125}"
