"""A service provider who encrypts for a device with python3-jwcrypto and python3-cryptography alone.

usage: sealed_delivery.py encrypt AIK TAM_ROOT PACKAGE PERSONALISATION TAID VERSION DELIVERY
       sealed_delivery.py make DEVICE_KEY AIK TAM_KEY TAM_CHAIN DID
       sealed_delivery.py open DELIVERY DEVICE_KEY PACKAGE PERSONALISATION
`encrypt` verifies what the TAM says of the key and makes a delivery for it. `make` makes a key in the
place of a device's, and what that TAM would say of it; `open` decrypts with that key what was
encrypted for it, which must be PACKAGE and PERSONALISATION.
"""
import base64
import hashlib
import json
import os
import sys
import time

from cryptography import x509
from cryptography.hazmat.primitives import padding, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from jwcrypto import jwe, jwk, jws

from tam import ALLOWED, DER, b64, canonical, cbc, certificates, encrypt, key_of, read


def public_of(der):
    """SubjectPublicKeyInfo, or PKCS #1 as the protocol has RSA keys."""
    try:
        return serialization.load_der_public_key(der)
    except ValueError:
        pem = b"-----BEGIN RSA PUBLIC KEY-----\n%s\n-----END RSA PUBLIC KEY-----\n"
        return serialization.load_pem_public_key(pem % base64.encodebytes(der).strip())


def issued_by(certificate, issuer):
    public = issuer.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
        public.verify(certificate.signature, certificate.tbs_certificate_bytes,
                      rsa_padding.PKCS1v15(), certificate.signature_hash_algorithm)
    else:
        public.verify(certificate.signature, certificate.tbs_certificate_bytes,
                      ec.ECDSA(certificate.signature_hash_algorithm))


def told(statement, root):
    """What the TAM says, by the root alone."""
    message = json.loads(read(statement))["TAMDEVICEAIK"]
    chain = [x509.load_der_x509_certificate(base64.b64decode(one)) for one in
             message["header"]["x5c"]]
    trusted = certificates(read(root))
    for certificate, issuer in zip(chain, chain[1:]):
        issued_by(certificate, issuer)
    assert any(chain[-1] == one for one in trusted), "another root"
    token = jws.JWS()
    token.allowed_algs = ALLOWED
    token.deserialize(json.dumps({name: message[name] for name in
                                  ("payload", "protected", "signature")}),
                      key_of(chain[0].public_key()))
    tbs = json.loads(token.payload)["TAMDEVICEAIKTBS"]
    identifier = chain[0].extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert [one.dotted_string for one in identifier.value.get_values_for_type(
        x509.RegisteredID)] == [tbs["tamid"]]
    assert tbs["ver"] == "1.0" and abs(tbs["time"] - time.time()) < 600
    return tbs


def encrypt_it(statement, root, package, personal, taid, version, out):
    tbs = told(statement, root)
    aik = base64.b64decode(tbs["spaik"])
    public = public_of(aik)
    assert tbs["spaiktype"] == ("RSA" if isinstance(public, rsa.RSAPublicKey) else "ECC")
    secret, iv = os.urandom(32), os.urandom(16)
    delivery = {"ver": "1.0", "tamid": tbs["tamid"], "did": tbs["did"], "spid": tbs["spid"],
                "spaikhash": b64(hashlib.sha256(aik).digest()), "taid": taid,
                "version": int(version),
                "encrypted_ta": {"key": encrypt(secret, key_of(public)), "iv": iv.hex(),
                                 "alg": "AESCBC", "ciphertadata": cbc(read(package), secret, iv),
                                 "cipherpdata": cbc(read(personal), secret, iv)}}
    with open(out, "w") as file:
        file.write(canonical({"SPTADELIVERY": delivery}))


def make(kind, key_file, statement, tam_key, tam_chain, did):
    if kind == "rsa":
        private = rsa.generate_private_key(65537, 2048)
        aik = private.public_key().public_bytes(DER, serialization.PublicFormat.PKCS1)
    else:
        private = ec.generate_private_key(ec.SECP256R1())
        aik = private.public_key().public_bytes(DER,
                                                serialization.PublicFormat.SubjectPublicKeyInfo)
    with open(key_file, "wb") as file:
        file.write(private.private_bytes(serialization.Encoding.PEM,
                                         serialization.PrivateFormat.PKCS8,
                                         serialization.NoEncryption()))
    chain = certificates(read(tam_chain))
    key = jwk.JWK.from_pem(read(tam_key))
    token = jws.JWS(canonical({"TAMDEVICEAIKTBS": {
        "ver": "1.0", "tamid": "1.3.6.1.4.1.55555.7.1", "did": did, "tee": "simtee-0",
        "spid": "com.bank", "spaik": b64(aik), "spaiktype": "RSA" if kind == "rsa" else "ECC",
        "time": int(time.time())}}))
    token.allowed_algs = ALLOWED
    token.add_signature(key, None,
                        json.dumps({"alg": "RS256" if key["kty"] == "RSA" else "ES256"}))
    with open(statement, "w") as file:
        json.dump({"TAMDEVICEAIK": {**json.loads(token.serialize()), "header": {
            "x5c": [b64(one.public_bytes(DER)) for one in chain]}}}, file)


def decrypt(text, secret, iv):
    cipher = Cipher(algorithms.AES(secret), modes.CBC(iv)).decryptor()
    unpad = padding.PKCS7(128).unpadder()
    octets = cipher.update(base64.b64decode(text, validate=True)) + cipher.finalize()
    return unpad.update(octets) + unpad.finalize()


def open_it(delivery, key_file, package, personal):
    sealed = json.loads(read(delivery))["SPTADELIVERY"]["encrypted_ta"]
    token = jwe.JWE(algs=ALLOWED)
    token.deserialize(json.dumps(sealed["key"]), jwk.JWK.from_pem(read(key_file)))
    secret, iv = token.payload, bytes.fromhex(sealed["iv"])
    assert len(secret) == 32 and len(iv) == 16 and sealed["alg"] == "AESCBC"
    assert set(sealed) == {"key", "iv", "alg", "ciphertadata", "cipherpdata"}
    assert decrypt(sealed["ciphertadata"], secret, iv) == read(package)
    assert decrypt(sealed["cipherpdata"], secret, iv) == read(personal)


{"encrypt": encrypt_it, "make": make, "open": open_it}[sys.argv[1]](*sys.argv[2:])
