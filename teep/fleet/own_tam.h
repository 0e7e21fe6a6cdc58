/*
 * A TAM of the fleet's own, where none is named: authorities, keys, a service provider with a TA in
 * two versions, and the server, made and run by the same commands that a person would type.
 *
 * Runs in teesim-fleet, and in measurements. All of it is below one directory; the server ends with
 * this process.
 */
#ifndef TEESIM_TEEP_FLEET_OWN_TAM_H
#define TEESIM_TEEP_FLEET_OWN_TAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define OWN_TAM_PATH 4096
#define OWN_TAM_SPID "com.example.fleet"
#define OWN_TAM_SD   "com.example.fleet.sd"
#define OWN_TAM_TAID "1f3a7c80-5b0e-4d6c-9a41-0c2be7d9f316"

struct own_tam {
	char directory[OWN_TAM_PATH];
	char programs[OWN_TAM_PATH]; /* where ours are */
	char uri[64];
	char token[256];
	unsigned short port;
	pid_t server;
};

/* In a directory that is not there yet. `programs` is where our programs are, NULL: beside this
 * one. `database` as in tam.conf; NULL: a file of its own. `key` is the kind of all key pairs. 0 or
 * -errno with one line in `err`. */
int own_tam_make(struct own_tam *tam, const char *programs, const char *directory,
		 const char *database, const char *key, char *err, size_t errlen);

/* Start the server, and wait until it answers. */
int own_tam_start(struct own_tam *tam, char *err, size_t errlen);
/* At once and without a word (SIGKILL), or in good order. Harmless when it does not run. */
void own_tam_kill(struct own_tam *tam);
void own_tam_stop(struct own_tam *tam);

/* The TAM offers that version from now on, and wants it on all devices. *deployment is its number.
 * The first time it also learns of the service provider. */
int own_tam_deploy(struct own_tam *tam, unsigned int version, long long *deployment, char *err,
		   size_t errlen);

/* Octets of memory that the server alone uses; 0 when it does not run. */
size_t own_tam_memory(const struct own_tam *tam);

/* Seconds of processor time that the server has used since it started; 0 when it does not run. */
double own_tam_cpu(const struct own_tam *tam);

#endif
