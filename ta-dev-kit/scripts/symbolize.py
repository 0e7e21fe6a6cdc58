#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Turns the addresses of a crash report into functions and lines of source.

    symbolize.py [-d DIRECTORY]... <LOG

The simulator's reports have them already where it finds <uuid>.elf beside the TA. This is for those
that it wrote without, and for builds that lie elsewhere: each -d is a directory with <uuid>.elf files,
of the TA and of its libraries.
"""
import argparse
import os
import re
import subprocess
import sys

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# The first line of a report names the TA; a frame of it is TA+0x12, of its library <uuid>+0x12.
TA = re.compile(rf"\bTA .*?\(({UUID}), .*(?:crashed|panicked|made a system call)", re.I)
FRAME = re.compile(rf"#\d+ .*?\b(TA|{UUID})\+(0x[0-9a-f]+)", re.I)


def find_elf(uuid, directories):
    for directory in directories:
        for name in (uuid.lower(), uuid.upper()):
            path = os.path.join(directory, name + ".elf")
            if os.path.exists(path):
                return path
    return None


def source_of(elf, address, exact):
    # Frames but the first are where a call returns to, one behind it.
    place = address if exact else max(address - 1, 0)
    result = subprocess.run(["addr2line", "-f", "-i", "-p", "-C", "-e", elf, hex(place)],
                            stdout=subprocess.PIPE, text=True, check=False)
    return result.stdout.strip().splitlines()


def main():
    parser = argparse.ArgumentParser(prog="symbolize.py")
    parser.add_argument("-d", "--dir", action="append", default=[])
    args = parser.parse_args()
    directories = args.dir or ["."]
    ta = None
    first = True
    for line in sys.stdin:
        sys.stdout.write(line)
        report = TA.search(line)
        if report:
            ta, first = report.group(1), True
        frame = FRAME.search(line)
        if not frame:
            continue
        uuid = ta if frame.group(1) == "TA" else frame.group(1)
        elf = find_elf(uuid, directories) if uuid else None
        if elf:
            for text in source_of(elf, int(frame.group(2), 16), first):
                print(f"         {text}")
        elif uuid:
            print(f"         no {uuid}.elf in {', '.join(directories)}; name its directory with -d")
        first = False


if __name__ == "__main__":
    main()
