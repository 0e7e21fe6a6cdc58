/*
 * teesim-evil-agent: stands where the agent stands, and does to messages what its script says.
 *
 * A tool for tests of TEEs and TAMs; see theatre.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "teep/evil/proxy.h"
#include "teep/evil/script.h"
#include "teep/evil/theatre.h"
#include "teep/tools/arguments.h"

static const char help[] =
	"usage: teesim evil-agent [--tam URI] [--device DEVICE] [--ca-file FILE] [--quiet]\n"
	"                         [--script FILE | FILE | -]\n"
	"       teesim evil-agent --proxy PORT --tam URI [OPTION…] [--script FILE | FILE | -]\n"
	"\n"
	"Stands between a TAM and a device's TEE where the agent stands, and does what the script "
	"in\n"
	"FILE (default: standard input) says. It has the TEE's socket and the network, as a "
	"hostile\n"
	"normal world has, and no key but its own. One statement a line; # begins a comment; what "
	"is\n"
	"in double quotes is one word, and $NAME is from the environment.\n"
	"\n"
	"What happens:\n"
	"  session [TA…]           a whole session: call the TAM, for these TAs, to the end\n"
	"  open S [TA…]            call the TAM for a session S; its request is then S.request\n"
	"  deliver S               S.request to the TEE, whose answer is then S.answer\n"
	"  post S                  S.answer to the TAM, whose next request is then S.request\n"
	"  run S                   both, in turn, until there is no more\n"
	"  send tee|tam MESSAGE    any message; what comes back is sent.answer or sent.request\n"
	"  flood tee|agent N MESSAGE   N times, eight at a time; agent: by teesim-agent\n"
	"  copy MESSAGE NAME       keep it under that name\n"
	"  change MESSAGE ACTION   do something to a message that was kept\n"
	"  tam URI, device NAME    whom all that follows is about\n"
	"  wait MS, say TEXT\n"
	"  shell COMMAND           which has to end with status 0\n"
	"\n"
	"Rules, for messages of sessions as they pass:\n"
	"  on tam|tee [MESSAGE] [#N] ACTION   those from the TAM (for the TEE), or from the TEE "
	"(for\n"
	"                          the TAM); MESSAGE is InstallTA and the like; #N the N-th only\n"
	"  forget                  all rules so far\n"
	"\n"
	"Actions:\n"
	"  drop                    it does not arrive\n"
	"  keep NAME               a copy, as it is by then\n"
	"  save FILE               a line more in that file\n"
	"  replace MESSAGE         another arrives in its place\n"
	"  text TEXT               and so do these octets\n"
	"  repeat N                it arrives N times more\n"
	"  delay MS\n"
	"  flip BIT [PART]         of its octets, or of payload, protected, signature or x5c "
	"decoded;\n"
	"                          random for any\n"
	"  truncate N              to N octets; below 0: so many off the end\n"
	"  rename NAME             the envelope\n"
	"  set MEMBER JSON         in what is signed; the signature stays\n"
	"  remove MEMBER           of the JWS\n"
	"  resign [KEY [CHAIN]]    by a key of the attacker's own, or of these files\n"
	"  alg none|HS256|…        in the protected header\n"
	"  entries empty|reverse|duplicate|add MESSAGE   of GetDeviceStateResponse\n"
	"  error CODE              the agent's own ERR_AGENT_TEE_… in its place\n"
	"\n"
	"Expectations, of what came of the last delivery:\n"
	"  expect tee pass|fail|nothing|reason CODE|entries N\n"
	"  expect tam next [MESSAGE]|finished|failed|nothing|http STATUS\n"
	"  expect same MESSAGE MESSAGE\n"
	"  expect flood pass|busy N (at least), failed N (at most)\n"
	"\n"
	"--proxy listens on PORT of this machine (0: any) for an agent that is not the "
	"attacker's,\n"
	"and passes on to the TAM and back what that says, by the rules in the script, until it "
	"is\n"
	"interrupted. What is dropped is a connection that ends; a request of the TAM's can't be\n"
	"repeated here.\n"
	"\n"
	"--quiet tells only what is not as expected. Exit status: 0 all as expected, 1 not, 2 the\n"
	"script is not understood.\n";

/* Returns as theatre_play(). */
static int proxy(struct theatre *theatre, const struct script *script,
		 const struct theatre_options *options, unsigned int port)
{
	const struct proxy_options proxied = { .tam = options->tam,
					       .ca_file = options->ca_file,
					       .port = port };
	const int rc = theatre_rules_take(theatre, script);

	return rc < 0 ? rc : proxy_run(theatre, &proxied) < 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct theatre_options options = { 0 };
	const char *script_path = NULL, *path = "-", *port_text = NULL;
	const struct argument table[] = {
		{ "tam", &options.tam, NULL },	       { "device", &options.device, NULL },
		{ "ca-file", &options.ca_file, NULL }, { "script", &script_path, NULL },
		{ "proxy", &port_text, NULL },	       { "quiet", NULL, &options.quiet }
	};
	int rc, status = arguments_parse(argc, argv, help, table, 6, &path, 1);
	struct theatre *theatre;
	struct script script;
	unsigned char *text;
	char err[256] = "out of memory";
	size_t size;
	long port;

	if (status >= 0)
		return status;
	if (!argument_number("proxy", port_text, 0, 0, 65535, &port))
		return EXIT_USAGE;
	if (script_path)
		path = script_path;
	text = input_read(path, &size);
	if (!text)
		return EXIT_REFUSED;
	rc = script_parse((char *)text, size, &script, err, sizeof(err));
	free(text);
	if (rc < 0) {
		(void)fprintf(stderr, "teesim evil-agent: %s\n", err);
		return EXIT_USAGE;
	}
	theatre = theatre_open(&options);
	if (!theatre)
		rc = -ENOMEM;
	else if (!port_text)
		rc = theatre_play(theatre, &script);
	else
		rc = proxy(theatre, &script, &options, (unsigned int)port);
	if (theatre)
		theatre_close(theatre);
	script_clear(&script);
	return rc < 0 ? EXIT_USAGE : rc ? EXIT_REFUSED : EXIT_DONE;
}
