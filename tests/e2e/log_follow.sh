#!/usr/bin/env bash
# `teesim log -f` shows what is added, across the log's change of files, and only what was asked for.
set -u
# shellcheck source=tests/e2e/expect.sh
. "$TEESIM_SOURCE_DIR/tests/e2e/expect.sh"

directory=$(teesim device path)
mkdir -p "$directory"
line() { printf '2030-01-01T00:00:00.000Z TA %s %s\n' "$1" "$2"; }
line hello older >"$directory/log.1"
line hello newer >"$directory/log"
printf 'half a line' >>"$directory/log"

expect_status 0 teesim log -n all
expect test "$(wc -l <<<"$output")" -eq 2
expect_output older
expect_output newer
expect_no_output half
expect_status 0 teesim log -n 1
expect_no_output older

teesim log -f -n 0 >all &
one=$!
teesim log -f -n 0 --ta 8AAAF200 >some &
two=$!
# They follow from here on: no line before this one is shown.
# shellcheck disable=SC2317 # expect_soon calls it
follows() { find "/proc/$1/fd" -lname '*inotify*' | grep -q .; }
expect_soon follows "$one"
expect_soon follows "$two"
{
	printf ', and the rest\n'
	line hello first
	line 8aaaf200-2450-11e4-abe2-0002a5d5c51b second
} >>"$directory/log"
expect_soon grep -q second all
mv "$directory/log" "$directory/log.1"
line hello third >>"$directory/log"
line 8aaaf200-2450-11e4-abe2-0002a5d5c51b fourth >>"$directory/log"
expect_soon grep -q fourth all
expect_soon grep -q fourth some
# The lines of a TA that has a name are found by its UUID, too.
printf '2030-01-01T00:00:00.000Z info TA A name (8AAAF200-2450-11e4-abe2-0002a5d5c51b, /x.ta): up\n' \
	>>"$directory/log"
line 'A name' fifth >>"$directory/log"
expect_soon grep -q fifth some
kill "$one" "$two"
wait 2>/dev/null
expect grep -q 'half a line, and the rest' all
expect test "$(wc -l <all)" -eq 7
expect test "$(wc -l <some)" -eq 4
expect_done
