"""JOSE by python3-jwcrypto, for test_interop.c: files jws, jwe, in, key.jwk, public.jwk here."""
import json
import sys

from jwcrypto import jwe, jwk, jws

ALGORITHMS = ["RS256", "ES256", "ES384", "RSA1_5", "ECDH-ES+A128KW", "ECDH-ES+A256KW",
              "A128CBC-HS256", "A256CBC-HS512"]


def read(name):
    with open(name, encoding="utf-8") as file:
        return file.read()


def write(name, text):
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)


def sign(algorithm):
    token = jws.JWS(read("in"))
    token.allowed_algs = ALGORITHMS
    token.add_signature(jwk.JWK.from_json(read("key.jwk")), None, json.dumps({"alg": algorithm}))
    write("jws", token.serialize())


def verify(out):
    token = jws.JWS()
    token.allowed_algs = ALGORITHMS
    token.deserialize(read("jws"), jwk.JWK.from_json(read("public.jwk")))
    write(out, token.payload.decode())


def encrypt(algorithm, encryption):
    token = jwe.JWE(read("in").encode(), json.dumps({"enc": encryption}), algs=ALGORITHMS)
    token.add_recipient(jwk.JWK.from_json(read("public.jwk")), json.dumps({"alg": algorithm}))
    write("jwe", token.serialize())


def decrypt(out):
    token = jwe.JWE(algs=ALGORITHMS)
    token.deserialize(read("jwe"), jwk.JWK.from_json(read("key.jwk")))
    write(out, token.payload.decode())


{"sign": sign, "verify": verify, "encrypt": encrypt, "decrypt": decrypt}[sys.argv[1]](*sys.argv[2:])
