/* `teesim storage`: what trusted applications keep on a device. */
#include "cli/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/storage_domain.h"
#include "cli/storage_object.h"
#include "device/paths.h"
#include "storage/forgotten.h"
#include "storage/quota.h"
#include "storage/storage.h"
#include "wire/uuid.h"

static const char help[] =
	"usage: teesim storage ls [OPTION…] [TA]\n"
	"       teesim storage show [OPTION…] TA OBJECT\n"
	"       teesim storage rm [OPTION…] TA OBJECT…|--all\n"
	"       teesim storage export [OPTION…] --reveal TA OBJECT FILE|-\n"
	"       teesim storage import [OPTION…] TA OBJECT FILE|-\n"
	"       teesim storage fsck [OPTION…] [--repair] [--accept]\n"
	"\n"
	"TA is a UUID. OBJECT is an object's ID as text, or 0x and hexadecimal digits.\n"
	"\n"
	"  ls      list objects: of all TAs, or of one\n"
	"  show    tell all about one object; with --reveal its attributes and data, too\n"
	"  rm      remove objects, damaged ones as well\n"
	"  export  write an object's data to a file\n"
	"  import  make an object of a file's octets, or replace an object's data by them\n"
	"  fsck    open every row of it, and name what is damaged\n"
	"\n"
	"  -d, --device NAME  the device (default: $TEESIM_DEVICE, else \"default\")\n"
	"  -s, --store STORE  private, ree or rpmb (default: private; ls: all)\n"
	"      --domain NUM   the TA's security domain, by the beginning of its number, or\n"
	"                     \"development\" (default: that, unless it has objects in one other)\n"
	"      --reveal       decrypt: this is your own device\n"
	"      --all          all objects of the TA\n"
	"      --repair       remove what is damaged, and only that\n"
	"      --accept       take the database as it is, though the counter says that it was put\n"
	"                     back or exchanged, and anchor it anew\n"
	"\n"
	"Looking works while the device runs. What changes something needs it stopped, or at rest "
	"for\n"
	"some seconds.\n";

struct request {
	const char *device;
	const char *domain;
	uint32_t store;
	bool has_store;
	bool reveal;
	bool all;
	bool repair;
	bool accept;
	char **words;
	int count;
};

static int options_parse(int argc, char **argv, struct request *request)
{
	static const struct option options[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "store", required_argument, NULL, 's' },
		{ "domain", required_argument, NULL, 'D' },
		{ "reveal", no_argument, NULL, 'R' },
		{ "all", no_argument, NULL, 'a' },
		{ "repair", no_argument, NULL, 'r' },
		{ "accept", no_argument, NULL, 'A' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	*request = (struct request) { .device = paths_default_device(), .store = 1 };
	while ((c = getopt_long(argc, argv, "d:s:h", options, NULL)) != -1) {
		switch (c) {
		case 'd':
			request->device = optarg;
			break;
		case 's':
			request->has_store = true;
			if (storage_store_parse(optarg, &request->store) == 0)
				break;
			fprintf(stderr,
				"teesim storage: --store is private, ree or rpmb, not \"%s\"\n",
				optarg);
			return EXIT_USAGE;
		case 'D':
			request->domain = optarg;
			break;
		case 'R':
			request->reveal = true;
			break;
		case 'a':
			request->all = true;
			break;
		case 'r':
			request->repair = true;
			break;
		case 'A':
			request->accept = true;
			break;
		case 'h':
			fputs(help, stdout);
			exit(EXIT_OK);
		default:
			fputs("`teesim storage --help` tells what there is\n", stderr);
			return EXIT_USAGE;
		}
	}
	request->words = argv + optind;
	request->count = argc - optind;
	return EXIT_OK;
}

static int usage(const char *what)
{
	fprintf(stderr, "teesim storage: %s; `teesim storage --help` tells more\n", what);
	return EXIT_USAGE;
}

/* Opens the device's storage; on failure says why and returns NULL. */
static struct storage *open_storage(const struct request *request, bool change, int *status)
{
	const struct storage_options options = {
		.read_only = !change,
		.impatient = true,
		.re_anchor = request->accept,
		.quota_ta = STORAGE_QUOTA_TA,
		.quota_device = STORAGE_QUOTA_DEVICE,
	};
	char path[PATH_MAX], err[PATH_MAX + 300];
	struct storage *storage = NULL;
	int code = paths_device(request->device, path, sizeof(path));

	*status = EXIT_REFUSED;
	if (code < 0) {
		fprintf(stderr, "teesim storage: \"%s\" is no device name\n", request->device);
		*status = EXIT_USAGE;
		return NULL;
	}
	if (access(path, F_OK) < 0) {
		fprintf(stderr,
			"teesim storage: there is no device '%s'; 'teesim device list' names those "
			"that exist\n",
			request->device);
		return NULL;
	}
	code = storage_open(&storage, path, &options, err, sizeof(err));
	/* First what TAs have left that are no more. */
	if (!code && change)
		(void)storage_forget(storage, path);
	if (!code)
		return storage;
	if (code == -EBUSY)
		fprintf(stderr, "teesim storage: '%s' is in use; first 'teesim stop --device %s'\n",
			request->device, request->device);
	else if (code == -EBADMSG)
		fprintf(stderr,
			"teesim storage: refused: %s\n`teesim storage fsck --accept` takes it as "
			"it "
			"is\n",
			err);
	else if (code == -ENOENT)
		fprintf(stderr, "teesim storage: device '%s' keeps nothing yet\n", request->device);
	else
		fprintf(stderr, "teesim storage: %s\n", err);
	if (code == -ENOENT)
		*status = EXIT_OK;
	return NULL;
}

static bool ta_parse(const char *text, struct uuid *ta)
{
	if (uuid_parse(text, ta) == 0)
		return true;
	fprintf(stderr, "teesim storage: \"%s\" is no UUID of a TA\n", text);
	return false;
}

static bool name_parse(const char *text, uint8_t name[RECORD_NAME_MAX], size_t *size)
{
	if (storage_object_name_parse(text, name, size) == 0)
		return true;
	fprintf(stderr,
		"teesim storage: \"%s\" is no object ID: up to 64 octets, as text or as 0x and "
		"hexadecimal digits\n",
		text);
	return false;
}

static int failed(const char *object, int code)
{
	fprintf(stderr, "teesim storage: %s: %s\n", object,
		code == -ENOENT ? "there is no such object"
		: code == -EBADMSG
			? "is damaged, or was tampered with; `teesim storage fsck` tells "
			  "more"
		: code == -ENOSPC ? "the disk is full, or the quota is"
				  : strerror(-code));
	return EXIT_REFUSED;
}

/* ---- ls ---- */

static int list_partition(struct storage_partition *partition, uint64_t *objects)
{
	const struct partition_id *id = storage_partition_id(partition);
	struct storage_entry entry;
	char ta[UUID_TEXT_SIZE], name[STORAGE_NAME_TEXT], type[16];
	uint32_t cursor = 0;
	struct uuid uuid;
	int status = EXIT_OK;
	int code;

	memcpy(uuid.octet, id->ta, sizeof(uuid.octet));
	uuid_format(&uuid, ta);
	while ((code = storage_next(partition, &cursor, &entry)) != -ENOENT) {
		++*objects;
		storage_object_name_text(entry.name, entry.name_size, name);
		if (code == 0) {
			printf("%s  %-7s  %-14s  %10llu  %s\n", ta, storage_store_text(id->store),
			       storage_type_text(entry.header.type, type),
			       (unsigned long long)entry.data_size, name);
			continue;
		}
		status = EXIT_REFUSED;
		printf("%s  %-7s  %-14s  %10s  %s\n", ta, storage_store_text(id->store), "DAMAGED",
		       "-", name);
		if (code != -EBADMSG || cursor == 0)
			break;
	}
	return status;
}

static int list(struct request *request)
{
	struct storage_partition *partition;
	struct storage *storage;
	char path[PATH_MAX];
	uint64_t objects = 0;
	struct uuid ta;
	int status;

	if (request->count > 1)
		return usage("ls takes one TA");
	if (request->count && !ta_parse(request->words[0], &ta))
		return EXIT_USAGE;
	storage = open_storage(request, false, &status);
	if (!storage)
		return status;
	status = EXIT_OK;
	(void)paths_device(request->device, path, sizeof(path));
	/* Those of the development domain first. */
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; (partition = storage_partition_at(storage, i)); i++) {
			const struct partition_id *id = storage_partition_id(partition);
			uint32_t count;
			uint64_t used;

			if (storage_domain_is_development(id) != !pass ||
			    (request->count && memcmp(id->ta, ta.octet, sizeof(id->ta)) != 0) ||
			    (request->has_store && id->store != request->store))
				continue;
			storage_partition_usage(partition, &used, &count);
			if (pass && count)
				storage_domain_print(id, path);
			if (list_partition(partition, &objects) != EXIT_OK)
				status = EXIT_REFUSED;
		}
	if (!objects)
		puts("no objects");
	storage_close(storage);
	return status;
}

/* ---- show ---- */

/* Hands the data to `take` in pieces. Returns 0 or -errno. */
static int data_each(struct storage_object *object,
		     bool (*take)(const uint8_t *bytes, size_t size, uint64_t offset,
				  void *context),
		     void *context)
{
	static uint8_t piece[1 << 20];
	uint64_t offset = 0;

	for (;;) {
		struct storage_job job;
		size_t size;
		int code = storage_read_start(&job, object, offset, piece, sizeof(piece));

		if (code < 0)
			return code;
		size = job.size;
		code = storage_job_run(&job);
		if (code < 0 || !size)
			return code;
		if (!take(piece, size, offset, context))
			return -EIO;
		offset += size;
	}
}

static bool dump_piece(const uint8_t *bytes, size_t size, uint64_t offset, void *context)
{
	storage_dump(context, bytes, size, offset);
	return true;
}

static int show_object(const struct request *request, struct storage_object *object)
{
	struct object_header header = { 0 };
	const uint8_t *attributes = NULL;
	char type[16];
	uint64_t data = 0;
	size_t size = 0;
	int code = storage_object_header(object, &header);

	if (!code)
		code = storage_object_data_size(object, &data);
	if (!code)
		code = storage_object_attributes(object, &attributes, &size);
	if (code < 0)
		return code;
	printf("type        %s\n", storage_type_text(header.type, type));
	printf("key size    %u bits\n", header.size);
	printf("usage       0x%08x\n", header.usage);
	printf("attributes  %zu octets\n", size);
	printf("data        %llu octets\n", (unsigned long long)data);
	if (!request->reveal) {
		puts("(--reveal shows attributes and data)");
		return 0;
	}
	if (size) {
		puts("attributes, as the TEE encodes them:");
		storage_dump(stdout, attributes, size, 0);
	}
	if (data)
		puts("data:");
	return data_each(object, dump_piece, stdout);
}

static int show(struct request *request)
{
	uint8_t name[RECORD_NAME_MAX];
	struct storage_partition *partition;
	struct storage_object *object;
	struct storage *storage;
	struct uuid ta;
	size_t size;
	int status, code;

	if (request->count != 2)
		return usage("show takes a TA and an object");
	if (!ta_parse(request->words[0], &ta) || !name_parse(request->words[1], name, &size))
		return EXIT_USAGE;
	storage = open_storage(request, false, &status);
	if (!storage)
		return EXIT_REFUSED;
	partition = storage_domain_partition(storage, request->domain, &ta, request->store);
	if (!partition) {
		storage_close(storage);
		return EXIT_USAGE;
	}
	code = storage_object_get(partition, name, size, &object);
	if (!code) {
		code = show_object(request, object);
		storage_object_put(object);
	}
	storage_close(storage);
	return code < 0 ? failed(request->words[1], code) : EXIT_OK;
}

/* ---- rm ---- */

/* Goes on after what can't be removed, and says so. */
static int remove_all(struct storage *storage, struct storage_partition *partition, const char *ta)
{
	struct storage_entry entry = { 0 };
	char name[STORAGE_NAME_TEXT];
	uint32_t cursor = 0, before = UINT32_MAX;
	bool lost = false;
	int code, status = EXIT_OK;

	while ((code = storage_next(partition, &cursor, &entry)) != -ENOENT) {
		/* Nothing to go on with. */
		if ((code < 0 && code != -EBADMSG) || cursor == before)
			break;
		before = cursor;
		if (code == -EBADMSG && !entry.name_size && !entry.charge) {
			lost = true;
			continue;
		}
		code = storage_remove_name(partition, entry.name, entry.name_size);
		storage_object_name_text(entry.name, entry.name_size, name);
		if (code < 0 && code != -ENOENT)
			status = failed(name, code);
		/* What waits to be cleaned away is written with each removal. */
		while (storage_clean(storage) == 1)
			;
	}
	lost |= code == -EBADMSG;
	if (code < 0 && code != -ENOENT && code != -EBADMSG)
		return failed(ta, code);
	if (!lost)
		return status;
	fprintf(stderr,
		"teesim storage: %s: a part of its directory was damaged; what it named is "
		"removed as well\n",
		ta);
	code = storage_partition_mend(partition);
	return code < 0 ? failed(ta, code) : status;
}

static int erase(struct request *request)
{
	uint8_t name[RECORD_NAME_MAX];
	struct storage_partition *partition;
	struct storage *storage;
	struct uuid ta;
	int status, code = 0;
	size_t size;

	if (request->count < 1 || (request->count == 1) != request->all)
		return usage("rm takes a TA, and objects or --all");
	if (!ta_parse(request->words[0], &ta))
		return EXIT_USAGE;
	for (int i = 1; i < request->count; i++)
		if (!name_parse(request->words[i], name, &size))
			return EXIT_USAGE;
	storage = open_storage(request, true, &status);
	if (!storage)
		return EXIT_REFUSED;
	partition = storage_domain_partition(storage, request->domain, &ta, request->store);
	if (!partition) {
		storage_close(storage);
		return EXIT_USAGE;
	}
	status = EXIT_OK;
	if (request->all)
		status = remove_all(storage, partition, request->words[0]);
	for (int i = 1; i < request->count; i++) {
		(void)name_parse(request->words[i], name, &size);
		code = storage_remove_name(partition, name, size);
		if (code < 0)
			status = failed(request->words[i], code);
	}
	while (storage_clean(storage) == 1)
		;
	storage_close(storage);
	return status;
}

/* ---- export and import ---- */

static bool write_piece(const uint8_t *bytes, size_t size, uint64_t offset, void *context)
{
	(void)offset;
	return fwrite(bytes, 1, size, context) == size;
}

static int export_data(struct request *request)
{
	uint8_t name[RECORD_NAME_MAX];
	struct storage_partition *partition;
	struct storage_object *object;
	struct storage *storage;
	FILE *file = stdout;
	struct uuid ta;
	size_t size;
	int status, code;

	if (request->count != 3)
		return usage("export takes a TA, an object and a file");
	if (!request->reveal)
		return usage("export decrypts, so it needs --reveal");
	if (!ta_parse(request->words[0], &ta) || !name_parse(request->words[1], name, &size))
		return EXIT_USAGE;
	storage = open_storage(request, false, &status);
	if (!storage)
		return EXIT_REFUSED;
	partition = storage_domain_partition(storage, request->domain, &ta, request->store);
	if (!partition) {
		storage_close(storage);
		return EXIT_USAGE;
	}
	code = storage_object_get(partition, name, size, &object);
	if (code < 0) {
		storage_close(storage);
		return failed(request->words[1], code);
	}
	status = EXIT_OK;
	if (strcmp(request->words[2], "-") != 0) {
		/* Secrets are for the user alone, in a file that was there before as well. */
		const int fd =
			open(request->words[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		struct stat st;

		if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
			(void)fchmod(fd, 0600);
		file = fd < 0 ? NULL : fdopen(fd, "w");
	}
	if (!file) {
		status = failed(request->words[2], -errno);
	} else {
		code = data_each(object, write_piece, file);
		if (code < 0)
			status = failed(request->words[1], code);
		if (fflush(file) != 0 || (file != stdout && fclose(file) != 0))
			status = failed(request->words[2], -errno);
	}
	storage_object_put(object);
	storage_close(storage);
	return status;
}

/* All of a file; NULL with errno set. */
static uint8_t *file_read(const char *path, size_t *size)
{
	const int fd =
		strcmp(path, "-") != 0 ? open(path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
	size_t room = 1 << 16;
	uint8_t *bytes = fd < 0 ? NULL : malloc(room);
	ssize_t n = 1;

	*size = 0;
	while (bytes && n > 0) {
		uint8_t *more = bytes;

		if (*size == room)
			more = realloc(bytes, room *= 2);
		if (!more) {
			free(bytes);
			bytes = NULL;
			break;
		}
		bytes = more;
		n = read(fd, bytes + *size, room - *size);
		*size += n > 0 ? (size_t)n : 0;
	}
	if (n < 0) {
		free(bytes);
		bytes = NULL;
	}
	if (fd >= 0)
		close(fd);
	return bytes;
}

/* The object is of the same type, attributes and usage as before, where there was one. */
static int object_replace(struct storage_partition *partition, const uint8_t *name,
			  size_t name_size, const uint8_t *data, size_t size)
{
	struct object_header header = { .type = 0xA00000BF, .usage = UINT32_MAX };
	struct storage_object *object = NULL;
	uint8_t attributes[4096];
	size_t attributes_size = 0;
	const uint8_t *old = NULL;
	struct storage_job job;
	int code = storage_object_get(partition, name, name_size, &object);

	if (!code)
		code = storage_object_header(object, &header);
	if (!code)
		code = storage_object_attributes(object, &old, &attributes_size);
	if (!code && attributes_size > sizeof(attributes))
		code = -E2BIG;
	if (!code && attributes_size)
		memcpy(attributes, old, attributes_size);
	storage_object_put(object);
	if (code < 0 && code != -ENOENT)
		return code;
	code = storage_create_start(&job, partition, name, name_size, &header, attributes,
				    attributes_size, data, size, true);
	if (!code)
		code = storage_job_run(&job);
	if (!code)
		storage_object_put(job.object);
	return code;
}

static int import_data(struct request *request)
{
	uint8_t name[RECORD_NAME_MAX];
	struct storage_partition *partition;
	struct storage *storage;
	size_t name_size, size;
	struct uuid ta;
	int status, code;
	uint8_t *data;

	if (request->count != 3)
		return usage("import takes a TA, an object and a file");
	if (!ta_parse(request->words[0], &ta) || !name_parse(request->words[1], name, &name_size))
		return EXIT_USAGE;
	data = file_read(request->words[2], &size);
	if (!data)
		return failed(request->words[2], -errno);
	storage = open_storage(request, true, &status);
	partition =
		storage ? storage_domain_partition(storage, request->domain, &ta, request->store)
			: NULL;
	if (storage && !partition) {
		storage_close(storage);
		status = EXIT_USAGE;
	} else if (storage) {
		code = object_replace(partition, name, name_size, data, size);
		status = code < 0 ? failed(request->words[1], code) : EXIT_OK;
		while (storage_clean(storage) == 1)
			;
		storage_close(storage);
	} else {
		status = EXIT_REFUSED;
	}
	free(data);
	return status;
}

/* ---- fsck ---- */

static void tell(const struct storage_finding *finding, void *context)
{
	char ta[UUID_TEXT_SIZE], name[STORAGE_NAME_TEXT];
	struct uuid uuid;

	(void)context;
	if (!finding->partition) {
		printf("%s\n", finding->what);
		return;
	}
	memcpy(uuid.octet, finding->partition->ta, sizeof(uuid.octet));
	uuid_format(&uuid, ta);
	if (finding->has_name)
		printf("%s  %s  %s: %s\n", ta, storage_store_text(finding->partition->store),
		       storage_object_name_text(finding->name, finding->name_size, name),
		       finding->what);
	else
		printf("%s  %s: %s\n", ta, storage_store_text(finding->partition->store),
		       finding->what);
}

static int check(struct request *request)
{
	struct storage_check found = { .tell = tell };
	struct storage *storage;
	int status, code;

	if (request->count)
		return usage("fsck takes no arguments");
	storage = open_storage(request, request->repair || request->accept, &status);
	if (!storage)
		return status;
	code = storage_check(storage, request->repair, &found);
	while (request->repair && storage_clean(storage) == 1)
		;
	storage_close(storage);
	if (code < 0)
		return failed(request->device, code);
	printf("%llu objects, %llu rows opened, %llu damaged%s\n",
	       (unsigned long long)found.objects, (unsigned long long)found.rows,
	       (unsigned long long)found.findings,
	       found.findings && request->repair ? " and removed"
	       : request->accept		 ? "; anchored anew"
						 : "");
	return found.findings && !request->repair ? EXIT_REFUSED : EXIT_OK;
}

int cmd_storage(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct request *request);
	} parts[] = {
		{ "ls", list },
		{ "show", show },
		{ "rm", erase },
		{ "export", export_data },
		{ "import", import_data },
		{ "fsck", check },
	};
	static char name[32];
	struct request request;
	int status;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(help, stdout);
		return EXIT_OK;
	}
	for (size_t i = 0; argc > 1 && i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strcmp(argv[1], parts[i].name) != 0)
			continue;
		snprintf(name, sizeof(name), "teesim storage %s", parts[i].name);
		argv[1] = name;
		status = options_parse(argc - 1, argv + 1, &request);
		return status != EXIT_OK ? status : parts[i].run(&request);
	}
	if (argc > 1)
		fprintf(stderr,
			"teesim: no command \"storage %s\"; `teesim storage --help` lists them\n",
			argv[1]);
	else
		fputs(help, stderr);
	return EXIT_USAGE;
}
