#!/bin/sh
# outside.sh COMMAND [ARG...]: runs COMMAND on a host of its own, a network namespace with default routes, and behind these
# routes another one that stands for the outside. As on any host with udev, /dev/net/tun is there for everybody; the name
# server is one in the outside, which says that each name is 198.51.100.7. Servers are on port 8080 of all addresses, by TCP
# and UDP: they say "far away" in the outside, and "the host" on the host. Needs root.
#
#   the host       192.0.2.10, 203.0.113.99, 10.1.1.1, 2001:db8:1::10, 2001:db8:99::99, its loopback and link-local ones
#   the outside    198.51.100.7, 2001:db8::7, and as if by a NAT64 64:ff9b::198.51.100.7
#   private        10.9.9.9, 172.16.9.9, 192.168.9.9, 100.64.9.9, fd00:9::9, 64:ff9b::10.9.9.9, all in the outside
#   nobody's       169.254.169.254, 64:ff9b::169.254.169.254, and 169.254.1.1 and fd69:6e64:796e::53, which are what a dyno
#                  calls its name servers; the group 224.0.0.251, port 5353: in the outside as well
set -eu
here=$(dirname "$0")

be_outside() {
    echo there
    read -r _ # now there is up1
    ip link set lo up
    for address in 198.51.100.7 10.9.9.9 172.16.9.9 192.168.9.9 100.64.9.9 169.254.169.254 169.254.1.1; do
        ip address add "$address/32" dev lo
    done
    for address in 2001:db8::7 fd00:9::9 fd69:6e64:796e::53 64:ff9b::198.51.100.7 64:ff9b::10.9.9.9 64:ff9b::169.254.169.254; do
        ip address add "$address/128" dev lo nodad
    done
    ip address add 192.0.2.1/24 dev up1
    ip address add 2001:db8:1::1/64 dev up1 nodad
    ip link set up1 up
    exec /usr/bin/python3 "$here/outside-servers.py" 'far away' dns up1
}

be_host() {
    mount -t tmpfs tmpfs /mnt
    mknod -m 666 /mnt/tun c 10 200
    mount --bind /mnt/tun /dev/net/tun
    echo 'nameserver 198.51.100.7' >/mnt/resolv.conf
    mount --bind /mnt/resolv.conf /etc/resolv.conf
    mkfifo /mnt/to /mnt/from /mnt/own
    unshare --net "$0" --outside </mnt/to >/mnt/from 3>&- 8>&- 9>&- &
    outside=$!
    exec 8>/mnt/to 9</mnt/from
    read -r _ <&9
    ip link set lo up
    ip address add 203.0.113.99/32 dev lo
    ip address add 10.1.1.1/32 dev lo
    ip address add 2001:db8:99::99/128 dev lo nodad
    ip link add up0 type veth peer name up1 netns "$outside"
    ip address add 192.0.2.10/24 dev up0
    ip address add 2001:db8:1::10/64 dev up0 nodad
    ip link set up0 up
    echo up1 >&8
    read -r _ <&9
    ip route add default via 192.0.2.1
    ip route add default via 2001:db8:1::1
    /usr/bin/python3 "$here/outside-servers.py" 'the host' >/mnt/own 3>&- 8>&- 9>&- &
    servers=$!
    read -r _ </mnt/own
    trap 'kill "$outside" "$servers"' EXIT
}

case "${1-}" in
    --outside) be_outside ;;
    --host)
        shift
        be_host
        "$@" 8>&- 9>&-
        ;;
    *) exec unshare --net --mount "$0" --host "$@" ;;
esac
