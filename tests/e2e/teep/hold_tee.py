"""Keeps a device's TEE from resting, from when it says so until its input ends.

usage: hold_tee.py SOCKET
SOCKET is the one for OTrP.
"""
import sys

from tee_comes_back import Connection, TA_LIST

connection = Connection(sys.argv[1])
assert connection.call(TA_LIST)[0] == 0
print("held", flush=True)
sys.stdin.read()
