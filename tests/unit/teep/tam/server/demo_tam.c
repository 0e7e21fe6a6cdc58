/*
 * tam-demo DIR [DATABASE]: a TAM that has been in use for a while, for tests of its server and its
 * page: keys, tam.conf, providers, TAs, devices, deployments, sessions, and a token for each role.
 *
 * What devices said is made up; nothing here is a device. $TAM_DEMO_DEVICES is how many there are.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <openssl/x509.h>

#include "teep/otrp/encoding.h"
#include "teep/otrp/ta_cms.h"
#include "teep/pki/certificate.h"
#include "teep/pki/openssl_auto.h"
#include "teep/tam/catalogue.h"
#include "teep/tam/deployment.h"
#include "teep/tam/device_table.h"
#include "teep/tam/event_log.h"
#include "teep/tam/group.h"
#include "teep/tam/message_log.h"
#include "teep/tam/session_table.h"
#include "teep/tam/sp_grant.h"
#include "teep/tam/token.h"
#include "teep/tam/vault.h"

#define DAY	  86400
#define TA_PIN	  "3f6d2b9e-7c41-4f0e-8a52-0c1d2e3f4a5b"
#define TA_SIGN	  "9b2a77d0-15cc-4d5e-9c1f-5a6b7c8d9e0f"
#define TA_LOCK	  "c0ffee00-1234-4abc-8def-001122334455"
#define SP_BANK	  "com.simbank"
#define SP_LOCK	  "org.locks"
#define SESSIONS  14
#define NEEDED(x) needed((x), #x, __LINE__)

static const char *directory;
static struct tam_database *db;
static struct arena arena;
static char err[512];

static void needed(bool good, const char *what, int line)
{
	if (good)
		return;
	fprintf(stderr, "tam-demo: line %d: %s: %s; %s\n", line, what, err,
		db ? tam_database_error(db) : "");
	exit(1);
}

static const char *path_of(const char *name)
{
	static char paths[8][512];
	static int turn;
	char *path = paths[turn++ % 8];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
	return path;
}

static void file_write(const char *name, mode_t mode, const char *format, ...)
{
	FILE *file = fopen(path_of(name), "w");
	va_list arguments;

	NEEDED(file);
	va_start(arguments, format);
	vfprintf(file, format, arguments);
	va_end(arguments);
	NEEDED(fclose(file) == 0);
	NEEDED(chmod(path_of(name), mode) == 0);
}

static X509 *issue(enum certificate_role role, const char *name, EVP_PKEY *key, X509 *issuer,
		   EVP_PKEY *issuer_key, int days)
{
	const struct certificate_request request = {
		.role = role,
		.name = name,
		.key = key,
		.tamid = role == ROLE_TAM ? "1.3.6.1.4.1.55555.7.1" : NULL,
		.not_before = time(NULL) - 60,
		.not_after = time(NULL) + (time_t)days * DAY,
	};
	X509 *certificate = certificate_issue(&request, issuer, issuer_key ? issuer_key : key);

	NEEDED(certificate);
	return certificate;
}

static void chain_save(const char *name, X509 *first, X509 *second)
{
	STACK_OF(X509) *chain = sk_X509_new_null();

	sk_X509_push(chain, first);
	if (second)
		sk_X509_push(chain, second);
	NEEDED(chain_write(path_of(name), chain) == 0);
	sk_X509_free(chain);
}

static EVP_PKEY *tee_root_key;
static X509 *tee_root;

static void keys_make(void)
{
	EVP_PKEY *root_key = key_generate(KEY_P256), *key = key_generate(KEY_P256);
	X509 *root = issue(ROLE_ROOT, "Sim TAM Root", root_key, NULL, NULL, 3650);
	X509 *leaf = issue(ROLE_TAM, "Sim TAM", key, root, root_key, 21);

	tee_root_key = key_generate(KEY_P256);
	tee_root = issue(ROLE_ROOT, "Sim TEE Root", tee_root_key, NULL, NULL, 9000);
	NEEDED(mkdir(path_of("tee-roots"), 0700) == 0 &&
	       mkdir(path_of("firmware-roots"), 0700) == 0);
	NEEDED(key_write(path_of("tam.key"), key) == 0);
	chain_save("tam.pem", leaf, root);
	chain_save("tee-roots/root.pem", tee_root, NULL);
	X509_free(leaf);
	X509_free(root);
	EVP_PKEY_free(key);
	EVP_PKEY_free(root_key);
}

/* ---- The catalogue -----------------------------------------------------------------------------
 */

static EVP_PKEY *sp_make(const char *spid, const char *name, const char *subject, int days)
{
	EVP_PKEY *key = key_generate(KEY_P256);
	X509_AUTO certificate = issue(ROLE_SP, subject, key, NULL, NULL, days);
	struct sp_certificate added;
	const char *why;
	size_t size;
	uint8_t *der = certificate_encode(certificate, &size);

	NEEDED(sp_add(db, spid, name, &why) == 0);
	NEEDED(sp_certificate_add(db, spid, span_of(der, size), &arena, &added, &why) == 0);
	if (strcmp(spid, SP_BANK) == 0)
		chain_save("bank.pem", certificate, NULL);
	OPENSSL_free(der);
	return key;
}

static void package_make(const char *spid, EVP_PKEY *key, const char *subject, const char *taid,
			 unsigned version, const char *name, const char *file)
{
	uint8_t header[TA_CMS_HEADER_SIZE], *cms;
	struct sp_certificate *list;
	struct ta_version added;
	char image[4096];
	struct uuid uuid;
	const char *why;
	size_t size, count;

	memset(image, (int)version, sizeof(image));
	NEEDED(uuid_parse(taid, &uuid) == 0);
	NEEDED(ta_cms_header(&uuid, version, name, sizeof(image), header));
	NEEDED(sp_certificate_list(db, spid, &arena, &list, &count) == 0 && count == 1);
	X509_AUTO certificate = certificate_parse(list[0].der.data, list[0].der.size);
	cms = ta_cms_sign(header, image, sizeof(image), certificate, key, &size);
	NEEDED(cms);
	(void)subject;
	if (file) {
		FILE *to = fopen(path_of(file), "w");

		NEEDED(to && fwrite(cms, 1, size, to) == size && fclose(to) == 0);
	} else {
		NEEDED(catalogue_add(db, spid, span_of(cms, size), NULL, false, &arena, &added,
				     &why) == 0);
	}
	OPENSSL_free(cms);
}

static void catalogue_make(void)
{
	EVP_PKEY *bank = sp_make(SP_BANK, "Sim Bank", "Sim Bank signing 2026", 700);
	EVP_PKEY *lock = sp_make(SP_LOCK, "Open Locks", "Open Locks CI", 12);
	const struct span pin = span_of("{\"retries\":3}", 13);

	package_make(SP_BANK, bank, "", TA_PIN, 1, "PIN check", NULL);
	package_make(SP_BANK, bank, "", TA_PIN, 2, "PIN check", NULL);
	package_make(SP_BANK, bank, "", TA_SIGN, 4, "Transaction signing", NULL);
	package_make(SP_LOCK, lock, "", TA_LOCK, 7, "Door lock", NULL);
	package_make(SP_BANK, bank, "", TA_PIN, 3, "PIN check", "pin-3.cms");
	package_make(SP_LOCK, lock, "", TA_PIN, 9, "Stolen", "foreign.cms");
	NEEDED(catalogue_retire(db, TA_PIN, 1) == 0);
	NEEDED(catalogue_personalise(db, TA_PIN, 2, pin) == 0);
	EVP_PKEY_free(bank);
	EVP_PKEY_free(lock);
}

/* ---- Devices -----------------------------------------------------------------------------------
 */

static char (*dids)[SHA256_TEXT_SIZE];

static void device_fill(const char *did, int n)
{
	const struct device_domain domains[] = {
		{ .spid = SP_BANK, .sdname = SP_BANK ".sd", .certificates = "" },
		{ .spid = SP_LOCK, .sdname = "doors", .certificates = "" },
	};
	const struct device_ta tas[] = {
		{ .spid = SP_BANK,
		  .sdname = SP_BANK ".sd",
		  .taid = TA_PIN,
		  .name = "PIN check",
		  .version = n % 3 ? 2 : 1,
		  .image_sha256 = "",
		  .state = "installed" },
		{ .spid = SP_LOCK,
		  .sdname = "doors",
		  .taid = TA_LOCK,
		  .name = "Door lock",
		  .version = 7,
		  .image_sha256 = "",
		  .state = "installed" },
	};
	const struct device_aik aiks[] = {
		{ .spid = SP_BANK,
		  .type = "ECC",
		  .key = span_of("not really a key of the bank", 28) },
		{ .spid = SP_LOCK,
		  .type = "RSA",
		  .key = span_of("not really a key of the locks", 29) },
	};
	/* Every second one has the locks too; every fifth nothing yet. */
	const size_t parts = n % 5 == 4 ? 0 : n % 2 ? 2 : 1;
	const struct device_content content = { domains, parts, tas, parts, aiks, parts };

	NEEDED(device_table_store_content(db, did, NULL, &content) == 0);
}

static void device_make(int n)
{
	static const char *const models[] = { "Terminal T3", "Terminal T5", "Gateway G1", "" };
	char name[32], labels[96];
	EVP_PKEY *key = key_generate(KEY_P256);
	uint8_t hash[CERTIFICATE_HASH_SIZE], *der;
	struct device device;
	size_t size;

	(void)snprintf(name, sizeof(name), "Sim TEE %04d", n + 1);
	X509_AUTO certificate =
		issue(ROLE_TEE, name, key, tee_root, tee_root_key, n == 5 ? 12 : 9000);
	NEEDED(certificate_hash(certificate, hash));
	(void)hex_encode(hash, sizeof(hash), dids[n]);
	der = certificate_encode(certificate, &size);
	NEEDED(device_table_register(db, dids[n], span_of(der, size), (struct span) { 0 },
				     "simtee-0", &arena, &device) == 0);
	device.tee_version = n % 4 ? "1.2.0" : "1.1.4";
	device.status = n % 17 == 11 ? DEVICE_REFUSED : DEVICE_TRUSTED;
	device.reason = n % 17 == 11 ? "the TEE's certificate is revoked" : "";
	device.algorithm = "ES256";
	device.address = "10.1.7.22";
	device.last_seen = tam_time_now() - (int64_t)n * n * 37000;
	NEEDED(device_table_store(db, &device) == 0);
	(void)snprintf(labels, sizeof(labels), "{\"site\":\"%s\"}", n % 3 ? "Berlin" : "Oslo");
	NEEDED(device_table_describe(db, dids[n], models[n % 4], labels) == 0);
	if (n % 23 == 7)
		NEEDED(device_table_set_status(db, dids[n], DEVICE_SUSPENDED,
					       "suspended by hand") == 0);
	device_fill(dids[n], n);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
}

static void groups_make(int count)
{
	NEEDED(group_add(db, "lab") == 0 && group_add(db, "pilot") == 0 &&
	       group_add(db, "line-3") == 0);
	for (int n = 0; n < count; n++) {
		if (n % 2)
			NEEDED(group_join(db, "lab", dids[n]) == 0);
		if (n % 7 == 1)
			NEEDED(group_join(db, "pilot", dids[n]) == 0);
	}
}

static struct wanted deployment_make(enum wanted_scope scope, const char *id, const char *spid,
				     const char *domain, const char *taid, const char *by)
{
	struct wanted wanted = { .scope = scope,
				 .scope_id = id,
				 .spid = spid,
				 .sdname = domain,
				 .taid = taid,
				 .present = true,
				 .created_by = by };
	struct deployment made;
	const char *why;

	NEEDED(deployment_start(db, &wanted, &arena, &made, &why) == 0);
	return made.what;
}

static void deployments_make(int count)
{
	struct wanted pin, lock;

	NEEDED(sp_grant_add(db, SP_BANK, "line-3") == 0 && sp_grant_add(db, SP_BANK, "pilot") == 0);
	(void)deployment_make(SCOPE_GROUP, "pilot", SP_BANK, SP_BANK ".sd", TA_SIGN, "olga");
	pin = deployment_make(SCOPE_ALL, "", SP_BANK, SP_BANK ".sd", TA_PIN, "first");
	lock = deployment_make(SCOPE_GROUP, "lab", SP_LOCK, "doors", TA_LOCK, "locks-ci");
	for (int n = 0; n < count * 7 / 10; n++)
		NEEDED(deployment_progress(db, dids[n], &pin,
					   n % 19 == 3	 ? DEPLOYMENT_FAILED
					   : n % 11 == 5 ? DEPLOYMENT_RUNNING
							 : DEPLOYMENT_DONE,
					   n % 19 == 3 ? "ERR_TEE_RESOURCE_FULL" : "") == 0);
	for (int n = 0; n < count; n++)
		NEEDED(deployment_progress(db, dids[n], &lock, DEPLOYMENT_DONE, "") == 0);
}

/* ---- Sessions ----------------------------------------------------------------------------------
 */

static void message_make(const char *tid, const char *did, int64_t at, bool response,
			 const char *kind, int64_t size, const char *status, const char *error,
			 const char *decoded)
{
	struct message message = { .tid = tid,
				   .did = did,
				   .at = at,
				   .response = response,
				   .kind = kind,
				   .size = size,
				   .status = status,
				   .error = error,
				   .decoded = decoded };

	NEEDED(message_log_add(db, &message) == 0);
}

#define DSI                                                                                        \
	"\"dsi\":{\"tee\":{\"name\":\"simtee-0\",\"dsigen\":\"4\",\"cert\":\"certificate of Sim "  \
	"TEE\","                                                                                   \
	"\"sdlist\":{\"cnt\":\"1\",\"sd\":[{\"name\":\"" SP_BANK ".sd\",\"spid\":\"" SP_BANK "\"," \
	"\"talist\":[{\"taid\":\"" TA_PIN "\",\"taname\":\"PIN check\"}]}]}}}"

/* What only the device and the TAM know of a session's id. */
#define TID_END "9a017f2b8d9c5b0e"

static void session_make(int n)
{
	const bool failed = n % 6 == 4, open = n == 0;
	const int64_t at = tam_time_now() - 40000 - (int64_t)n * 1900000;
	char tid[40], decoded[1024], *coded;
	struct session session = {
		.tid = tid,
		.did = dids[n % 8],
		.rid = "r-1",
		.step = open	 ? "InstallTA"
			: failed ? "InstallTA"
				 : "end",
		.address = "10.1.7.22",
		.error = failed ? "the device has no room: ERR_TEE_RESOURCE_FULL" : "",
		.state = open	  ? SESSION_OPEN
			 : failed ? SESSION_FAILED
				  : SESSION_DONE,
	};

	(void)snprintf(tid, sizeof(tid), "%04d6c1a2d3f4c55" TID_END, n);
	NEEDED(session_table_add(db, &session) == 0);
	NEEDED(tam_database_run(db, "UPDATE session SET started = $2, updated = $3 WHERE tid = $1",
				TAM_VALUES(tam_text(tid), tam_integer(at),
					   tam_integer(at + (open ? 190 : 402))),
				NULL) == 0);
	(void)snprintf(
		decoded, sizeof(decoded),
		"{\"GetDeviceStateTBSRequest\":{\"ver\":\"1.0\",\"rid\":\"0f0a0001\",\"tid\":"
		"\"%s\",\"ocspdat\":[\"(1312 octets)\"],\"supportedsigalgs\":[\"RS256\","
		"\"ES256\"]}}",
		tid);
	message_make(tid, "", at, false, "GetDeviceStateRequest", 5320, "", "", decoded);
	coded = base64_encode(tid, strlen(tid));
	(void)snprintf(
		decoded, sizeof(decoded),
		"{\"GetDeviceTEEStateTBSResponse\":{\"ver\":\"1.0\",\"status\":\"pass\",\"rid\":"
		"\"0f0a0001\",\"signerreq\":false,\"edsi\":{" DSI
		",\"tfwdata\":{\"tbs\":\"%s\",\"sigalg\":\"ES256\",\"cert\":\"certificate of "
		"Sim TFW\"}}},\"verdict\":\"its certificate leads to Sim TEE Root, and the "
		"firmware vouches for it\"}",
		coded);
	free(coded);
	message_make(tid, dids[n % 8], at + 84, true, "GetDeviceStateResponse", 7104, "pass", "",
		     decoded);
	message_make(
		tid, dids[n % 8], at + 96, false, "CreateSDRequest", 3011, "", "",
		"{\"CreateSDTBSRequest\":{\"ver\":\"1.0\",\"rid\":\"0f0a0002\",\"tee\":\"simtee-"
		"0\","
		"\"nextdsi\":true,\"dsihash\":\"nWcbCBgl9OV6MQxbK4fKuPGPE5L7C+pCTDCXA3BM6yQ=\","
		"\"content\":{\"spid\":\"" SP_BANK "\",\"sdname\":\"" SP_BANK ".sd\","
		"\"spcert\":\"certificate of Sim Bank signing "
		"2026\",\"tamid\":\"1.3.6.1.4.1.55555.7.1\"}}}");
	message_make(tid, dids[n % 8], at + 171, true, "CreateSDResponse", 4202, "pass", "",
		     "{\"CreateSDTBSResponse\":{\"ver\":\"1.0\",\"status\":\"pass\",\"rid\":"
		     "\"0f0a0002\","
		     "\"content\":{\"did\":\"GcPWGaLaU2Ay\",\"sdname\":\"" SP_BANK ".sd\","
		     "\"teespaik\":\"(91 octets)\"," DSI
		     "}},\"verdict\":\"the domain is there, and its anonymous "
		     "key is known\"}");
	message_make(tid, dids[n % 8], at + 190, false, "InstallTARequest", 18244, "", "",
		     "{\"InstallTATBSRequest\":{\"ver\":\"1.0\",\"rid\":\"0f0a0003\",\"tee\":"
		     "\"simtee-0\","
		     "\"content\":{\"tamid\":\"1.3.6.1.4.1.55555.7.1\",\"spid\":\"" SP_BANK "\","
		     "\"sdname\":\"" SP_BANK ".sd\",\"taid\":\"" TA_PIN "\"},"
		     "\"encrypted_ta\":{\"alg\":\"AESCBC\",\"ciphertadata\":\"(9216 octets)\"}}}");
	if (!open)
		message_make(
			tid, dids[n % 8], at + 402, true, "InstallTAResponse", 4410,
			failed ? "fail" : "pass", failed ? "ERR_TEE_RESOURCE_FULL" : "",
			failed ? "{\"InstallTATBSResponse\":{\"ver\":\"1.0\",\"status\":\"fail\","
				 "\"rid\":\"0f0a0003\","
				 "\"content\":{\"reason\":{\"error-code\":\"ERR_TEE_RESOURCE_"
				 "FULL\"}}},"
				 "\"verdict\":\"the device has no room: ERR_TEE_RESOURCE_FULL\"}"
			       : "{\"InstallTATBSResponse\":{\"ver\":\"1.0\",\"status\":\"pass\","
				 "\"rid\":\"0f0a0003\","
				 "\"content\":{\"did\":\"GcPWGaLaU2Ay\"," DSI
				 "}},\"verdict\":\"version 2 is "
				 "installed\"}");
}

/* ---- Tokens ------------------------------------------------------------------------------------
 */

static void token_save(const char *file, const char *name, enum token_role role, const char *spid)
{
	char text[TOKEN_TEXT_SIZE];

	NEEDED(token_make(db, name, role, spid, text, NULL) == 0);
	file_write(file, 0600, "%s\n", text);
}

int main(int argc, char **argv)
{
	const char *devices = getenv("TAM_DEMO_DEVICES");
	const int count = devices ? (int)strtol(devices, NULL, 10) : 64;
	struct tam_database_options options = { .create = true };
	struct vault *vault = NULL;

	if (argc < 2)
		return 2;
	directory = argv[1];
	NEEDED(mkdir(directory, 0700) == 0);
	keys_make();
	options.where = argc > 2 ? argv[2] : path_of("tam.db");
	NEEDED(vault_make(path_of("vault.key"), err, sizeof(err)) == 0);
	NEEDED(vault_open(&vault, path_of("vault.key"), err, sizeof(err)) == 0);
	options.vault = vault;
	NEEDED(tam_database_open(&db, &options, err, sizeof(err)) == 0);
	file_write("tam.conf", 0600,
		   "{\"listen\":\"127.0.0.1:0\",\"database\":\"%s\",\"vault\":\"vault.key\",\"log_"
		   "level\":\"info\","
		   "\"keys\":[{\"key\":\"tam.key\",\"chain\":\"tam.pem\"}],\"tee_roots\":\"tee-"
		   "roots\","
		   "\"firmware_roots\":\"firmware-roots\",\"limits\":{\"requests_per_second\":1000,"
		   "\"burst\":1000}}\n",
		   argc > 2 ? argv[2] : "tam.db");
	token_save("admin.token", "first", TOKEN_ADMIN, NULL);
	token_save("viewer.token", "wallboard", TOKEN_VIEWER, NULL);
	token_save("operator.token", "olga", TOKEN_OPERATOR, NULL);
	if (count > 0) {
		dids = calloc((size_t)count, sizeof(*dids));
		catalogue_make();
		for (int n = 0; n < count; n++)
			device_make(n);
		groups_make(count);
		deployments_make(count);
		for (int n = SESSIONS; n-- > 0;)
			session_make(n);
		NEEDED(event_log_add(db, "sp", SP_BANK, SP_BANK, "first", "the SP was added") == 0);
		NEEDED(event_log_add(db, "ta", TA_PIN, SP_BANK, "bank-ci", "version 2 was added") ==
		       0);
		NEEDED(event_log_add(db, "device", dids[11 % count], "", "",
				     "the device was refused") == 0);
		token_save("bank.token", "bank-ci", TOKEN_OPERATOR, SP_BANK);
		token_save("locks.token", "locks-ci", TOKEN_OPERATOR, SP_LOCK);
	}
	tam_database_close(db);
	vault_close(vault);
	X509_free(tee_root);
	EVP_PKEY_free(tee_root_key);
	arena_clear(&arena);
	free(dids);
	return 0;
}
