"""domain_tam.py PREFIX OCSP_LEAF OCSP_CA SPCERT TAID STEP…: a TAM (tam.py) takes those
steps on the device of the environment.

create SD; install SD PACKAGE PERSONAL; update SD PACKAGE|- PERSONAL|-; rename SD NEW; move SD SPID;
delete-ta SD; delete-sd SD: each is one argument, its parts divided by colons. A step ends with the
TEE's own word, or the program with 1 and the TEE's refusal.
"""
import base64
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import tam  # noqa: E402


class Session(tam.Session):
    spid = "com.bank"

    def owner(self, sdname):
        for domain in self.dsi["tee"]["sdlist"]["sd"]:
            if domain["name"] == sdname:
                return domain["spid"]
        return self.spid

    def create(self, sdname):
        did = tam.b64(tam.hashlib.sha256(self.tee.public_bytes(tam.DER)).digest())
        return self.request("CreateSD", {"spid": self.spid, "sdname": sdname, "tamid": self.tamid,
                                         "did": did, "spcert": tam.b64(self.sp.public_bytes(tam.DER))})

    def deliver(self, name, sdname, members):
        spid = self.owner(sdname)
        aik = tam.serialization.load_der_public_key(base64.b64decode(
            [one for one in self.dsi["tee"]["teeaiklist"] if one["spid"] == spid][0]["spaik"]))
        secret, iv = os.urandom(32), os.urandom(16)
        content = {"tamid": self.tamid, "spid": spid, "sdname": sdname, "taid": self.taid}
        return self.request(name, content, {"encrypted_ta": {
            "key": tam.encrypt(secret, tam.key_of(aik)), "iv": iv.hex(), "alg": "AESCBC",
            **{key: tam.cbc(octets, secret, iv) for key, octets in members.items()}}})

    def install(self, sdname, package, personal):
        return self.deliver("InstallTA", sdname, {"ciphertadata": tam.read(package),
                                                  "cipherpdata": personal.encode()})

    def update(self, sdname, package, personal):
        members = {}
        if package != "-":
            members["ciphernewtadata"] = tam.read(package)
        if personal != "-":
            members["ciphernewpdata"] = personal.encode()
        return self.deliver("UpdateTA", sdname, members)

    def change(self, sdname, changes):
        return self.request("UpdateSD", {"tamid": self.tamid, "spid": self.owner(sdname),
                                         "sdname": sdname, "changes": changes})

    def rename(self, sdname, new):
        return self.change(sdname, {"newsdname": new})

    def move(self, sdname, spid):
        return self.change(sdname, {"newspid": spid})

    def delete_ta(self, sdname):
        return self.request("DeleteTA", {"tamid": self.tamid, "sdname": sdname, "taid": self.taid})

    def delete_sd(self, sdname):
        return self.request("DeleteSD", {"tamid": self.tamid, "sdname": sdname, "deleteta": True})


def main():
    prefix, ocsp_leaf, ocsp_ca, spcert, taid, *steps = sys.argv[1:]
    session = Session(prefix, (ocsp_leaf, ocsp_ca), spcert, None, taid,
                      tid="tid-" + os.urandom(4).hex())

    def call(request):
        said = subprocess.run(["teesim", "otrp", "exec"], input=request, stdout=subprocess.PIPE,
                              check=True).stdout
        return session.answer(json.loads(said))

    try:
        call(session.state())
        for step in steps:
            name, *parts = step.split(":")
            call(getattr(session, name.replace("-", "_"))(*parts))
    except tam.Refused as refused:
        sys.exit(str(refused))


if __name__ == "__main__":
    main()
