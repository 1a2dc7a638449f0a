# outside-servers.py WORDS [dns INTERFACE]: says WORDS to whoever connects to port 8080 of any address, and to each datagram
# there; with dns, is a name server for which each name is 198.51.100.7, and hears the group 224.0.0.251. Prints a line when
# it listens.
import selectors
import socket
import struct
import sys

words = sys.argv[1].encode() + b"\n"
selector = selectors.DefaultSelector()


def listen(kind, port, handle):
    server = socket.socket(socket.AF_INET6, kind)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.setsockopt(socket.IPPROTO_IPV6, 49, 1)  # IPV6_RECVPKTINFO: answers come from where the question went to
    server.bind(("::", port))
    if kind == socket.SOCK_STREAM:
        server.listen(64)
    selector.register(server, selectors.EVENT_READ, handle)
    return server


def greet(server):
    client, _ = server.accept()
    client.sendall(words)
    client.close()


def answer(server, reply):
    question, control, _, peer = server.recvmsg(2048, 256)
    info = [(level, kind, data[:16] + bytes(4)) for level, kind, data in control if kind == 50]
    try:
        server.sendmsg([reply(question)], info, 0, peer)
    except OSError:  # an answer from the group's address
        server.sendto(reply(question), peer)


def resolve(question):
    answers = 1 if question[-4:-2] == b"\0\1" or b"\0\1\0\1" in question[12:] else 0
    end = question.index(b"\0", 12) + 5
    head = question[:2] + struct.pack(">HHHHH", 0x8180, 1, answers, 0, 0)
    record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton("198.51.100.7")
    return head + question[12:end] + record * answers


listen(socket.SOCK_STREAM, 8080, greet)
datagrams = listen(socket.SOCK_DGRAM, 8080, lambda server: answer(server, lambda _: words))
if sys.argv[2:]:
    listen(socket.SOCK_DGRAM, 53, lambda server: answer(server, resolve))
    group = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    index = socket.if_nametoindex(sys.argv[3])
    group.bind(("224.0.0.251", 5353))
    group.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                     struct.pack("4sii", socket.inet_aton("224.0.0.251"), 0, index))
    selector.register(group, selectors.EVENT_READ, lambda server: answer(server, lambda _: words))
print("listening", flush=True)
while True:
    for key, _ in selector.select():
        key.data(key.fileobj)
