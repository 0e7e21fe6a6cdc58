/*
 * A whole TEEP world in one process: authorities, a TAM with its database, a service provider,
 * devices whose TEE is the real one; and between them whatever the test makes of an agent.
 *
 * The database is SQLite's, or a schema of its own on the server that $TEESIM_TEST_DATABASE names.
 */
#ifndef TEESIM_TESTS_TEEP_TAM_SCENE_H
#define TEESIM_TESTS_TEEP_TAM_SCENE_H

#include "otrp/tee.h"
#include "teep/pki/authority.h"
#include "teep/tam/catalogue.h"
#include "teep/tam/database.h"
#include "teep/tam/device_table.h"
#include "teep/tam/device_trust.h"
#include "teep/tam/engine.h"
#include "teep/tam/key.h"
#include "teep/tam/session_table.h"
#include "teep/tam/vault.h"
#include "teep/tam/wanted.h"

#define SCENE_DEVICES 4
#define SCENE_TAMID   "1.3.6.1.4.1.55555.7.1"
#define SCENE_SPID    "com.example.bank"
#define SCENE_SD      "com.example.bank.sd"
/* The fixture TA, and one more. */
#define SCENE_TA    "8aaaf200-2450-11e4-abe2-0002a5d5c51b"
#define SCENE_OTHER "8aaaf200-2450-11e4-abe2-0002a5d5c51c"

struct scene_device {
	char directory[96];
	struct tee *tee;
	struct tee_options options;
	char did[65]; /* after the first session */
};

struct scene {
	char directory[64], authorities[96], where[512], vault_path[96];
	struct arena arena; /* for what the test reads */
	struct vault *vault;
	struct tam_database *database;
	struct tam_keys *keys;
	struct device_trust *trust;
	struct tam tam;
	struct tam_worker *worker;
	struct scene_device devices[SCENE_DEVICES];
	EVP_PKEY *sp_key;
	X509 *sp_certificate;
	size_t padding;
	/* Of the last run. */
	char tid[TAM_TID_SIZE];
	unsigned rounds;
	char first_request[40]; /* names of messages, "GetDeviceStateRequest" */
	char trail[1024];	/* of all requests, joined by spaces, without "Request" */
};

extern struct scene scene;

struct scene_kinds {
	enum key_kind tam, tee, aik, sp;
	bool second_tam_key; /* a P-256 pair besides */
};

/* All on P-256 unless a test says otherwise before scene_begin(). */
extern struct scene_kinds scene_kinds;

/* Criterion's .init and .fini. */
void scene_begin(void);
void scene_end(void);

/* One more handle on the database and a worker of its own, as another process has. */
struct tam_database *scene_database(void);

/* The database becomes what database_copy() made of it earlier. */
void scene_restore(const char *copy);

/* The n-th device, manufactured and started when it is asked for first; its TEE is "simtee-<n>". */
struct scene_device *scene_device(unsigned n);

/* Its TEE ends and starts again. */
void scene_restart(unsigned n);

/* A signed package with the fixture's image, and scene.padding octets behind it; the arena's. */
struct span scene_package(const char *taid, uint32_t version);

/* Into the catalogue. */
void scene_publish(const char *taid, uint32_t version);

/* Wanted on all devices; version 0: the latest; -1: not wanted any more. */
void scene_want(const char *taid, int64_t version);
void scene_want_in(const char *sdname, const char *taid, int64_t version, bool on_request);
void scene_want_nothing(void);

/*
 * The agent. Called for each message on its way, `request` when it goes to the device: it may
 * change *message (free() and replace) and returns whether it arrives. A message that does not
 * arrive ends the run, as when a connection breaks.
 */
typedef bool (*scene_agent)(unsigned number, bool request, char **message);

/* What the device's agent makes of its TEE's answer: an array of states. The caller's. */
char *scene_answer(unsigned n, const char *request);

/* The two steps of a session, for tests that go their own ways. The caller's; NULL at the end. Both
 * note scene.tid. */
char *scene_connect(const struct tam_hints *hints);
char *scene_post(const char *answer); /* NULL, too, when it is no message at all */

/* One session of the n-th device from the first empty POST on; `agent` may be NULL. Returns
 * whether it came to its end. */
bool scene_run(unsigned n, const struct tam_hints *hints, scene_agent agent);

/* What the n-th device gets by TAM and TEE alone must be what is wanted: one more session with
 * nothing to do proves it. */
void scene_converged(unsigned n, const char *installed);

/* The session that ran last, and the device. */
struct session scene_session(void);
struct device scene_known(unsigned n);

/* What the TEE has: "sd/taid:version …", sorted; as it tells it and the TAM stored it. */
const char *scene_stored(unsigned n);

/* What is really installed in the TEE: the same by its own list. */
const char *scene_installed(unsigned n);

int64_t scene_count(const char *sql);

#endif
