# shellcheck shell=bash
# Sourced by attack.sh: the TAM that is none of our code, which reads the file `want.is`.
cat >want <<'WANT'
#!/bin/bash
# ta, nothing, update, or version N: an update to that.
set -euo pipefail
case $1 in
version) version=$2 word=update ;;
*) version=1 word=$1 ;;
esac
rm -f image.new
teesim sp package image.elf --version "$version" --key sp.key --cert sp.pem --out image.new
mv image.new image.cms
echo "$word" >want.new
mv want.new want.is
WANT
chmod +x want
# shellcheck disable=SC2154 # the script that sources it says which
tam_start python "$taid"
