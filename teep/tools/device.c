/* `teesim device info|verify|accept-rollback`: what holds a device together, and what its owner
 * takes upon himself. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "boot/boot.h"
#include "device/lock.h"
#include "device/log.h"
#include "otrp/rollback.h"
#include "teep/pki/certificate.h"
#include "teep/tools/arguments.h"
#include "teep/tools/tools.h"

static const char help[] =
	"usage: teesim device info [DEVICE]\n"
	"       teesim device verify [DEVICE]\n"
	"       teesim device accept-rollback [DEVICE] [--yes]\n"
	"\n"
	"  info     the chain of trust of a device: firmware, TEE, the TAM roots it was made with\n"
	"  verify   go through its boot, and end with 0, or with a status for what does not fit:\n"
	"           10 never manufactured   11 a file is missing or damaged\n"
	"           12 firmware image       13 another eFuse key\n"
	"           14 firmware key         15 firmware certificate\n"
	"           16 TEE image            17 TEE key\n"
	"           18 TEE certificate      19 boot record\n"
	"           20 trust anchors\n"
	"  accept-rollback\n"
	"           take what TAMs installed as domains.db has it: for a device that lost power\n"
	"           without --durable, and that refuses it as older or newer than its counter; "
	"without\n"
	"           --yes it tells what that means, and changes nothing. The device must not "
	"run.\n"
	"\n"
	"DEVICE is a name, or a directory when there is a slash in it (default: $TEESIM_DEVICE,\n"
	"else \"default\").\n";

static void chain_print(const char *title, STACK_OF(X509) * chain)
{
	char name[128];

	printf("%s\n", title);
	for (int i = 0; i < sk_X509_num(chain); i++) {
		X509 *certificate = sk_X509_value(chain, i);

		printf("    %-44s %s\n", certificate_name(certificate, name, sizeof(name)),
		       key_kind_name(key_kind(X509_get0_pubkey(certificate))));
	}
}

static void hash_print(const char *title, const uint8_t hash[32])
{
	printf("%s", title);
	for (int i = 0; i < 32; i++)
		printf("%02x", hash[i]);
	putchar('\n');
}

static void boot_print(const struct boot *boot)
{
	char name[128];
	uint8_t did[32];

	printf("TEE %s, version %s\n", boot->tee_name, boot->tee_version);
	if (certificate_hash(sk_X509_value(boot->tee_chain, 0), did))
		hash_print("    did       ", did);
	hash_print("    image     ", boot->tee_image_hash);
	hash_print("    firmware  ", boot->firmware_hash);
	chain_print("TEE certificate", boot->tee_chain);
	chain_print("firmware certificate", boot->tfw_chain);
	chain_print("TAM roots that it was made with", boot->tam_roots);
	printf("administrator\n    %s\n", certificate_name(boot->admin, name, sizeof(name)));
}

static int look(int argc, char **argv, bool print)
{
	char directory[PATH_MAX], err[PATH_MAX + 512];
	const char *device = NULL;
	enum boot_result result;
	struct boot boot;
	int status = arguments_parse(argc, argv, help, NULL, 0, &device, 1);

	if (status >= 0)
		return status;
	if (!device_directory(device, directory, sizeof(directory)))
		return EXIT_USAGE;
	/* Looks, and mends nothing. */
	result = boot_verify(directory, &boot, err, sizeof(err));
	if (result) {
		(void)tool_refuse("%s", err);
		return (int)result;
	}
	if (print)
		boot_print(&boot);
	else
		printf("%s boots: firmware, eFuse, TEE image, certificate and record fit\n",
		       boot.tee_name);
	boot_clear(&boot);
	return EXIT_DONE;
}

static int info(int argc, char **argv)
{
	return look(argc, argv, true);
}

static int verify(int argc, char **argv)
{
	return look(argc, argv, false);
}

/* The domains of all TEEs, so far as they are not what their counters say: looked at first, so that
 * nothing changes where one of them is damaged. */
static int rollbacks_find(const char *directory, struct store_gap gap[BOOT_TEES_MAX],
			  unsigned int *tees)
{
	char path[PATH_MAX + 32], stem[16], err[PATH_MAX + 512];
	bool any = false;

	for (*tees = 0; *tees < BOOT_TEES_MAX; ++*tees) {
		snprintf(path, sizeof(path), "%s/boot/%s.img", directory,
			 boot_tee_stem(*tees, stem));
		if (access(path, F_OK) < 0)
			break;
		if (rollback_accept(directory, *tees, false, &gap[*tees], err, sizeof(err)))
			return tool_refuse("%s", err);
		any |= gap[*tees].behind || gap[*tees].ahead;
	}
	if (!*tees)
		return tool_refuse("%s: was not manufactured: it has no TEE", directory);
	if (any)
		return -1;
	printf("%s: all is as the counters say; there is nothing to accept\n", directory);
	return EXIT_DONE;
}

static int risk_tell(const char *directory, const char *device, const struct store_gap *gap,
		     unsigned int tees)
{
	for (unsigned int i = 0; i < tees; i++) {
		if (gap[i].behind)
			fprintf(stderr, "%s: TEE %u is %" PRIu64 " changes behind its counter\n",
				directory, i, gap[i].behind);
		if (gap[i].ahead)
			fprintf(stderr,
				"%s: TEE %u is %" PRIu64 " changes ahead of its counter, which was "
				"set back or lost; it may be older than it was last\n",
				directory, i, gap[i].ahead);
	}
	fprintf(stderr,
		"What TAMs and the administrator changed meanwhile is undone: TAs that were "
		"deleted "
		"or\nreplaced are there again, and whom they have ceased to trust is trusted. "
		"Nobody "
		"can tell\na loss of power from an old copy that somebody has put back. Where that "
		"is all right:\n    teesim device accept-rollback%s%s --yes\n"
		"Then let the TAMs look at the device, and apply the administrator's last list "
		"again.\n",
		device ? " " : "", device ? device : "");
	return EXIT_REFUSED;
}

static int rollbacks_take(const char *directory, struct store_gap *gap, unsigned int tees)
{
	char path[PATH_MAX + 8], err[PATH_MAX + 512];
	struct log log;
	int rc;

	snprintf(path, sizeof(path), "%s/log", directory);
	rc = log_open(&log, path, -1, LOG_LEVEL_INFO);
	/* Not without a trace. */
	if (rc)
		return tool_refuse("%s: %s", path, strerror(-rc));
	for (unsigned int i = 0; i < tees; i++) {
		if (!gap[i].behind && !gap[i].ahead)
			continue;
		rc = rollback_accept(directory, i, true, &gap[i], err, sizeof(err));
		if (rc) {
			log_close(&log);
			return tool_refuse("%s", err);
		}
		log_write(&log, LOG_LEVEL_ERROR,
			  "TEE %u: its owner took its domains as they were %" PRIu64
			  " changes %s ('teesim device accept-rollback')",
			  i, gap[i].behind ? gap[i].behind : gap[i].ahead,
			  gap[i].behind ? "before" : "after their counter's");
		if (gap[i].behind)
			printf("%s: TEE %u goes on as it was %" PRIu64 " changes before\n",
			       directory, i, gap[i].behind);
		else
			printf("%s: TEE %u goes on as it is, %" PRIu64
			       " changes ahead of its counter\n",
			       directory, i, gap[i].ahead);
	}
	log_close(&log);
	return EXIT_DONE;
}

static int accept_rollback(int argc, char **argv)
{
	const char *device = NULL;
	bool yes = false;
	const struct argument table[] = { { "yes", NULL, &yes } };
	char directory[PATH_MAX];
	struct store_gap gap[BOOT_TEES_MAX];
	unsigned int tees;
	int lock, status = arguments_parse(argc, argv, help, table, 1, &device, 1);

	if (status >= 0)
		return status;
	if (!device_directory(device, directory, sizeof(directory)))
		return EXIT_USAGE;
	if (access(directory, F_OK) < 0)
		return tool_refuse("%s: %s", directory, strerror(errno));
	lock = lock_take(directory);
	if (lock == -EBUSY)
		return tool_refuse("%s: the device is running; first 'teesim stop'", directory);
	if (lock < 0)
		return tool_refuse("%s/lock: %s", directory, strerror(-lock));
	status = rollbacks_find(directory, gap, &tees);
	if (status < 0)
		status = yes ? rollbacks_take(directory, gap, tees)
			     : risk_tell(directory, device, gap, tees);
	close(lock);
	return status;
}

int tool_device(int argc, char **argv)
{
	static const struct subcommand table[] = { { "info", info },
						   { "verify", verify },
						   { "accept-rollback", accept_rollback } };

	return subcommand_run(argc, argv, help, table, 3);
}
