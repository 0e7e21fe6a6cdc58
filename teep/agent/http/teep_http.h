/*
 * OTrP over HTTP, the device's side: POST to a TAM what the TEE said, hand to the TEE what the TAM
 * says, until the TAM has no more to say (draft-ietf-teep-otrp-over-http).
 *
 * Runs in teesim-teep-http, one process for each session of the agent's; in simulated fleets, and
 * in tests. Believes nothing that arrives: messages are for TEE and TAM to judge, all else is
 * bounded. Redirects are not followed and there are no cookies. HTTPS is verified; plain HTTP goes
 * to this machine alone, unless it is asked for. Any error of the network or of HTTP is the
 * session's end.
 *
 * A client belongs to one thread at a time.
 */
#ifndef TEESIM_TEEP_HTTP_H
#define TEESIM_TEEP_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#define TEEP_MEDIA_TYPE "application/otrp+json"

struct teep_http;

/* Zero and NULL are the defaults, but for `uri`. */
struct teep_http_options {
	const char *uri;     /* http:// or https:// */
	const char *ca_file; /* PEM: whom HTTPS is trusted to; NULL: whom the system trusts */
	bool plain_anywhere; /* plain HTTP to other machines, too, and by a proxy */
	unsigned int connect_timeout_ms; /* 20 s */
	unsigned int answer_timeout_ms;	 /* for one exchange; 60 s */
	size_t body_max;		 /* octets of an answer; 16 MiB */
	unsigned int exchanges_max;	 /* of one session; 512 */
};

/* Returns 0 with the caller's client, or -errno with one line in `err`: -EINVAL for the URI. */
int teep_http_open(struct teep_http **out, const struct teep_http_options *options, char *err,
		   size_t errlen);

/* Harmless for NULL. */
void teep_http_close(struct teep_http *http);

/* What a TAM answered to one POST. */
struct teep_http_answer {
	char *octets; /* the caller's (free()), and a zero octet behind; NULL: no more to say (204)
		       */
	size_t size;
	long status; /* of HTTP; 0: there was none */
};

/*
 * The first POST: its body is empty, or, for an application that brings a TA along, the package.
 * `taids` are UUIDs that the device asks for. Returns 0 or, with one line in `err`, -errno:
 * -EACCES when the TAM does not authorise the package; -EPROTO for an answer that is none;
 * -EMSGSIZE for one that is too large; -ECONNREFUSED, -EHOSTUNREACH, -ETIMEDOUT, -EKEYREJECTED
 * (whose certificate does not hold), -EIO for the way there.
 */
int teep_http_connect(struct teep_http *http, const char *const *taids, size_t taid_count,
		      const void *package, size_t package_size, struct teep_http_answer *answer,
		      char *err, size_t errlen);

/* A further POST, of what the TEE answered. Returns as teep_http_connect(). */
int teep_http_send(struct teep_http *http, const void *message, size_t size,
		   struct teep_http_answer *answer, char *err, size_t errlen);

/* How far a session is: those of teesim_agent.h. */
enum teep_http_step {
	TEEP_HTTP_CONTACTING = 2,
	TEEP_HTTP_TO_TEE,
	TEEP_HTTP_TO_TAM,
	TEEP_HTTP_FINISHED,
};

struct teep_http_device {
	/*
	 * ProcessOTrPMessage: 0 with the TEE's answer or the agent's own word, which both go to the
	 * TAM (free() is called on it); or -errno with one line in `err`, which ends the session.
	 */
	int (*process)(void *context, const char *message, size_t size, char **answer,
		       size_t *answer_size, char *err, size_t errlen);
	/* May be NULL. Anything but 0 ends the session with -ECANCELED. */
	int (*progress)(void *context, enum teep_http_step step, const char *text);
	/* ProcessError: the session ended by an error of the network, or of who answered there. May
	 * be NULL. */
	void (*process_error)(void *context, int error, const char *text);
	void *context;
};

/* Who asks for what; zero and NULL are nothing. */
struct teep_http_request {
	const char *const *taids;
	size_t taid_count;
	const void *package;
	size_t package_size;
	/* A message of the TEE's to begin with, in the place of an empty POST. */
	const void *first;
	size_t first_size;
};

/*
 * A whole session. *keys, unless NULL, is what the TAM signed for the application, the
 * caller's, or NULL when it has none. Returns 0 when the TAM had no more
 * to say, or -errno with one line in `err`.
 */
int teep_http_run(struct teep_http *http, const struct teep_http_request *request,
		  const struct teep_http_device *device, char **keys, char *err, size_t errlen);

#endif
