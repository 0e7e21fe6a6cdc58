/*
 * `teesim tam backup` and `restore`: all of a TAM in a directory that is a TAM's itself. They work
 * on files and the database; the TAM may run while it is copied.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "registry/atomic_file.h"
#include "teep/tam/cli/commands.h"
#include "teep/tam/config.h"
#include "teep/tam/database_copy.h"
#include "teep/tam/event_log.h"
#include "teep/tam/session_table.h"
#include "teep/tam/vault.h"

static const char backup_help[] =
	"usage: teesim tam backup DIR COPY\n"
	"\n"
	"Copies the TAM in DIR, which may run meanwhile, to the new directory COPY: "
	"configuration,\n"
	"keys, the vault's key, roots and the database as it is at this moment. All of the TAM's\n"
	"secrets are in it.\n";

static const char restore_help[] =
	"usage: teesim tam restore COPY DIR [--database WHERE]\n"
	"       teesim tam restore --finish DIR\n"
	"\n"
	"Makes the TAM in the new directory DIR of the copy. No process may serve the one that "
	"was\n"
	"copied any more. The copy may be older than what devices have: nothing is deleted from\n"
	"them until --finish, after which all is as usual; restart the TAM then.\n"
	"\n"
	"  --database WHERE  postgresql://…, without tables: where the copy of one goes, unless\n"
	"                    where it was\n"
	"  --finish          what came after the copy is known again, or may be deleted\n";

/* Of PostgreSQL's data, in the copy. */
#define DUMP	"tam.dump"
#define SQLITE	"tam.db"
#define HELD	"hold_deletions"
#define PATHS	(PATH_MAX + 32)
#define ERR_MAX 512

/* ---- Trees of files -------------------------------------------------------------------------- */

/* nftw() hands nothing on. */
static struct {
	const char *from, *to;
	const char *skip; /* the database's file and what SQLite has beside it; NULL */
	char err[ERR_MAX];
} copying;

static int complain(const char *path)
{
	snprintf(copying.err, sizeof(copying.err), "%.400s: %s", path, strerror(errno));
	return 1;
}

static int file_copy(const char *from, const char *to, mode_t mode)
{
	const int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	const int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode & 0700);
	ssize_t got = -1;
	int rc;

	if (in >= 0 && out >= 0)
		while ((got = sendfile(out, in, NULL, 1 << 20)) > 0)
			;
	rc = got < 0 || fsync(out) < 0 ? complain(in < 0 ? from : to) : 0;
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return rc;
}

static int link_copy(const char *from, const char *to)
{
	char target[PATH_MAX];
	const ssize_t size = readlink(from, target, sizeof(target) - 1);

	if (size >= 0)
		target[size] = '\0';
	return size < 0 || symlink(target, to) < 0 ? complain(from) : 0;
}

static bool skipped(const char *path)
{
	static const char *const beside[] = { "", "-wal", "-shm", "-journal" };
	const size_t size = copying.skip ? strlen(copying.skip) : 0;

	for (size_t i = 0; size && i < sizeof(beside) / sizeof(beside[0]); i++)
		if (strncmp(path, copying.skip, size) == 0 && strcmp(path + size, beside[i]) == 0)
			return true;
	return false;
}

static int entry_copy(const char *path, const struct stat *st, int kind, struct FTW *place)
{
	char to[PATHS];

	if (snprintf(to, sizeof(to), "%s%s", copying.to, path + strlen(copying.from)) >=
	    (int)sizeof(to)) {
		errno = ENAMETOOLONG;
		return complain(path);
	}
	if (kind == FTW_DNR || kind == FTW_NS) {
		errno = EACCES;
		return complain(path);
	}
	if (kind == FTW_D)
		return place->level && mkdir(to, 0700) < 0 ? complain(to) : 0;
	if (kind == FTW_SL)
		return link_copy(path, to);
	return S_ISREG(st->st_mode) && !skipped(path) ? file_copy(path, to, st->st_mode) : 0;
}

static int entry_remove(const char *path, const struct stat *st, int kind, struct FTW *place)
{
	(void)st;
	(void)kind;
	(void)place;
	return remove(path);
}

/* `to` is made, and taken away again when that fails. */
static int tree_copy(const char *from, const char *to, const char *skip)
{
	copying.from = from;
	copying.to = to;
	copying.skip = skip;
	copying.err[0] = '\0';
	if (mkdir(to, 0700) < 0)
		return tool_refuse("%s: %s", to, strerror(errno));
	if (nftw(from, entry_copy, 16, FTW_PHYS) == 0)
		return EXIT_DONE;
	(void)nftw(to, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
	return tool_refuse("%s", copying.err[0] ? copying.err : from);
}

/* ---- tam.conf -------------------------------------------------------------------------------- */

/* One member set, or taken out for NULL; takes the reference. */
static int config_set(const char *directory, const char *name, json_t *value)
{
	char path[PATHS];
	json_error_t error;
	json_t *config;
	char *text = NULL;
	int rc = -ENOMEM;

	(void)snprintf(path, sizeof(path), "%s/" TAM_CONFIG_FILE, directory);
	config = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (!config) {
		json_decref(value);
		return tool_refuse("%s: %s", path, error.text);
	}
	if (value)
		(void)json_object_set_new(config, name, value);
	else
		(void)json_object_del(config, name);
	text = json_dumps(config, JSON_INDENT(2));
	if (text) {
		const struct atomic_file_part part = { text, strlen(text) };

		rc = atomic_file_write(path, &part, 1, 0600, ATOMIC_FILE_REPLACE);
	}
	free(text);
	json_decref(config);
	return rc ? tool_refuse("%s: %s", path, strerror(-rc)) : EXIT_DONE;
}

static int config_read(const char *directory, struct tam_config *config)
{
	char err[TAM_CONFIG_ERROR_SIZE];

	return tam_config_read(directory, config, err) ? tool_refuse("%s: %s", directory, err)
						       : EXIT_DONE;
}

/* ---- backup ---------------------------------------------------------------------------------- */

static bool is_inside(const char *directory, const char *path)
{
	const size_t size = strlen(directory);

	return strncmp(path, directory, size) == 0 && path[size] == '/';
}

static void elsewhere_tell(const char *directory, const char *path)
{
	if (path && strncmp(path, "pkcs11:", 7) != 0 && !is_inside(directory, path))
		printf("not in the copy, as it is elsewhere: %s\n", path);
}

static void config_elsewhere_tell(const char *directory, const struct tam_config *config)
{
	const char *const paths[] = { config->vault,   config->tls_certificate,
				      config->tls_key, config->tee_roots,
				      config->crls,    config->firmware_roots };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		elsewhere_tell(directory, paths[i]);
	for (size_t i = 0; i < config->key_count; i++) {
		elsewhere_tell(directory, config->keys[i].key);
		elsewhere_tell(directory, config->keys[i].chain);
	}
}

static int database_into(const char *directory, const char *copy, const struct tam_config *config)
{
	const bool server = database_is_postgresql(config->database);
	const bool inside = !server && is_inside(directory, config->database);
	char path[PATHS], err[ERR_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", copy,
		       server	? DUMP
		       : inside ? config->database + strlen(directory) + 1
				: SQLITE);
	if (database_copy(config->database, path, err, sizeof(err)))
		return tool_refuse("%s", err);
	return server || inside ? EXIT_DONE : config_set(copy, "database", json_string(SQLITE));
}

int command_backup(int argc, char **argv)
{
	char directory[PATH_MAX];
	struct tam_config config;
	const char *words[2];
	int rc = arguments_parse(argc, argv, backup_help, NULL, 0, words, 2, 2);

	if (rc >= 0)
		return rc;
	if (!realpath(words[0], directory))
		return tool_refuse("%s: %s", words[0], strerror(errno));
	rc = config_read(directory, &config);
	if (rc)
		return rc;
	rc = tree_copy(directory, words[1],
		       database_is_postgresql(config.database) ? NULL : config.database);
	if (!rc) {
		rc = database_into(directory, words[1], &config);
		if (rc)
			(void)nftw(words[1], entry_remove, 16, FTW_DEPTH | FTW_PHYS);
	}
	if (!rc) {
		printf("%s: a copy of the TAM in %s, with all its secrets\n", words[1], words[0]);
		config_elsewhere_tell(directory, &config);
	}
	tam_config_clear(&config);
	return rc;
}

/* ---- restore --------------------------------------------------------------------------------- */

/* Sessions that were under way are not known to any device any more. */
static int database_resume(const struct tam_config *config, int64_t made)
{
	struct tam_database_options options = { .where = config->database, .create = true };
	struct tam_database *database = NULL;
	struct vault *vault = NULL;
	char err[ERR_MAX], text[96], day[32];
	time_t seconds = (time_t)made;
	struct tm parts;
	int64_t expired = 0;
	int rc = vault_open(&vault, config->vault, err, sizeof(err));

	options.vault = vault;
	if (!rc)
		rc = tam_database_open(&database, &options, err, sizeof(err));
	if (!rc) {
		(void)strftime(day, sizeof(day), "%Y-%m-%d %H:%M", localtime_r(&seconds, &parts));
		(void)snprintf(text, sizeof(text), "restored from a copy of %s", day);
		do
			rc = session_table_expire(database, tam_time_now() + 1, 1000, &expired);
		while (!rc && expired == 1000);
		if (!rc)
			rc = event_log_add(database, "tam", "", NULL, NULL, text);
		if (rc)
			(void)snprintf(err, sizeof(err), "%s", tam_database_error(database));
	}
	tam_database_close(database);
	vault_close(vault);
	return rc ? tool_refuse("%s", err) : EXIT_DONE;
}

static int database_back(const char *directory, const char *where)
{
	char path[PATHS], err[ERR_MAX];

	(void)snprintf(path, sizeof(path), "%s/" DUMP, directory);
	if (database_restore(path, where, err, sizeof(err)))
		return tool_refuse("%s", err);
	(void)unlink(path);
	return EXIT_DONE;
}

static int restored(const char *directory, const char *where, int64_t made)
{
	struct tam_config config;
	int rc = where ? config_set(directory, "database", json_string(where)) : EXIT_DONE;

	if (!rc)
		rc = config_set(directory, HELD, json_true());
	if (!rc)
		rc = config_read(directory, &config);
	if (rc)
		return rc;
	if (database_is_postgresql(config.database))
		rc = database_back(directory, config.database);
	else if (where)
		rc = tool_refuse("--database is for a copy of one in PostgreSQL");
	if (!rc)
		rc = database_resume(&config, made);
	tam_config_clear(&config);
	return rc;
}

static int finish(const char *directory)
{
	const int rc = config_set(directory, HELD, NULL);

	if (!rc)
		printf("%s: what is not wanted is deleted from devices again, once the TAM is "
		       "restarted\n",
		       directory);
	return rc;
}

int command_restore(int argc, char **argv)
{
	const char *words[2] = { NULL }, *where = NULL;
	bool finishes = false;
	const struct argument table[] = { { "database", &where, NULL },
					  { "finish", NULL, &finishes } };
	char directory[PATH_MAX], path[PATHS];
	struct stat st;
	int rc = arguments_parse(argc, argv, restore_help, table, 2, words, 1, 2);

	if (rc >= 0)
		return rc;
	if (finishes == (words[1] != NULL)) {
		fputs(restore_help, stderr);
		return EXIT_USAGE;
	}
	if (finishes)
		return finish(words[0]);
	(void)snprintf(path, sizeof(path), "%s/" TAM_CONFIG_FILE, words[0]);
	/* When a directory gets its last entry, which is the database. */
	if (access(path, R_OK) < 0 || stat(words[0], &st) < 0)
		return tool_refuse("%s: %s", path, strerror(errno));
	rc = tree_copy(words[0], words[1], NULL);
	if (rc)
		return rc;
	if (realpath(words[1], directory))
		rc = restored(directory, where, st.st_mtime);
	else
		rc = tool_refuse("%s: %s", words[1], strerror(errno));
	if (rc) {
		(void)nftw(words[1], entry_remove, 16, FTW_DEPTH | FTW_PHYS);
		return rc;
	}
	printf("%s: the TAM as it was copied\n"
	       "Serve it with `teesim tam serve %s`. Nothing is deleted from devices until you "
	       "have "
	       "brought back\nwhat came after the copy, and then run `teesim tam restore --finish "
	       "%s`.\n",
	       words[1], words[1], words[1]);
	return EXIT_DONE;
}
