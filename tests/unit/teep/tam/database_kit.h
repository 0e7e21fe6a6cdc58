/*
 * A TAM's database for one test: a file of SQLite's, or, where $TEESIM_TEST_DATABASE names a server
 * of PostgreSQL's, a schema of its own there. Gone with kit_end().
 */
#ifndef TEESIM_TESTS_TEEP_TAM_DATABASE_KIT_H
#define TEESIM_TESTS_TEEP_TAM_DATABASE_KIT_H

#include <openssl/x509.h>

#include "teep/otrp/arena.h"
#include "teep/tam/database.h"

struct kit {
	struct tam_database *db;
	struct vault *vault;
	char where[512], directory[64], vault_path[96];
	struct arena arena; /* for what the test reads */
};

extern struct kit kit;

/* Criterion's .init and .fini. */
void kit_begin(void);
void kit_end(void);

/* One more handle, as another thread or process has it. */
struct tam_database *kit_open(void);

/* Whether this run is on PostgreSQL. */
bool kit_is_postgresql(void);

/* Statements for what the tables' modules offer no function for. */
void kit_run(const char *sql);
int64_t kit_count(const char *sql);

/* A self-signed certificate, DER in the kit's arena, for the key of that number (test_keys.h). */
struct span kit_certificate(int number, const char *name, EVP_PKEY **key);

/* A signed TA package with an image of that text. */
struct span kit_package(const char *taid, uint32_t version, const char *image, int signer);

/* did of the n-th device, and the device itself, registered. */
const char *kit_did(int n);
void kit_device(int n);

/* An SP with a vetted signer (`number`), and a TA of it in version 1. */
void kit_sp(const char *spid, int number);
void kit_ta(const char *spid, const char *taid, uint32_t version, int signer);

#define TA_1 "3f6d2b9e-7c41-4f0e-8a52-0c1d2e3f4a5b"
#define TA_2 "3f6d2b9e-7c41-4f0e-8a52-0c1d2e3f4a5c"

#endif
