/*
 * tam.conf: how a TAM is run. One JSON object; `teesim tam init` writes it.
 *
 * Read by teesim-tam and by what works on a TAM offline. The file belongs to whoever runs the TAM
 * and is believed; it is still parsed strictly, because a member that is misspelt must not be
 * passed over. Paths in it are relative to the directory that it is in; in the struct they are
 * ready for open(). The struct owns all that it points to.
 *
 *   {
 *     "listen": "127.0.0.1:8443",      address and port, [address]:port; port 0: any that is free
 *     "url": "https://tam.example/tam" what devices are told; optional
 *     "tls": { "certificate": "tls.pem", "key": "tls.key" },       absent: plain HTTP
 *     "behind_proxy": false,           a proxy does TLS and says who the peer is (X-Forwarded-For)
 *     "database": "tam.db",            a path, or postgresql://…
 *     "vault": "vault.key",            seals secrets in the database: vault.h
 *     "keys": [ { "key": "keys/rsa.key", "chain": "keys/rsa.pem", "ocsp": ["keys/rsa.ocsp"] } ],
 *     "ocsp_command": "…",             run in this directory; optional: key.h
 *     "pkcs11_module": "…",            a library's name, or a path; optional: key.h
 *     "tee_roots": "tee-roots",        directories of PEM files
 *     "firmware_roots": "firmware-roots",
 *     "crls": "crls",                  optional
 *     "policy": { … },                 which devices are served: device_trust.h
 *     "bundled": true,                 client apps may bring packages that the catalogue authorises
 *     "extended_algorithms": false,    ES384
 *     "hold_deletions": false,         `teesim tam restore` sets it: nothing is deleted from
 *                                      devices but what wanted state excludes by name
 *     "session_seconds": 600,          an open session that is older is given up
 *     "message_days": 30,              how long the message log is kept
 *     "threads": 0,                    0: one for each core, at least 2; PostgreSQL: twice
 *     "log_level": "info",             error, warning, info or debug
 *     "limits": {
 *       "body": 16777216,              octets of a request
 *       "request_seconds": 30,         for a whole request to arrive
 *       "idle_seconds": 60,            between requests of one connection
 *       "connections": 4096,
 *       "connections_per_peer": 256,
 *       "requests_per_second": 50,     of one peer, on the average …
 *       "burst": 200,                  … and at once
 *       "loopback": false              whether the limits per peer hold on loopback, too
 *     }
 *   }
 *
 * "key" may be a `pkcs11:` URI, which is no path and stays as it is.
 */
#ifndef TEESIM_TEEP_TAM_CONFIG_H
#define TEESIM_TEEP_TAM_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#define TAM_CONFIG_KEYS_MAX 8
#define TAM_CONFIG_FILE	    "tam.conf"

enum tam_log_level {
	TAM_LOG_ERROR,
	TAM_LOG_WARNING,
	TAM_LOG_INFO,
	TAM_LOG_DEBUG,
};

#define TAM_CONFIG_OCSP_MAX 15

struct tam_config_key {
	char *key, *chain;
	char *ocsp[TAM_CONFIG_OCSP_MAX];
	size_t ocsp_count;
};

struct tam_config_limits {
	uint64_t body;
	uint32_t request_seconds, idle_seconds;
	uint32_t connections, connections_per_peer;
	uint32_t requests_per_second, burst;
	bool loopback;
};

struct tam_config {
	char *listen_address;
	uint16_t listen_port;
	char *url;			 /* NULL: not said */
	char *tls_certificate, *tls_key; /* both or neither */
	char *database, *vault, *tee_roots, *firmware_roots;
	char *crls, *ocsp_command, *pkcs11_module; /* NULL: not said */
	struct tam_config_key keys[TAM_CONFIG_KEYS_MAX];
	size_t key_count;
	json_t *policy; /* an object; NULL: not said */
	uint32_t session_seconds, message_days;
	uint32_t threads;
	bool behind_proxy, bundled, extended_algorithms, hold_deletions;
	enum tam_log_level log_level;
	struct tam_config_limits limits;
};

#define TAM_CONFIG_ERROR_SIZE 256

/*
 * Parse the text of a configuration that is (or will be) in `directory`. Returns 0, -EBADMSG with
 * one line in `error`, or -ENOMEM. After a failure there is nothing to clear.
 */
int tam_config_parse(const char *directory, const void *text, size_t size, struct tam_config *out,
		     char error[TAM_CONFIG_ERROR_SIZE]);

/* Read DIRECTORY/tam.conf. As above, or -errno where the file can't be read. */
int tam_config_read(const char *directory, struct tam_config *out,
		    char error[TAM_CONFIG_ERROR_SIZE]);

/* "ADDRESS:PORT" into its parts; *address is the caller's. 0, -EINVAL or -ENOMEM. */
int tam_config_listen_parse(const char *text, char **address, uint16_t *port);

/* false: no such level */
bool tam_config_log_level_parse(const char *text, enum tam_log_level *out);

/* Whether nobody else can reach it: an address of the machine's own loopback, or "localhost". */
bool tam_config_is_loopback(const char *address);

/* Harmless on one that is cleared or all zero. */
void tam_config_clear(struct tam_config *config);

#endif
