"""A TAM on python3-jwcrypto, python3-cryptography and the openssl command, none of our code.

usage: tam.py DEVICE PREFIX OCSP_LEAF OCSP_CA SPCERT PACKAGE TAID
Takes a device through GetDeviceState, CreateSD, InstallTA, DeleteTA and DeleteSD by `teesim otrp
exec`, on the device of the environment when DEVICE is empty, and checks all that is said. With
TAM_STOP_AFTER=install the TA stays; TAM_AIK=p256 asks for such keys; TAM_TEE names the TEE. PREFIX.key and PREFIX.pem are the
TAM's, the others are files. http_tam.py serves the same over HTTP.
"""
import base64
import hashlib
import json
import os
import subprocess
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding as asymmetric, rsa, utils
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from jwcrypto import jwe, jwk, jws

ALLOWED = ["RS256", "ES256", "RSA1_5", "ECDH-ES+A128KW", "A128CBC-HS256"]
DER, PEM = serialization.Encoding.DER, serialization.Encoding.PEM
SPID, SDNAME = "com.bank", "com.bank.sd1"


def read(path):
    with open(path, "rb") as file:
        return file.read()


def b64(octets):
    return base64.b64encode(octets).decode()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def certificates(pem):
    end = b"-----END CERTIFICATE-----\n"
    return [x509.load_pem_x509_certificate(part + end) for part in pem.split(end) if part.strip()]


def key_of(public):
    return jwk.JWK.from_pem(public.public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo))


def encrypt(text, recipient):
    algorithm = "RSA1_5" if recipient["kty"] == "RSA" else "ECDH-ES+A128KW"
    token = jwe.JWE(text, json.dumps({"enc": "A128CBC-HS256"}), algs=ALLOWED)
    token.add_recipient(recipient, json.dumps({"alg": algorithm}))
    made = json.loads(token.serialize())
    if "recipients" not in made:
        made["recipients"] = [{"header": made.pop("header"),
                               "encrypted_key": made.pop("encrypted_key")}]
    return made


def cbc(data, secret, iv):
    pad = padding.PKCS7(128).padder()
    cipher = Cipher(algorithms.AES(secret), modes.CBC(iv)).encryptor()
    return b64(cipher.update(pad.update(data) + pad.finalize()) + cipher.finalize())


def firmware_check(data, tid):
    assert base64.b64decode(data["tbs"]) == tid.encode()
    public = x509.load_der_x509_certificate(base64.b64decode(data["cert"])).public_key()
    signature = base64.b64decode(data["sig"])
    if isinstance(public, rsa.RSAPublicKey):
        assert data["sigalg"] == "RS256"
        public.verify(signature, tid.encode(), asymmetric.PKCS1v15(), hashes.SHA256())
    else:
        assert data["sigalg"] == "ES256" and len(signature) == 64
        der = utils.encode_dss_signature(int.from_bytes(signature[:32], "big"),
                                         int.from_bytes(signature[32:], "big"))
        public.verify(der, tid.encode(), ec.ECDSA(hashes.SHA256()))


class Refused(Exception):
    """The TEE's own, signed refusal; its argument is the code."""


class Session:
    """One conversation with one TEE: makes requests, checks answers."""

    def __init__(self, prefix, ocsp, spcert, package, taid, tid="tid-1", tee_name="simtee-0"):
        self.chain = certificates(read(prefix + ".pem"))
        self.key = jwk.JWK.from_pem(read(prefix + ".key"))
        self.ocsp = [b64(read(path)) for path in ocsp]
        self.sp = certificates(read(spcert))[0]
        self.package, self.taid, self.tid, self.tee_name = package, taid, tid, tee_name
        self.tamid = self.chain[0].extensions.get_extension_for_class(
            x509.SubjectAlternativeName).value.get_values_for_type(x509.RegisteredID)[0].dotted_string
        self.count = 0
        self.tee = self.dsihash = self.command = self.rid = self.dsi = None

    def decrypt(self, value):
        token = jwe.JWE(algs=ALLOWED)
        token.deserialize(json.dumps(value), self.key)
        return token.payload.decode()

    def sign(self, command, members, with_chain):
        self.count += 1
        self.command, self.rid = command, "%s-%d" % (self.tid, self.count)
        tbs = {"ver": "1.0", "rid": self.rid, "tid": self.tid, **members}
        token = jws.JWS(canonical({command + "TBSRequest": tbs}))
        token.allowed_algs = ALLOWED
        token.add_signature(self.key, None,
                            json.dumps({"alg": "RS256" if self.key["kty"] == "RSA" else "ES256"}))
        message = json.loads(token.serialize())
        if with_chain:
            message["header"] = {"x5c": [b64(one.public_bytes(DER)) for one in self.chain]}
        return json.dumps({command + "Request": message}).encode()

    def state(self):
        return self.sign("GetDeviceState", {"ocspdat": self.ocsp}, True)

    def request(self, name, content, more=None):
        return self.sign(name, {"tee": self.tee_name, "nextdsi": True, "dsihash": self.dsihash,
                                "content": encrypt(canonical(content),
                                                   key_of(self.tee.public_key())),
                                **(more or {})}, False)

    def create(self):
        did = b64(hashlib.sha256(self.tee.public_bytes(DER)).digest())
        return self.request("CreateSD", {"spid": SPID, "sdname": SDNAME, "tamid": self.tamid,
                                         "did": did, "spcert": b64(self.sp.public_bytes(DER))})

    def install(self, update=False):
        aik = serialization.load_der_public_key(
            base64.b64decode(self.dsi["tee"]["teeaiklist"][0]["spaik"]))
        secret, iv = os.urandom(32), os.urandom(16)
        content = {"tamid": self.tamid, "spid": SPID, "sdname": SDNAME, "taid": self.taid}
        new = "new" if update else ""
        return self.request("UpdateTA" if update else "InstallTA", content, {"encrypted_ta": {
            "key": encrypt(secret, key_of(aik)), "iv": iv.hex(), "alg": "AESCBC",
            "cipher%stadata" % new: cbc(read(self.package), secret, iv),
            "cipher%spdata" % new: cbc(b'{"pin-retries":3}', secret, iv)}})

    def delete_ta(self):
        return self.request("DeleteTA",
                            {"tamid": self.tamid, "sdname": SDNAME, "taid": self.taid})

    def delete_sd(self):
        return self.request("DeleteSD",
                            {"tamid": self.tamid, "sdname": SDNAME, "deleteta": False})

    def answer(self, message):
        """Checks the answer to the last request; its content. ValueError and others: it is none."""
        state = self.command == "GetDeviceState"
        name = "GetDeviceTEEState" if state else self.command
        signed = message[name + "Response"]
        assert set(signed) == {"payload", "protected", "signature"}, signed
        raw = signed["payload"]
        payload = json.loads(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
        payload = payload[name + "TBSResponse"]
        assert payload["ver"] == "1.0" and payload["rid"] == self.rid
        assert payload["tid"] == self.tid
        if "reason" in payload:
            raise Refused(payload["reason"]["error-code"])
        inner = payload["edsi"] if state else payload["content"]
        assert len(inner["recipients"]) == 1 and "header" not in inner, inner
        text = self.decrypt(inner)
        content = json.loads(text)
        dsi = content.get("dsi")
        tee = x509.load_der_x509_certificate(base64.b64decode(dsi["tee"]["cert"])) if dsi else self.tee
        check = jws.JWS()
        check.allowed_algs = ALLOWED
        check.deserialize(json.dumps(signed), key_of(tee.public_key()))
        assert state or tee == self.tee, "another device's answer"
        if dsi:
            firmware_check(dsi["tfwdata"], self.tid)
            self.dsihash = b64(hashlib.sha256(canonical({"dsi": dsi}).encode()).digest())
            self.tee, self.dsi, self.tee_name = tee, dsi, dsi["tee"]["name"]
        if payload["status"] != "pass":
            raise Refused(content["reason"]["error-code"])
        if state:
            assert text == canonical(content)
        return content


def main():
    device, prefix, ocsp_leaf, ocsp_ca, spcert, package, taid = sys.argv[1:]
    session = Session(prefix, (ocsp_leaf, ocsp_ca), spcert, package, taid,
                      tee_name=os.environ.get("TAM_TEE", "simtee-0"))

    def call(request):
        target = ["--device", device] if device else []
        target += ["--tee", os.environ["TAM_TEE"]] if "TAM_TEE" in os.environ else []
        kind = ["--aik", os.environ["TAM_AIK"]] if "TAM_AIK" in os.environ else []
        said = subprocess.run(["teesim", "otrp", "exec", *target, *kind], input=request,
                              stdout=subprocess.PIPE, check=True).stdout
        return session.answer(json.loads(said))

    dsi = call(session.state())["dsi"]
    assert dsi["tee"]["sdlist"] == {"cnt": "0", "sd": []} and dsi["tee"]["teeaiklist"] == []
    did = b64(hashlib.sha256(session.tee.public_bytes(DER)).digest())
    first = session.dsihash
    made = call(session.create())
    assert made["did"] == did and made["sdname"] == SDNAME
    assert made["teespaiktype"] == ("ECC" if os.environ.get("TAM_AIK") == "p256" else "RSA")
    assert made["teespaik"] == made["dsi"]["tee"]["teeaiklist"][0]["spaik"]
    if os.environ.get("TAM_STOP_AFTER") == "create":
        return
    installed = call(session.install())
    assert installed["dsi"]["tee"]["sdlist"]["sd"][0]["talist"][0]["taid"] == taid
    if os.environ.get("TAM_STOP_AFTER") == "install":
        return
    call(session.delete_ta())
    end = call(session.delete_sd())["dsi"]["tee"]
    assert end["sdlist"] == {"cnt": "0", "sd": []} and end["teeaiklist"] == []
    assert end["dsigen"] == "4" and session.dsihash != first
    print("every answer verified")


if __name__ == "__main__":
    main()
