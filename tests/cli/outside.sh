#!/bin/sh
# outside.sh COMMAND [ARG...]: runs COMMAND on a host of its own, a network namespace with a default route, in which a
# server at 198.51.100.7:8080 (an address for documentation) stands for the outside and says "far away". As on any host
# with udev, /dev/net/tun is there for everybody. Needs root.
set -eu
if [ "${1-}" != --inside ]; then
    exec unshare --net --mount "$0" --inside "$@"
fi
shift
mount -t tmpfs tmpfs /mnt
mknod -m 666 /mnt/tun c 10 200
mount --bind /mnt/tun /dev/net/tun
ip link set lo up
ip address add 198.51.100.7/32 dev lo
ip link add up0 type veth peer name up1
ip link set up1 up
ip address add 192.0.2.10/24 dev up0
ip link set up0 up
ip route add default via 192.0.2.1
mkfifo /mnt/serving
/usr/bin/python3 -c '
import socket
server = socket.create_server(("198.51.100.7", 8080))
open("/mnt/serving", "w").close()
while True:
    client, _ = server.accept()
    client.sendall(b"far away\n")
    client.close()' 3>&- &
server=$!
trap 'kill "$server"' EXIT
cat /mnt/serving
"$@"
