#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Signs a TA for build systems that call OP-TEE's script of this name: `teesim ta sign` does it.

    sign_encrypt.py [sign-enc] --uuid UUID --in FILE [--out FILE] [--ta-version N] [--key FILE]
    sign_encrypt.py verify|display --in FILE

A key in PEM is one for boards: the package is then signed with the developer's own key. What asks
for encryption, for subkeys, or for a signature made elsewhere is refused, because packages here have
none of these.
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


def is_for_boards(key):
    if key.endswith("keys/default_ta.pem"):
        return True
    try:
        with open(key, "rb") as file:
            return file.read(10) == b"-----BEGIN"
    except OSError:
        return False


def run(*command):
    command = [find_teesim(), "ta", *command]
    try:
        sys.exit(subprocess.call(command))
    except OSError as error:
        sys.exit(f"sign_encrypt.py: can't run {command[0]}: {error.strerror}; set TEESIM to the tool")


def main():
    argv = sys.argv[1:]
    command = "sign-enc"
    if argv and not argv[0].startswith("-"):
        command = argv.pop(0)
    if command not in ("sign", "sign-enc", "verify", "display"):
        sys.exit(f"sign_encrypt.py: the command {command} is not offered, only sign-enc, verify and "
                 "display")
    parser = argparse.ArgumentParser(prog="sign_encrypt.py", allow_abbrev=False)
    parser.add_argument("--uuid", required=command.startswith("sign"))
    parser.add_argument("--ta-version", default="0")
    parser.add_argument("--key")
    parser.add_argument("--algo")
    parser.add_argument("--in", dest="image", required=True)
    parser.add_argument("--out")
    args = parser.parse_args(argv)
    if command == "verify":
        run("verify", args.image)
    if command == "display":
        run("inspect", args.image)
    if args.algo:
        print(f"sign_encrypt.py: --algo {args.algo} has no effect, packages are signed with Ed25519",
              file=sys.stderr)
    key = []
    if args.key and is_for_boards(args.key):
        print(f"sign_encrypt.py: {args.key} is a key for boards; signing with your own development "
              "key", file=sys.stderr)
    elif args.key:
        key = ["--key", args.key]
    run("sign", "--uuid", args.uuid, "--version", args.ta_version, *key, "--in", args.image,
        "--out", args.out or args.uuid + ".ta")


if __name__ == "__main__":
    main()
