/*
 * Why the registry does not give out a TA, as a code for programs and a line for people.
 *
 * Runs in teesimd and in the command line.
 */
#ifndef TEESIM_REGISTRY_TA_REFUSAL_H
#define TEESIM_REGISTRY_TA_REFUSAL_H

#include <stddef.h>

enum ta_refusal {
	TA_ACCEPTED = 0,
	TA_NOT_FOUND,	       /* no file in any directory */
	TA_UNREADABLE,	       /* the file is there and cannot be read */
	TA_NOT_TRUSTED_FILE,   /* wrong owner, writable by everybody, not a regular file, too big */
	TA_BAD_FORMAT,	       /* damaged, or not a TA at all */
	TA_WRONG_ARCHITECTURE, /* for another processor or operating system */
	TA_FORBIDDEN_FEATURE, /* well-formed, but no shared object, or with something no TA may have
			       */
	TA_MISSING_SYMBOL,    /* an entry point that nobody defines */
	TA_WRONG_UUID,	      /* the file name, the package and the image disagree */
	TA_BAD_SIGNATURE,     /* a signature or digest that does not hold */
	TA_UNKNOWN_SIGNER,    /* a good signature by nobody whom this device trusts */
	TA_NOT_SIGNED,	      /* unsigned where the policy asks for a signature */
	TA_WRONG_KIND,	      /* a library where a TA is asked for, or the other way round */
	TA_OUT_OF_RESOURCES,  /* no memory or descriptor left */
};

/* A stable lower-case name for a code: "bad-signature". */
const char *ta_refusal_name(enum ta_refusal refusal);

/*
 * Write one line for the user and return `code`, so that a parser can `return refuse(…)`. Control
 * characters, which may come from a hostile file, are replaced. `err` may be NULL.
 */
__attribute__((format(printf, 4, 5))) int refuse(int code, char *err, size_t errlen,
						 const char *text, ...);

/* Copy text out of a file for people to read: cut to fit, every byte outside ASCII made a '?'. */
void text_printable(char *out, size_t size, const char *text, size_t length);

#endif
