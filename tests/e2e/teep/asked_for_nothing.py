"""Clients ask for TAs that no TAM installed: for some again and again, and for thousands at a time.

usage: asked_for_nothing.py SOCKET DAEMON
SOCKET is teesimd's, DAEMON its process, below which a TEE runs that has had a TA installed.
"""
import os
import signal
import socket
import struct
import subprocess
import sys
import time

from tee_comes_back import Connection, TA_LIST, tee_find

HELLO, OPEN, OPENED = 1, 2, 3
ITEM_NOT_FOUND = 0xFFFF0008
AT_ONCE = 4000


class Client:
    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.connect(path)
        self.sock.send(struct.pack("<IIIII", HELLO, 1, 1, 0, 0))
        self.sock.recv(4096)

    def ask(self, number, request=2):
        uuid = bytes.fromhex("0123456789ab4def80") + bytes(3) + number.to_bytes(4, "big")
        self.sock.send(struct.pack("<II", OPEN, request) + uuid + struct.pack("<III", 0, 0, 0))

    def hear(self):
        kind, _, result = struct.unpack("<III", self.sock.recv(4096)[:12])
        assert (kind, result) == (OPENED, ITEM_NOT_FOUND), (kind, hex(result))

    def call(self, number):
        self.ask(number)
        self.hear()


def firmware_runs(daemon):
    return subprocess.run(["pgrep", "-P", daemon, "-x", "tee-firmware"],
                          stdout=subprocess.DEVNULL).returncode == 0


def main():
    path, daemon = sys.argv[1:]
    client = Client(path)

    # Those are known without the TEE from then on.
    for number in range(64):
        client.call(number)
    os.kill(tee_find(daemon, 0), signal.SIGKILL)
    while firmware_runs(daemon):
        time.sleep(0.01)
    for number in range(64):
        client.call(number)
    assert not firmware_runs(daemon), "the TEE was started for what is known"

    # Many clients, many TAs, and a TEE that is busy: nobody loses his connection.
    other = Connection(path.removesuffix(".sock") + ".otrp")
    assert other.call(TA_LIST)[0] == 0
    tee = tee_find(daemon, 0)
    os.kill(tee, signal.SIGSTOP)
    clients = [Client(path) for _ in range(3)]
    for at, one in enumerate(clients):
        for number in range(AT_ONCE):
            one.ask(1000 + at * AT_ONCE + number, number + 2)
    # What is known is answered meanwhile.
    client.call(1)
    os.kill(tee, signal.SIGCONT)
    for one in clients:
        for _ in range(AT_ONCE):
            one.hear()
    assert other.call(TA_LIST)[0] == 0
    assert tee_find(daemon, 0) == tee


main()
