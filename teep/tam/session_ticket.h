/*
 * The tid of a session that is nowhere written yet: it tells by itself that this TAM gave it, when,
 * and with which of its keys. So whoever only asks leaves nothing behind, and the session is stored
 * with the device's first answer, by whichever process gets it.
 *
 * Runs in teesim-tam. Who has the vault's key can make one, and nobody else; all of it but the
 * first digits, which are the session's handle, is unguessable. That a tid is used once is the
 * session table's matter.
 */
#ifndef TEESIM_TEEP_TAM_SESSION_TICKET_H
#define TEESIM_TEEP_TAM_SESSION_TICKET_H

#include <time.h>

#include "teep/tam/command.h"
#include "teep/tam/vault.h"

#define SESSION_TICKET_SIZE 61

struct session_ticket {
	char tid[SESSION_TICKET_SIZE];
	char rid[COMMAND_ID_SIZE]; /* of the session's first request; it follows from the tid */
	time_t since;
	size_t key; /* index of the TAM's key */
};

/* -ERANGE for what does not fit in one, or -EIO when there is no randomness. */
int session_ticket_make(const struct vault *vault, time_t since, size_t key,
			struct session_ticket *out);

/* -EBADMSG for a tid that is none of these. */
int session_ticket_parse(const struct vault *vault, const char *tid, struct session_ticket *out);

#endif
