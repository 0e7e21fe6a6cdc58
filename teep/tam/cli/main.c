/*
 * teesim-tam-cli: what `teesim tam` does, but for `serve`, which is teesim-tam's.
 *
 * A client of the TAM's admin API; only `init`, `backup` and `restore` work on files. Trusts its
 * user.
 */
#include <locale.h>
#include <stdio.h>

#include "teep/tam/cli/commands.h"

static const char help[] =
	"usage: teesim tam init DIR …       make a TAM: configuration, keys, database, token\n"
	"       teesim tam serve [DIR]      run it\n"
	"       teesim tam backup DIR COPY  copy all of it, while it runs; `restore` is the way "
	"back\n"
	"       teesim tam status           how it is\n"
	"       teesim tam sp …             service providers and the certificates that may sign\n"
	"       teesim tam ta …             TAs in versions, and their personalisation data\n"
	"       teesim tam device …         devices: what they are, have and should have\n"
	"       teesim tam group …          groups of devices\n"
	"       teesim tam deploy …         bring a TA to devices, or take it away, and watch\n"
	"       teesim tam wanted …         what devices should have\n"
	"       teesim tam session …        sessions with devices, step by step\n"
	"       teesim tam log [--follow]   what happened, and the messages of all sessions\n"
	"       teesim tam token …          who may use the admin API\n"
	"       teesim tam certificates     what expires, and when\n"
	"\n"
	"`teesim tam COMMAND --help` tells more.\n";

int main(int argc, char **argv)
{
	static const struct subcommand commands[] = {
		{ "init", command_init },	{ "backup", command_backup },
		{ "restore", command_restore }, { "status", command_status },
		{ "sp", command_sp },		{ "ta", command_ta },
		{ "device", command_device },	{ "group", command_group },
		{ "deploy", command_deploy },	{ "wanted", command_wanted },
		{ "session", command_session }, { "log", command_log },
		{ "token", command_token },	{ "certificates", command_certificates },
	};

	(void)setlocale(LC_CTYPE, "");
	return subcommand_run(argc, argv, help, commands, sizeof(commands) / sizeof(commands[0]));
}
