"""What an application can know of a TA, on python3-jwcrypto and python3-cryptography alone.

usage: app_trust.py KEYS INFORMATION TAM_CERTIFICATE TAID
KEYS is what the TAM signed, INFORMATION the TEE's word. Says `holds`; and holds it against a forger
who answers in the TEE's place with a key of his own.
"""
import base64
import json
import sys

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from jwcrypto import jwk, jws

ALLOWED = ["RS256", "ES256"]
keys, information, certificate, taid = sys.argv[1:]


def read(path):
    with open(path, "rb") as file:
        return file.read()


def verified(message, key):
    token = jws.JWS()
    token.allowed_algs = ALLOWED
    token.deserialize(json.dumps(message), key)
    return json.loads(token.payload)


def pem_key(public):
    return jwk.JWK.from_pem(public.public_bytes(serialization.Encoding.PEM,
                                                serialization.PublicFormat.SubjectPublicKeyInfo))


def accepts(message):
    """As an application should: by the key that it has from the TAM."""
    try:
        return verified(message, stored)["TAInformationTBS"]
    except jws.InvalidJWSSignature:
        return None


tam = pem_key(x509.load_pem_x509_certificate(read(certificate)).public_key())
told = verified(json.loads(read(keys))["TAMSPAIK"], tam)["TAMSPAIKTBS"]
entry = next(one for one in told["aiks"] if taid in one["taids"])
der = base64.b64decode(entry["spaik"])
stored = pem_key(serialization.load_der_public_key(der))

message = json.loads(read(information))["TAInformation"]
tbs = accepts(message)
assert tbs and tbs["taid"] == taid and tbs["tamid"] == told["tamid"], tbs

mine = jwk.JWK.generate(kty="EC", crv="P-256")
forged = jws.JWS(json.dumps({"TAInformationTBS": {**tbs, "tamid": "1.2.3"}}))
forged.add_signature(mine, None, json.dumps({"alg": "ES256"}))
forged = {**json.loads(forged.serialize()),
          "header": {"signer": json.loads(mine.export_public())}}
# It is as good as the true one to whoever believes the key that comes along.
assert verified(forged, jwk.JWK(**forged["header"]["signer"]))["TAInformationTBS"]["tamid"] == "1.2.3"
assert accepts(forged) is None
payload = message["payload"]
assert accepts({**message, "payload": ("B" if payload[9] == "A" else "A").join(
    [payload[:9], payload[10:]])}) is None
print("holds")
