# reach.py [ADDRESS...]: tries to reach port 8080 of each address by TCP and UDP, in all the ways that an unprivileged
# process has, all at once; prints what was reached, and how, sorted.
import socket
import struct
import sys
import threading

INTERFACE = "outside"
SECONDS = 6
reached = set()


def plain(to, kind):
    return socket.socket(to[0], kind)


def bound(to, kind):
    sock = socket.socket(to[0], kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, INTERFACE.encode())
    return sock


def unicast_if(to, kind):
    sock = socket.socket(to[0], kind)
    index = struct.pack(">I", socket.if_nametoindex(INTERFACE))
    ipv4 = to[0] == socket.AF_INET
    sock.setsockopt(socket.IPPROTO_IP if ipv4 else socket.IPPROTO_IPV6, 50 if ipv4 else 76, index)
    return sock


def multicast_if(to, kind):
    sock = socket.socket(to[0], kind)
    index = socket.if_nametoindex(INTERFACE)
    if to[0] == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack("4s4si", bytes(4), bytes(4), index))
    else:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    return sock


def unrouted(to, kind):
    sock = socket.socket(to[0], kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_DONTROUTE, 1)
    return sock


def broadcasting(to, kind):
    sock = bound(to, kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    return sock


def send(sock, to, kind):
    if kind == socket.SOCK_STREAM:
        sock.connect(to[1])
        return
    sock.sendto(b"hello from the dyno", to[1])


# The interface is named for one datagram alone.
def send_by_interface(sock, to, kind):
    index = socket.if_nametoindex(INTERFACE)
    if kind == socket.SOCK_STREAM:
        raise OSError("datagrams only")
    if to[0] == socket.AF_INET:
        control = (socket.IPPROTO_IP, 8, struct.pack("i4s4s", index, bytes(4), bytes(4)))  # IP_PKTINFO
    else:
        control = (socket.IPPROTO_IPV6, 50, struct.pack("16si", bytes(16), index))  # IPV6_PKTINFO
    sock.sendmsg([b"hello from the dyno"], [control], 0, to[1])


ways = {"plain": (plain, send), "bound": (bound, send), "unicast-if": (unicast_if, send),
        "multicast-if": (multicast_if, send), "unrouted": (unrouted, send), "broadcasting": (broadcasting, send),
        "by-interface": (plain, send_by_interface)}


def attempt(address, way, kind):
    family, _, _, _, to = socket.getaddrinfo(address, 8080 if address != "224.0.0.251" else 5353, type=kind,
                                             flags=socket.AI_NUMERICHOST)[0]
    make, use = ways[way]
    try:
        sock = make((family, to), kind)
        sock.settimeout(SECONDS)
        use(sock, (family, to), kind)
        words = sock.recv(100).decode().strip()
    except OSError:
        return
    protocol = "tcp" if kind == socket.SOCK_STREAM else "udp"
    if words:
        reached.add(f"{address} {protocol} {way}: {words}")


threads = [threading.Thread(target=attempt, args=(address, way, kind))
           for address in sys.argv[1:] for way in ways for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("\n".join(sorted(reached)) or "nothing")
