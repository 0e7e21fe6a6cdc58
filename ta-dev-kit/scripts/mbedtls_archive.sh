#!/bin/sh
# mbedtls_archive.sh AR OBJCOPY OUT OBJECT ARCHIVE...: one archive of all, without the objects that
# OBJECT replaces, and with OBJECT's idea of time.
set -eu
ar=$1 objcopy=$2 out=$3 object=$4
shift 4

dir=$(mktemp -d "$out.XXXXXX")
trap 'rm -rf "$dir"' EXIT
for archive; do
	(cd "$dir" && "$ar" x "$archive")
done
cp "$object" "$dir/tee_sources.o"
(
	cd "$dir"
	rm -f entropy_poll.* havege.*
	for member in x509_crt.*; do
		"$objcopy" --redefine-sym mbedtls_x509_time_is_past=__tee_mbedtls_time_is_past \
			--redefine-sym mbedtls_x509_time_is_future=__tee_mbedtls_time_is_future \
			"$member"
	done
	"$ar" rcsD all.a ./*.o
)
mv "$dir/all.a" "$out"
