/*
 * The TAM's side of OTrP: from the octets that a device posts to the octets of the next request.
 *
 * Runs in the TAM's server, or in a test: no network. It trusts its database, its keys and its
 * roots, and nobody who posts. All state is in the database, a session under its `tid` from the
 * device's first answer on (session_ticket.h): whichever process gets the next message goes on with
 * it, and a message that comes twice is answered twice with the same octets and acted on once.
 *
 * A `struct tam` is shared by all threads and is not changed by them; each thread has a worker of
 * its own.
 */
#ifndef TEESIM_TEEP_TAM_ENGINE_H
#define TEESIM_TEEP_TAM_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "teep/otrp/arena.h"

struct tam_database;
struct device_trust;
struct log_writer;
struct tam_keys;
struct tam_worker;

/* What happens, as it happens: for a page that shows it. Called by the worker's thread, after the
 * change is in the database; texts are valid during the call. */
enum tam_event_kind {
	TAM_EVENT_SESSION, /* a session began, went on or ended: see session, device */
	TAM_EVENT_DEVICE,  /* a device was seen, accepted or refused */
	TAM_EVENT_TA,	   /* a TA was installed, updated or deleted on a device */
	TAM_EVENT_ALARM,   /* something that a person should look at: `text` says what */
};

struct tam_event {
	enum tam_event_kind kind;
	const char *tid;  /* "" when there is none */
	const char *did;  /* lower-case hexadecimal digits, "" as long as it is not known */
	const char *text; /* one line for people */
};

struct tam {
	struct tam_keys *keys;
	const struct device_trust *trust;
	time_t clock_offset;	  /* seconds that the TAM's clock is ahead of the machine's */
	unsigned session_seconds; /* after which a session that is not heard of is over; 0: 600 */
	unsigned message_max;	  /* octets; 0 for 16 MiB */
	bool extended;		  /* ES384 */
	bool bundled;		  /* devices may bring packages, where their hash is authorised */
	bool hold_deletions;	  /* nothing is deleted but what an entry excludes */
	struct log_writer *log;	  /* NULL: logs are written with each session's state */
	struct session_memory *memory; /* NULL: each message reads its session */
	void (*event)(void *context, const struct tam_event *event); /* may be NULL */
	void *event_context;
};

/* Where a message comes from: for the log and the limits, never for what is believed. */
struct tam_peer {
	const char *address; /* as text; NULL when there is none */
};

/* `database` stays the caller's and is used by this worker alone. NULL without memory. */
struct tam_worker *tam_worker_open(const struct tam *tam, struct tam_database *database);
void tam_worker_close(struct tam_worker *worker);

/* What a device says before anything is signed: hints, believed only so far as that a TA that the
 * TAM offers for asking is installed once the device has shown who it is. */
struct tam_hints {
	const char *const *taids; /* UUIDs as text; others are passed over */
	size_t taid_count;
	/* A TA package that came with the client app; NULL when there is none. It is taken only
	 * where the catalogue authorises its very octets. */
	const void *package;
	size_t package_size;
};

/*
 * ProcessConnect: begin a session. *request, the caller's (free()), is GetDeviceStateRequest.
 * `hints` may be NULL. Returns 0, -EACCES with the reason for a package that nobody authorised, or
 * another -errno.
 */
int tam_connect(struct tam_worker *worker, const struct tam_peer *peer,
		const struct tam_hints *hints, char **request);

/*
 * ProcessOTrPMessage: take what a device answered. *next, the caller's, is what to send it now, or
 * NULL: nothing, the session is over (204). *tid, which is the caller's room of TAM_TID_SIZE, is
 * the session's id, for fetching keys; "" when the message belongs to none.
 *
 * Returns 0 whatever a device sent, since what can't be read or believed is logged and ends or
 * restarts the session; -EMSGSIZE for more octets than are taken; -EBADMSG for octets that are no
 * OTrP message at all (400); or another -errno when the TAM itself failed, after which the same
 * message may be sent again (503).
 */
#define TAM_TID_SIZE 129
int tam_process(struct tam_worker *worker, const struct tam_peer *peer, const void *body,
		size_t size, char **next, char tid[TAM_TID_SIZE]);

/*
 * The anonymous keys that the session's device has for the SPs whose TAs it asked for or got,
 * signed by the TAM, for the client app to keep: {"TAMSPAIK": JWS of {"TAMSPAIKTBS": {"ver",
 * "tid", "tamid", "aiks": [{"spid", "spaik", "spaiktype", "taids": […]}]}}}. Who knows the tid of
 * a session that has ended well may have it. The caller's. Returns 0, -ENOENT or another -errno.
 */
int tam_aik(struct tam_worker *worker, const char *tid, char **signed_keys);

/* End sessions that are not heard of any more. To be called now and then by any process. Returns
 * how many, or -errno. */
int tam_expire(struct tam_worker *worker);

#endif
