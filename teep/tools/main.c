/*
 * teesim-teep: what `teesim pki`, `oem`, `sp`, `admin`, `otrp` and `device info|verify` do. A
 * program of its own, so that `teesim` itself needs no OpenSSL.
 *
 * Trusts its user: it works on that user's files and devices.
 */
#include <stdio.h>

#include "teep/tools/arguments.h"
#include "teep/tools/tools.h"

int main(int argc, char **argv)
{
	static const struct subcommand tools[] = {
		{ "pki", tool_pki },	 { "oem", tool_oem },	{ "sp", tool_sp },
		{ "admin", tool_admin }, { "otrp", tool_otrp }, { "device", tool_device },
	};

	return subcommand_run(argc, argv, "usage: teesim pki|oem|sp|admin|otrp|device …\n", tools,
			      sizeof(tools) / sizeof(tools[0]));
}
