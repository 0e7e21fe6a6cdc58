"""A TAM on python3-jwcrypto, python3-cryptography and the openssl command, none of our code.

usage: tam.py DEVICE PREFIX OCSP_LEAF OCSP_CA SPCERT PACKAGE TAID
With TAM_STOP_AFTER=install the TA stays. Takes a device through GetDeviceState, CreateSD, InstallTA, DeleteTA and DeleteSD by `teesim otrp
exec`, on the device of the environment when DEVICE is empty, and checks all that is said. PREFIX.key and PREFIX.pem are the TAM's, the others are files.
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
device, prefix, ocsp_leaf, ocsp_ca, spcert, package, taid = sys.argv[1:]


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


chain = certificates(read(prefix + ".pem"))
key = jwk.JWK.from_pem(read(prefix + ".key"))
sp = certificates(read(spcert))[0]
tamid = chain[0].extensions.get_extension_for_class(
    x509.SubjectAlternativeName).value.get_values_for_type(x509.RegisteredID)[0].dotted_string
state = {"count": 0}


def encrypt(text, recipient):
    algorithm = "RSA1_5" if recipient["kty"] == "RSA" else "ECDH-ES+A128KW"
    token = jwe.JWE(text, json.dumps({"enc": "A128CBC-HS256"}), algs=ALLOWED)
    token.add_recipient(recipient, json.dumps({"alg": algorithm}))
    made = json.loads(token.serialize())
    if "recipients" not in made:
        made["recipients"] = [{"header": made.pop("header"),
                               "encrypted_key": made.pop("encrypted_key")}]
    return made


def decrypt(value):
    token = jwe.JWE(algs=ALLOWED)
    token.deserialize(json.dumps(value), key)
    return token.payload.decode()


def call(command, members, answer_name=None, with_chain=False):
    state["count"] += 1
    tbs = {"ver": "1.0", "rid": "rid-%d" % state["count"], "tid": "tid-1", **members}
    token = jws.JWS(canonical({command + "TBSRequest": tbs}))
    token.allowed_algs = ALLOWED
    token.add_signature(key, None, json.dumps({"alg": "RS256" if key["kty"] == "RSA" else "ES256"}))
    message = json.loads(token.serialize())
    if with_chain:
        message["header"] = {"x5c": [b64(one.public_bytes(DER)) for one in chain]}
    target = ["--device", device] if device else []
    aik = ["--aik", os.environ["TAM_AIK"]] if "TAM_AIK" in os.environ else []
    answer = subprocess.run(["teesim", "otrp", "exec", *target, *aik],
                            input=json.dumps({command + "Request": message}).encode(),
                            stdout=subprocess.PIPE, check=True).stdout
    name = (answer_name or command)
    signed = json.loads(answer)[name + "Response"]
    assert set(signed) == {"payload", "protected", "signature"}, signed
    raw = signed["payload"]
    payload = json.loads(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
    payload = payload[name + "TBSResponse"]
    assert payload["ver"] == "1.0" and payload["rid"] == tbs["rid"] and payload["tid"] == tbs["tid"]
    inner = payload.get("edsi", payload.get("content"))
    assert inner, payload
    assert len(inner["recipients"]) == 1 and "header" not in inner, inner
    text = decrypt(inner)
    content = json.loads(text)
    assert payload["status"] == "pass", content
    dsi = content["dsi"]
    tee = x509.load_der_x509_certificate(base64.b64decode(dsi["tee"]["cert"]))
    check = jws.JWS()
    check.allowed_algs = ALLOWED
    check.deserialize(json.dumps(signed), key_of(tee.public_key()))
    if "edsi" in payload:
        assert text == canonical(content)
    state["dsihash"] = b64(hashlib.sha256(canonical({"dsi": dsi}).encode()).digest())
    state["tee"] = tee
    firmware_check(dsi["tfwdata"], tbs["tid"])
    return content


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


def command(name, content, more=None):
    return call(name, {"tee": "simtee-0", "nextdsi": True, "dsihash": state["dsihash"],
                       "content": encrypt(canonical(content), key_of(state["tee"].public_key())),
                       **(more or {})})


def cbc(data, secret, iv):
    pad = padding.PKCS7(128).padder()
    cipher = Cipher(algorithms.AES(secret), modes.CBC(iv)).encryptor()
    return b64(cipher.update(pad.update(data) + pad.finalize()) + cipher.finalize())


dsi = call("GetDeviceState", {"ocspdat": [b64(read(ocsp_leaf)), b64(read(ocsp_ca))]},
           "GetDeviceTEEState", True)["dsi"]
assert dsi["tee"]["sdlist"] == {"cnt": "0", "sd": []} and dsi["tee"]["teeaiklist"] == []
did = b64(hashlib.sha256(state["tee"].public_bytes(DER)).digest())
first = state["dsihash"]

made = command("CreateSD", {"spid": "com.bank", "sdname": "com.bank.sd1", "tamid": tamid, "did": did,
                            "spcert": b64(sp.public_bytes(DER))})
assert made["did"] == did and made["sdname"] == "com.bank.sd1"
assert made["teespaiktype"] == ("ECC" if os.environ.get("TAM_AIK") == "p256" else "RSA")
aik = serialization.load_der_public_key(base64.b64decode(made["teespaik"]))

secret, iv = os.urandom(32), os.urandom(16)
installed = command("InstallTA", {"tamid": tamid, "spid": "com.bank", "sdname": "com.bank.sd1",
                                  "taid": taid},
                    {"encrypted_ta": {"key": encrypt(secret, key_of(aik)), "iv": iv.hex(),
                                      "alg": "AESCBC",
                                      "ciphertadata": cbc(read(package), secret, iv),
                                      "cipherpdata": cbc(b'{"pin-retries":3}', secret, iv)}})
assert installed["dsi"]["tee"]["sdlist"]["sd"][0]["talist"][0]["taid"] == taid

if os.environ.get("TAM_STOP_AFTER") == "install":
    sys.exit(0)
command("DeleteTA", {"tamid": tamid, "sdname": "com.bank.sd1", "taid": taid})
end = command("DeleteSD", {"tamid": tamid, "sdname": "com.bank.sd1", "deleteta": False})
assert end["dsi"]["tee"]["sdlist"] == {"cnt": "0", "sd": []} and end["dsi"]["tee"]["teeaiklist"] == []
assert end["dsi"]["tee"]["dsigen"] == "4" and state["dsihash"] != first
print("every answer verified")
