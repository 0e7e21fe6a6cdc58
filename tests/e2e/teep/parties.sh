# shellcheck shell=bash
# Sourced: authorities (pki/), a TAM (tam) with the responses that it staples (leaf.ocsp, ca.ocsp), and a
# service provider (sp), all on P-256 in the working directory.
teesim pki init pki --key p256 >/dev/null
teesim pki tam pki --id 1.3.6.1.4.1.55555.7.1 --key p256 --out tam >/dev/null
teesim pki sp --out sp --key p256 --name 'Sim Bank' >/dev/null
teesim pki ocsp pki tam tam.pem --out leaf.ocsp
openssl x509 -in pki/tam/ca.pem -out ca.pem
teesim pki ocsp pki tam ca.pem --ca root --out ca.ocsp
