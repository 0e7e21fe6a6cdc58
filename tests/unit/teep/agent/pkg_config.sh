#!/bin/bash
# An application finds libteesim-agent by pkg-config, from C and from C++: in the build tree, and as it
# would be installed.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/app.c" <<'C'
#include <teesim_agent.h>
#include <stdio.h>
int main(void)
{
	struct teesim_agent *agent;
	char *text;
	if (teesim_agent_open(NULL, &agent) != 0)
		return 1;
	if (teesim_agent_get_ta_information(agent, "", "", &text) == 0)
		return 2;
	printf("%s\n", teesim_agent_reason());
	teesim_agent_close(agent);
	return 0;
}
C
cp "$work/app.c" "$work/app.cc"
build() { # COMPILER FILE
	# shellcheck disable=SC2046 # words are wanted
	"$1" -Wall -Wextra -Werror -o "$work/app" "$2" $(pkg-config --cflags --libs teesim-agent)
	LD_LIBRARY_PATH=$(pkg-config --variable=libdir teesim-agent) "$work/app" | grep -q 'is no UUID'
}
export PKG_CONFIG_PATH=$TEESIM_BUILD_DIR/lib/pkgconfig
build cc "$work/app.c"
build c++ "$work/app.cc"
cmake -DCMAKE_INSTALL_PREFIX="$work/prefix" -P "$TEESIM_BUILD_DIR/teep/agent/cmake_install.cmake" >"$work/log"
found=$(find "$work/prefix" -name teesim-agent.pc)
export PKG_CONFIG_PATH=${found%/*}
build cc "$work/app.c"
