#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Signs a TA for build systems that call OP-TEE's script of this name: `teesim ta sign` does it.

Takes --uuid, --ta-version, --key, --in and --out, with or without the subcommand `sign-enc`.
Options for encryption and subkeys are refused, because packages here have neither.
"""
import argparse
import os
import subprocess
import sys


def find_teesim():
    if os.environ.get("TEESIM"):
        return os.environ["TEESIM"]
    kit = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for path in ("../bin/teesim", "../../../bin/teesim"):
        path = os.path.normpath(os.path.join(kit, path))
        if os.access(path, os.X_OK):
            return path
    return "teesim"


def main():
    argv = sys.argv[1:]
    if argv and not argv[0].startswith("-"):
        if argv[0] not in ("sign", "sign-enc"):
            sys.exit(f"sign_encrypt.py: the command {argv[0]} is not offered, only sign-enc")
        argv = argv[1:]
    parser = argparse.ArgumentParser(prog="sign_encrypt.py", allow_abbrev=False)
    parser.add_argument("--uuid", required=True)
    parser.add_argument("--ta-version", default="0")
    parser.add_argument("--key")
    parser.add_argument("--in", dest="image", required=True)
    parser.add_argument("--out")
    args = parser.parse_args(argv)
    command = [find_teesim(), "ta", "sign", "--uuid", args.uuid, "--version", args.ta_version]
    if args.key:
        command += ["--key", args.key]
    command += ["--in", args.image, "--out", args.out or args.uuid + ".ta"]
    try:
        sys.exit(subprocess.call(command))
    except OSError as error:
        sys.exit(f"sign_encrypt.py: can't run {command[0]}: {error.strerror}; set TEESIM to the tool")


if __name__ == "__main__":
    main()
