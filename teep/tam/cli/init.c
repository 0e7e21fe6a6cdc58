/*
 * `teesim tam init`: a directory that has all that a TAM needs. Works on files and the database
 * alone; no TAM runs yet.
 */
#include <errno.h>
#include <ftw.h>
#include <getopt.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "registry/atomic_file.h"
#include "teep/pki/authority.h"
#include "teep/pki/openssl_auto.h"
#include "teep/tam/cli/commands.h"
#include "teep/tam/cli/tls_certificate.h"
#include "teep/tam/config.h"
#include "teep/tam/database.h"
#include "teep/tam/key.h"
#include "teep/tam/token.h"
#include "teep/tam/vault.h"

static const char help[] =
	"usage: teesim tam init DIR --pki PKI --id ID [--kind KIND…]\n"
	"       teesim tam init DIR --key KEY… --chain FILE… [--ocsp FILE…]\n"
	"                       [--ocsp-command COMMAND] [--pkcs11-module FILE]\n"
	"       teesim tam init DIR\n"
	"\n"
	"Makes a TAM in the directory DIR: tam.conf, a database, keys, a TLS certificate, and a\n"
	"token of the first administrator. On a TAM that is there it brings the database up to "
	"date.\n"
	"\n"
	"  --pki PKI         authorities of `teesim pki init`: certificates for the TAM, OCSP\n"
	"                    responses that stay fresh, and whom it trusts\n"
	"  --id ID           the TAM's identifier: an OID in dotted decimals or a URI\n"
	"  --previous FILE   the private key that holds the identifier, when it was given before\n"
	"  --kind KIND       one of its key pairs: rsa, p256 or p384 (default: rsa and p256)\n"
	"  --key KEY         a private key's file, or the pkcs11: URI of a key in a token\n"
	"  --chain FILE      the chain of the key before it, up to the root\n"
	"  --ocsp FILE       an OCSP response for any certificate of these chains, in DER\n"
	"  --ocsp-command C  what fetches new ones into those files, by sh in DIR\n"
	"  --tee-root FILE   a root of TEEs to trust, besides that of --pki\n"
	"  --firmware-root FILE  one of firmware, with the authorities below it\n"
	"  --listen A:PORT   where to serve (default: 127.0.0.1:8443)\n"
	"  --name NAME       for the TLS certificate: what the machine is called elsewhere\n"
	"  --plain-http      no TLS, for this machine alone or behind a proxy\n"
	"  --database WHERE  a file, or postgresql://… (default: tam.db in DIR)\n"
	"\n"
	"--kind, --key, --chain, --ocsp, --tee-root, --firmware-root and --name may be repeated.\n";

#define LIST_MAX 16

/* What an option that may be repeated was given. */
struct list {
	const char *item[LIST_MAX];
	size_t count;
};

enum {
	LIST_KIND,
	LIST_KEY,
	LIST_CHAIN,
	LIST_OCSP,
	LIST_TEE_ROOT,
	LIST_FIRMWARE_ROOT,
	LIST_NAME,
	LISTS,
};

struct init {
	const char *directory, *pki, *id, *previous, *ocsp_command, *pkcs11, *listen, *database;
	struct list list[LISTS];
	bool plain_http;
	char path[PATH_MAX]; /* of DIR, as it is really called */
	json_t *keys;	     /* as in tam.conf */
	char *command;	     /* made from --pki */
	EVP_PKEY *holder;    /* of --previous */
	X509 *claimant;	     /* of --pki, the one whose key is to have the identifier */
	char tamid[TAMID_SIZE];
	char token[TOKEN_TEXT_SIZE];
	char err[4608];
};

static int failed(const struct init *init)
{
	return tool_refuse("%s", init->err);
}

static const char *inside(const struct init *init, const char *name)
{
	static char path[8][PATH_MAX + 256];
	static int turn;
	char *out = path[turn++ % 8];

	snprintf(out, sizeof(path[0]), "%s/%s", init->path, name);
	return out;
}

static bool file_write(struct init *init, const char *path, const void *data, size_t size,
		       mode_t mode)
{
	const struct atomic_file_part part = { data, size };
	const int rc = atomic_file_write(path, &part, 1, mode, ATOMIC_FILE_REPLACE);

	if (rc)
		snprintf(init->err, sizeof(init->err), "%s: %s", path, strerror(-rc));
	return !rc;
}

static bool directory_make(struct init *init, const char *path)
{
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return true;
	snprintf(init->err, sizeof(init->err), "%s: %s", path, strerror(errno));
	return false;
}

/* ---- Keys by --pki --------------------------------------------------------------------------- */

/* For the shell. */
static char *quoted(const char *text)
{
	char *out = NULL;
	size_t size;
	FILE *to = open_memstream(&out, &size);

	if (!to)
		return NULL;
	fputc('\'', to);
	for (; *text; text++)
		fputs(*text == '\'' ? "'\\''" : (char[]) { *text, '\0' }, to);
	fputc('\'', to);
	fclose(to);
	return out;
}

/* The statement of one authority on the n-th certificate of a chain, in a file. */
static bool ocsp_write(struct init *init, const char *by, X509 *certificate, const char *file)
{
	struct authority authority = { 0 };
	uint8_t *der = NULL;
	size_t size = 0;
	bool written;

	if (authority_open(&authority, init->pki, HIERARCHY_TAM, by, init->err, sizeof(init->err)))
		return false;
	written = !authority_ocsp(&authority, certificate, false, 24, &der, &size, init->err,
				  sizeof(init->err)) &&
		  file_write(init, inside(init, file), der, size, 0644);
	OPENSSL_free(der);
	authority_close(&authority);
	return written;
}

/* Adds to the command that makes the statements anew, and is run in the TAM's directory. */
static bool command_add(struct init *init, const char *by, const char *chain, const char *file)
{
	char tools[PATH_MAX], pki[PATH_MAX], *part[4] = { NULL }, *command = NULL;
	ssize_t n = readlink("/proc/self/exe", tools, sizeof(tools) - 1);
	char *slash;
	bool good = false;

	tools[n > 0 ? n : 0] = '\0';
	slash = strrchr(tools, '/');
	if (slash && realpath(init->pki, pki) &&
	    (size_t)(slash - tools) + sizeof("/teesim-teep") <= sizeof(tools)) {
		strcpy(slash, "/teesim-teep");
		part[0] = quoted(tools);
		part[1] = quoted(pki);
		part[2] = quoted(chain);
		part[3] = quoted(file);
		good = part[0] && part[1] && part[2] && part[3] &&
		       asprintf(&command, "%s%s%s pki ocsp %s tam %s --ca %s --hours 24 --out %s",
				init->command ? init->command : "", init->command ? " && " : "",
				part[0], part[1], part[2], by, part[3]) > 0;
	}
	if (good) {
		free(init->command);
		init->command = command;
	} else {
		snprintf(init->err, sizeof(init->err), "%s: %s", init->pki, strerror(errno));
	}
	for (int i = 0; i < 4; i++)
		free(part[i]);
	return good;
}

static bool pair_issue(struct init *init, const char *kind_name, bool first)
{
	char key_name[32], chain_name[32], ocsp_name[32], ca_chain[PATH_MAX + 64];
	const enum key_kind kind = key_kind_parse(kind_name);
	PKEY_AUTO key = kind == KEY_OTHER ? NULL : key_generate(kind);
	struct authority authority = { 0 };
	X509_STACK_AUTO chain = NULL;
	bool made;
	int rc;

	if (!key) {
		snprintf(init->err, sizeof(init->err), "--kind: \"%s\" is none of rsa, p256, p384",
			 kind_name);
		return false;
	}
	snprintf(key_name, sizeof(key_name), "keys/%s.key", kind_name);
	snprintf(chain_name, sizeof(chain_name), "keys/%s.pem", kind_name);
	snprintf(ocsp_name, sizeof(ocsp_name), "keys/%s.ocsp", kind_name);
	snprintf(ca_chain, sizeof(ca_chain), "%s/tam/" AUTHORITY_FIRST ".pem", init->pki);
	rc = authority_open(&authority, init->pki, HIERARCHY_TAM, AUTHORITY_FIRST, init->err,
			    sizeof(init->err));
	if (!rc)
		rc = authority_issue(&authority, ROLE_TAM, "TAM", key, init->id, init->holder,
				     DAYS_TAM, &chain, init->err, sizeof(init->err));
	if (!rc) {
		rc = key_write(inside(init, key_name), key);
		if (!rc)
			rc = chain_write(inside(init, chain_name), chain);
		if (rc)
			snprintf(init->err, sizeof(init->err), "%s: %s", inside(init, key_name),
				 strerror(-rc));
	}
	authority_close(&authority);
	made = !rc && ocsp_write(init, AUTHORITY_FIRST, sk_X509_value(chain, 0), ocsp_name) &&
	       command_add(init, AUTHORITY_FIRST, chain_name, ocsp_name);
	/* The authority's own is the same for each pair. */
	if (made && first) {
		char real[PATH_MAX];

		made = ocsp_write(init, "root", sk_X509_value(chain, 1), "keys/ca.ocsp") &&
		       realpath(ca_chain, real) && command_add(init, "root", real, "keys/ca.ocsp");
	}
	if (made)
		(void)json_array_append_new(
			init->keys, json_pack("{s:s, s:s, s:[s, s]}", "key", key_name, "chain",
					      chain_name, "ocsp", ocsp_name, "keys/ca.ocsp"));
	if (made) {
		X509_free(init->claimant);
		init->claimant = sk_X509_shift(chain);
	}
	return made;
}

static bool keys_issue(struct init *init)
{
	static const struct list usual = { { "rsa", "p256" }, 2 };
	const struct list *kinds = init->list[LIST_KIND].count ? &init->list[LIST_KIND] : &usual;
	bool good = directory_make(init, inside(init, "keys"));

	if (good && init->previous) {
		init->holder = key_read(init->previous, init->err, sizeof(init->err));
		good = init->holder != NULL;
	}

	for (size_t i = 0; good && i < kinds->count; i++)
		good = pair_issue(init, kinds->item[i], i == 0);
	return good;
}

/* The last of all: from now on the identifier is renewed by a key of this directory alone. */
static bool identifier_claim(struct init *init)
{
	struct authority authority = { 0 };
	bool good;

	if (authority_open(&authority, init->pki, HIERARCHY_TAM, AUTHORITY_FIRST, init->err,
			   sizeof(init->err)))
		return false;
	good = !authority_claim(&authority, init->claimant, init->holder, init->err,
				sizeof(init->err));
	authority_close(&authority);
	return good;
}

/* ---- Keys of the operator's ------------------------------------------------------------------ */

/* What stays where it is has to be found from anywhere. */
static json_t *absolute(struct init *init, const char *path)
{
	char real[PATH_MAX];

	if (strncmp(path, "pkcs11:", 7) == 0)
		return json_string(path);
	if (realpath(path, real))
		return json_string(real);
	snprintf(init->err, sizeof(init->err), "%s: %s", path, strerror(errno));
	return NULL;
}

static bool keys_take(struct init *init)
{
	const struct list *keys = &init->list[LIST_KEY], *chains = &init->list[LIST_CHAIN];
	const struct list *responses = &init->list[LIST_OCSP];
	json_t *ocsp = json_array();
	bool good = true;

	if (keys->count != chains->count) {
		snprintf(init->err, sizeof(init->err),
			 "--key names %zu keys and --chain %zu chains; each key needs one",
			 keys->count, chains->count);
		good = false;
	}
	for (size_t i = 0; good && i < responses->count; i++) {
		json_t *path = absolute(init, responses->item[i]);

		good = path && !json_array_append_new(ocsp, path);
	}
	for (size_t i = 0; good && i < keys->count; i++) {
		json_t *key = absolute(init, keys->item[i]);
		json_t *chain = absolute(init, chains->item[i]);

		if (key && chain)
			(void)json_array_append_new(init->keys,
						    json_pack("{s:O, s:O, s:O}", "key", key,
							      "chain", chain, "ocsp", ocsp));
		good = key && chain;
		json_decref(key);
		json_decref(chain);
	}
	json_decref(ocsp);
	return good;
}

/* That they fit each other is better known now than when the TAM starts. */
static bool keys_check(struct init *init)
{
	const char *responses[TAM_KEYS_MAX][SPAN_LIST_MAX];
	char *text[TAM_KEYS_MAX][SPAN_LIST_MAX + 2] = { 0 };
	struct tam_keys_options options = { .count = json_array_size(init->keys),
					    .pkcs11_module = init->pkcs11,
					    .directory = init->path };
	struct tam_keys *keys;
	bool good = options.count <= TAM_KEYS_MAX;

	for (size_t i = 0; good && i < options.count; i++) {
		const json_t *one = json_array_get(init->keys, i);
		const json_t *ocsp = json_object_get(one, "ocsp");
		const char *key = json_string_value(json_object_get(one, "key"));
		const char *chain = json_string_value(json_object_get(one, "chain"));
		const bool ours = *key != '/' && strncmp(key, "pkcs11:", 7) != 0;

		text[i][0] = strdup(ours ? inside(init, key) : key);
		text[i][1] = strdup(ours ? inside(init, chain) : chain);
		for (size_t n = 0; n < json_array_size(ocsp) && n < SPAN_LIST_MAX; n++) {
			const char *path = json_string_value(json_array_get(ocsp, n));

			responses[i][n] = text[i][2 + n] =
				strdup(*path == '/' ? path : inside(init, path));
		}
		options.source[i] = (struct tam_key_source) { text[i][0], text[i][1], responses[i],
							      json_array_size(ocsp) };
	}
	if (!good)
		snprintf(init->err, sizeof(init->err), "--key: at most %d", TAM_KEYS_MAX);
	else
		good = tam_keys_open(&keys, &options, init->err, sizeof(init->err)) == 0;
	if (good) {
		snprintf(init->tamid, sizeof(init->tamid), "%s", tam_keys_tamid(keys));
		tam_keys_close(keys);
	}
	for (size_t i = 0; i < TAM_KEYS_MAX; i++)
		for (size_t n = 0; n < SPAN_LIST_MAX + 2; n++)
			free(text[i][n]);
	return good;
}

/* ---- The rest -------------------------------------------------------------------------------- */

static bool root_copy(struct init *init, const char *from, const char *into, size_t number)
{
	X509_STACK_AUTO chain = chain_read(from, init->err, sizeof(init->err));
	char to[NAME_MAX];
	int rc;

	if (!chain)
		return false;
	snprintf(to, sizeof(to), "%s/%zu.pem", into, number);
	rc = chain_write(inside(init, to), chain);
	if (rc)
		snprintf(init->err, sizeof(init->err), "%s: %s", inside(init, to), strerror(-rc));
	return !rc;
}

/* Copies, in a directory of ours. Of --pki all authorities: a device tells its firmware's
 * certificate without them. */
static bool roots_take(struct init *init, const char *into, const char *hierarchy,
		       const struct list *files)
{
	char pattern[PATH_MAX];
	glob_t found = { 0 };
	size_t number = 0;
	bool good = directory_make(init, inside(init, into));

	if (good && init->pki) {
		snprintf(pattern, sizeof(pattern), "%s/%s/*.pem", init->pki, hierarchy);
		(void)glob(pattern, 0, NULL, &found);
	}
	for (size_t i = 0; good && i < found.gl_pathc; i++)
		if (!strstr(strrchr(found.gl_pathv[i], '/'), "-ocsp.pem"))
			good = root_copy(init, found.gl_pathv[i], into, number++);
	globfree(&found);
	for (size_t i = 0; good && i < files->count; i++)
		good = root_copy(init, files->item[i], into, number++);
	return good;
}

static bool database_make(struct init *init, const char *where, const char *vault_path,
			  bool with_token)
{
	struct tam_database_options options = { .where = where, .create = true };
	struct tam_database *database = NULL;
	struct vault *vault = NULL;
	bool good = !vault_open(&vault, vault_path, init->err, sizeof(init->err));

	if (good) {
		options.vault = vault;
		good = !tam_database_open(&database, &options, init->err, sizeof(init->err));
	}
	if (good && with_token) {
		const int rc = token_make(database, "first", TOKEN_ADMIN, NULL, init->token, NULL);

		if (rc)
			snprintf(init->err, sizeof(init->err), "%s: %s", where,
				 tam_database_error(database));
		good = !rc;
	}
	tam_database_close(database);
	vault_close(vault);
	return good;
}

static json_t *config_make(const struct init *init)
{
	char real[PATH_MAX];
	json_t *config = json_pack("{s:s}", "listen", init->listen);

	if (!init->plain_http)
		(void)json_object_set_new(config, "tls",
					  json_pack("{s:s, s:s}", "certificate", "tls.pem", "key",
						    "tls.key"));
	(void)json_object_set_new(config, "database",
				  json_string(init->database ? init->database : "tam.db"));
	(void)json_object_set_new(config, "vault", json_string("vault.key"));
	(void)json_object_set(config, "keys", init->keys);
	if (init->command || init->ocsp_command)
		(void)json_object_set_new(config, "ocsp_command",
					  json_string(init->ocsp_command ? init->ocsp_command
									 : init->command));
	if (init->pkcs11)
		(void)json_object_set_new(config, "pkcs11_module",
					  strchr(init->pkcs11, '/') && realpath(init->pkcs11, real)
						  ? json_string(real)
						  : json_string(init->pkcs11));
	(void)json_object_set_new(config, "tee_roots", json_string("tee-roots"));
	(void)json_object_set_new(config, "firmware_roots", json_string("firmware-roots"));
	return config;
}

/* The text is what the server reads: it is parsed as there. The caller's (free()), or NULL. */
static char *config_text(struct init *init)
{
	json_t *config = config_make(init);
	char *text = json_dumps(config, JSON_INDENT(2)), error[TAM_CONFIG_ERROR_SIZE];
	struct tam_config parsed;
	bool good = text && !tam_config_parse(init->path, text, strlen(text), &parsed, error);

	if (good) {
		tam_config_clear(&parsed);
	} else {
		snprintf(init->err, sizeof(init->err), TAM_CONFIG_FILE ": %s",
			 text ? error : "it can't be made");
		free(text);
		text = NULL;
	}
	json_decref(config);
	return text;
}

static int entry_remove(const char *path, const struct stat *st, int kind, struct FTW *place)
{
	(void)st;
	(void)kind;
	/* The directory itself was perhaps there before. */
	return place->level ? remove(path) : 0;
}

/* All but the configuration, by which a directory is a TAM. */
static bool files_make(struct init *init)
{
	const char *database = init->database;
	char token[TOKEN_TEXT_SIZE + 1];

	if (!roots_take(init, "tee-roots", "tee", &init->list[LIST_TEE_ROOT]) ||
	    !roots_take(init, "firmware-roots", "firmware", &init->list[LIST_FIRMWARE_ROOT]) ||
	    vault_make(inside(init, "vault.key"), init->err, sizeof(init->err)))
		return false;
	if (!init->plain_http &&
	    tls_certificate_make(inside(init, "tls.pem"), inside(init, "tls.key"),
				 init->list[LIST_NAME].item, init->list[LIST_NAME].count, init->err,
				 sizeof(init->err)))
		return false;
	if (!database)
		database = inside(init, "tam.db");
	else if (!strstr(database, "://") && *database != '/')
		database = inside(init, database);
	if (!database_make(init, database, inside(init, "vault.key"), true))
		return false;
	snprintf(token, sizeof(token), "%s\n", init->token);
	return file_write(init, inside(init, "admin.token"), token, strlen(token), 0600);
}

static bool make(struct init *init)
{
	char *config;
	bool good;

	if (!(init->pki ? keys_issue(init) : keys_take(init)) || !keys_check(init))
		return false;
	config = config_text(init);
	/* A PIN or a password may be in it. */
	good = config && files_make(init) &&
	       file_write(init, inside(init, TAM_CONFIG_FILE), config, strlen(config), 0600) &&
	       (!init->pki || identifier_claim(init));
	free(config);
	return good;
}

/* One that is there already. */
static int update(struct init *init)
{
	struct tam_config config;
	char error[TAM_CONFIG_ERROR_SIZE];
	bool good;

	if (tam_config_read(init->path, &config, error))
		return tool_refuse("%s/" TAM_CONFIG_FILE ": %s", init->directory, error);
	good = tam_database_is_there(config.database);
	if (good)
		good = database_make(init, config.database, config.vault, false);
	else
		snprintf(init->err, sizeof(init->err),
			 "%.4096s is not there; `teesim tam restore COPY DIR` brings a TAM back "
			 "from a backup",
			 config.database);
	tam_config_clear(&config);
	if (!good)
		return failed(init);
	printf("%s is a TAM already, and its database is up to date\n", init->directory);
	return EXIT_DONE;
}

static void told(const struct init *init)
{
	printf("TAM %s in %s\n", init->tamid, init->directory);
	printf("  configuration  %s/" TAM_CONFIG_FILE "\n", init->directory);
	if (!init->plain_http)
		printf("  certificate    %s/tls.pem   what its clients trust (--cacert)\n",
		       init->directory);
	printf("  first token    %s\n"
	       "                 also in %s/admin.token, for `teesim tam` and nobody else\n"
	       "Start it: teesim tam serve %s\n",
	       init->token, init->directory, init->directory);
}

/* NULL: getopt_long() has said it. */
static int not_understood(const char *why)
{
	if (why)
		(void)fprintf(stderr, "teesim tam init: %s\n", why);
	fputs("`teesim tam init --help` tells more\n", stderr);
	return EXIT_USAGE;
}

/* -1 to go on, or the exit status. */
static int options_parse(int argc, char **argv, struct init *init)
{
	enum {
		PKI = 64,
		ID,
		PREVIOUS,
		OCSP_COMMAND,
		PKCS11,
		LISTEN,
		DATABASE,
		PLAIN,
		HELP
	};
	static const struct option table[] = {
		{ "kind", required_argument, NULL, LIST_KIND },
		{ "key", required_argument, NULL, LIST_KEY },
		{ "chain", required_argument, NULL, LIST_CHAIN },
		{ "ocsp", required_argument, NULL, LIST_OCSP },
		{ "tee-root", required_argument, NULL, LIST_TEE_ROOT },
		{ "firmware-root", required_argument, NULL, LIST_FIRMWARE_ROOT },
		{ "name", required_argument, NULL, LIST_NAME },
		{ "pki", required_argument, NULL, PKI },
		{ "id", required_argument, NULL, ID },
		{ "previous", required_argument, NULL, PREVIOUS },
		{ "ocsp-command", required_argument, NULL, OCSP_COMMAND },
		{ "pkcs11-module", required_argument, NULL, PKCS11 },
		{ "listen", required_argument, NULL, LISTEN },
		{ "database", required_argument, NULL, DATABASE },
		{ "plain-http", no_argument, NULL, PLAIN },
		{ "help", no_argument, NULL, HELP },
		{ NULL, 0, NULL, 0 },
	};
	const char **const single[] = { &init->pki,	     &init->id,	    &init->previous,
					&init->ocsp_command, &init->pkcs11, &init->listen,
					&init->database };
	static char name[] = "teesim tam init";
	int option;

	argv[0] = name;
	while ((option = getopt_long(argc, argv, "", table, NULL)) >= 0) {
		if (option == HELP) {
			fputs(help, stdout);
			return EXIT_DONE;
		}
		if (option >= 0 && option < LISTS && init->list[option].count < LIST_MAX)
			init->list[option].item[init->list[option].count++] = optarg;
		else if (option >= PKI && option <= DATABASE)
			*single[option - PKI] = optarg;
		else if (option == PLAIN)
			init->plain_http = true;
		else
			return not_understood(NULL);
	}
	if (optind + 1 != argc)
		return not_understood("names one directory, which it makes");
	init->directory = argv[optind];
	return -1;
}

int command_init(int argc, char **argv)
{
	struct init init = { .listen = "127.0.0.1:8443" };
	bool made;
	int rc = options_parse(argc, argv, &init);

	if (rc >= 0)
		return rc;
	/* Unless it is there, only we may enter it. */
	made = mkdir(init.directory, 0700) == 0;
	if ((!made && errno != EEXIST) || !realpath(init.directory, init.path))
		return tool_refuse("%s: %s", init.directory, strerror(errno));
	if (access(inside(&init, TAM_CONFIG_FILE), F_OK) == 0)
		return argc > 2 ? tool_refuse("%s is a TAM already; `teesim tam init %s` by itself "
					      "brings its database up to date",
					      init.directory, init.directory)
				: update(&init);
	if (!init.pki != !init.id || (init.previous && !init.pki) ||
	    !init.pki == !init.list[LIST_KEY].count) {
		if (made)
			(void)rmdir(init.path);
		return not_understood("whose keys? --pki with --id, or --key with --chain");
	}
	if (!made && rmdir(init.path) < 0)
		return tool_refuse("%s: %s; it has to be new or empty", init.directory,
				   strerror(errno));
	if (!made && mkdir(init.path, 0700) < 0)
		return tool_refuse("%s: %s", init.directory, strerror(errno));
	init.keys = json_array();
	if (make(&init)) {
		told(&init);
		rc = EXIT_DONE;
	} else {
		rc = failed(&init);
		(void)nftw(init.path, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
		(void)rmdir(init.path);
	}
	explicit_bzero(init.token, sizeof(init.token));
	json_decref(init.keys);
	free(init.command);
	EVP_PKEY_free(init.holder);
	X509_free(init.claimant);
	return rc;
}
