"""What a TEE says to the TAM of tam.py: prints "pass" or the code of the refusal.

usage: exchange.py [--device NAME] [--tam PREFIX] [--ocsp FILE,FILE] [--tee-roots PEM] [--traffic FILE]
                   state|install
`install` goes on after GetDeviceState with CreateSD, where there is no domain yet, and InstallTA of
ta.cms, signed for sp.pem. With --tee-roots the TEE's chain must lead to one of those. What goes to
and fro is appended to the file of --traffic.
"""
import argparse
import base64
import json
import os
import subprocess
import tempfile

from tam import DER, PEM, Refused, Session, x509


def chain_check(tee, roots):
    with tempfile.TemporaryDirectory() as where:
        def put(name, certificates):
            with open(os.path.join(where, name), "wb") as file:
                for one in certificates:
                    file.write(one.public_bytes(PEM))
            return os.path.join(where, name)

        above = [x509.load_der_x509_certificate(base64.b64decode(one)) for one in tee["cacert"]]
        leaf = x509.load_der_x509_certificate(base64.b64decode(tee["cert"]))
        subprocess.run(["openssl", "verify", "-CAfile", roots, "-untrusted", put("above", above),
                        put("leaf", [leaf])], check=True, stdout=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="device")
    parser.add_argument("--tam", default="tam")
    parser.add_argument("--ocsp", default="leaf.ocsp,ca.ocsp")
    parser.add_argument("--tee-roots")
    parser.add_argument("--traffic", default=os.devnull)
    parser.add_argument("until", choices=["state", "install"])
    arguments = parser.parse_args()
    session = Session(arguments.tam, arguments.ocsp.split(","), "sp.pem", "ta.cms",
                      os.environ["TAID"], tid=os.urandom(8).hex())

    def call(request):
        said = subprocess.run(["teesim", "otrp", "exec", "--device", arguments.device],
                              input=request, stdout=subprocess.PIPE, check=True).stdout
        with open(arguments.traffic, "ab") as file:
            file.write(request + b"\n" + said)
        return session.answer(json.loads(said))

    try:
        tee = call(session.state())["dsi"]["tee"]
        if arguments.tee_roots:
            chain_check(tee, arguments.tee_roots)
        if arguments.until == "install":
            if not tee["sdlist"]["sd"]:
                call(session.create())
            call(session.install())
        print("pass")
    except Refused as refusal:
        print(refusal)
    if session.tee:
        with open("tee.der", "wb") as file:
            file.write(session.tee.public_bytes(DER))


if __name__ == "__main__":
    main()
