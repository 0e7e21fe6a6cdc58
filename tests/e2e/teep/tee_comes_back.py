"""One of a device's TEEs is killed while clients are connected to the others, and is used again.

usage: tee_comes_back.py SOCKET DAEMON NAME COMMAND
The TEE is the one called NAME, the last one below the process DAEMON; COMMAND opens a TA that it has.
"""
import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time

NAMES, TA_LIST, SELECT = 1, 4, 6
MAGIC = 0x5052544F
ADD_SEALS, SEALS = 1033, 0xF


class Connection:
    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.connect(path)

    def ask(self, kind, octets=b""):
        fds = []
        if octets:
            fds.append(os.memfd_create("request", os.MFD_ALLOW_SEALING))
            os.write(fds[0], octets)
            fcntl.fcntl(fds[0], ADD_SEALS, SEALS)
        socket.send_fds(self.sock, [struct.pack("<IIII", MAGIC, kind, 0, len(octets))], fds)
        for fd in fds:
            os.close(fd)

    def hear(self):
        """(status, octets), or None when the other end is gone."""
        try:
            packet, fds, _, _ = socket.recv_fds(self.sock, 4096, 2)
        except ConnectionResetError:
            return None
        if not packet:
            return None
        _, _, status, size = struct.unpack("<IIII", packet[:16])
        octets = os.pread(fds[0], size, 0) if size else b""
        for fd in fds:
            os.close(fd)
        return status, octets

    def call(self, kind, octets=b""):
        try:
            self.ask(kind, octets)
        except BrokenPipeError:
            return None
        return self.hear()


def runs(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().split(")")[-1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def tee_find(daemon, number):
    """The process of the TEE, once those that were killed before it are gone."""
    found = []
    for _ in range(600):
        firmware = subprocess.run(["pgrep", "-P", daemon, "-x", "tee-firmware"],
                                  stdout=subprocess.PIPE, text=True).stdout.split()
        found = [pid for one in firmware for pid in
                 subprocess.run(["pgrep", "-P", one, "-f", f"tee-otrp {number} "],
                                stdout=subprocess.PIPE, text=True).stdout.split() if runs(pid)]
        if len(found) == 1:
            break
        time.sleep(0.1)
    assert len(found) == 1, found
    return int(found[0])


def kill(pid, client):
    """`client` is connected to it, and sees the end."""
    os.kill(pid, signal.SIGKILL)
    assert client.hear() is None


def main():
    path, daemon, name, command = sys.argv[1:]
    first = Connection(path)
    status, names = first.call(NAMES)
    names = json.loads(names)
    number = names.index(name)
    firsts = tee_find(daemon, 0)
    second = Connection(path)
    assert second.call(SELECT, next(one for one in names[1:] if one != name).encode()) == (0, b"")
    assert second.call(TA_LIST)[0] == 0
    theirs = Connection(path)
    assert theirs.call(SELECT, name.encode()) == (0, b"")
    before = theirs.call(TA_LIST)

    # Its own connections end, and it is there for the next, for several that come at once as well.
    kill(tee_find(daemon, number), theirs)
    several = [Connection(path) for _ in range(3)]
    for one in several:
        one.ask(SELECT, name.encode())
    # One does not wait for it.
    several.pop().sock.close()
    for one in several:
        assert one.hear() == (0, b"")
        assert one.call(TA_LIST) == before, one.call(TA_LIST)

    # TAs that it has are found; what teesimd knows of them does not hold any more.
    device = subprocess.run(["teesim", "device", "path", "device"], stdout=subprocess.PIPE, check=True,
                            text=True).stdout.strip()
    kill(tee_find(daemon, number), several[0])
    changes = os.path.join(device, "domains.tas")
    os.truncate(changes, os.stat(changes).st_size + 1)
    subprocess.run([command], check=True, stdout=subprocess.DEVNULL)

    # It is the one of the boot record, or none.
    image = os.path.join(device, f"boot/tee-{number}.img")
    with open(image, "r+b") as file:
        whole = file.read()
        file.seek(45)
        file.write(b"X")
    theirs = Connection(path)
    assert theirs.call(SELECT, name.encode()) == (0, b"")
    assert theirs.call(TA_LIST) == before
    kill(tee_find(daemon, number), theirs)
    theirs = Connection(path)
    assert theirs.call(SELECT, name.encode()) == (0, b"")
    status, text = theirs.call(TA_LIST)
    assert status and f"boot/tee-{number}.img" in text.decode(), text
    with open(image, "wb") as file:
        file.write(whole)

    # The others have noticed nothing.
    assert first.call(TA_LIST)[0] == 0
    assert second.call(TA_LIST)[0] == 0
    assert tee_find(daemon, 0) == firsts


if __name__ == "__main__":
    main()
