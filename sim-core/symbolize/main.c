/*
 * teesim-symbolize: turns the addresses in a TA's last words into functions and lines of source.
 * A short-lived child of teesimd, so that teesimd neither waits for large files nor parses them.
 *
 *	teesim-symbolize HOST-PROGRAM TA-FILE [LIBRARY-FILE…]
 *
 * Reads one struct message_death from descriptor 3, which teesimd has checked and which says what a
 * hostile process wants it to say, and writes lines of text.
 */
#include <libelf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "confine.h"
#include "frames.h"
#include "session/message_parse.h"

#define INPUT_FD 3

int main(int argc, char **argv)
{
	static struct message_death death;
	struct message message;
	const char *why;
	int err;

	if (argc < 3) {
		fputs("teesim-symbolize: this program is started by teesimd\n", stderr);
		return 2;
	}
	err = confine();
	if (err < 0) {
		printf("teesim-symbolize cannot be confined: %s\n", strerror(-err));
		return 1;
	}
	if (pread(INPUT_FD, &death, sizeof(death), 0) != (ssize_t)sizeof(death) ||
	    message_parse(&message, MESSAGE_FROM_HOST, &death, sizeof(death), 0, &why) < 0)
		return 1;
	(void)elf_version(EV_CURRENT);
	return frames_print(&message.death, argv[1], argv + 2, stdout) < 0;
}
