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
#include "teep/tam/cli/config_paths.h"
#include "teep/tam/config.h"
#include "teep/tam/database.h"
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

/*
 * A link to what is in the directory goes on leading there in the copy, wherever that is moved, and
 * any other to where it led. `level`: of the link, 1 in the directory itself.
 */
static int link_copy(const char *from, const char *to, int level)
{
	char target[PATH_MAX], real[PATH_MAX], path[2 * PATH_MAX] = "";
	const ssize_t size = readlink(from, target, sizeof(target) - 1);

	if (size < 0)
		return complain(from);
	target[size] = '\0';
	if (!realpath(from, real))
		return symlink(target, to) < 0 ? complain(to) : 0;
	if (!path_is_inside(copying.from, real)) {
		printf("%s: leads to %s, which is not copied\n", to, real);
		return symlink(real, to) < 0 ? complain(to) : 0;
	}
	/* One that goes up might come back by the directory's own name. */
	if (target[0] != '/' && !strstr(target, ".."))
		return symlink(target, to) < 0 ? complain(to) : 0;
	for (int i = 1; i < level && strlen(path) + 4 < PATH_MAX; i++)
		strcat(path, "../");
	strcat(path, real + strlen(copying.from) + 1);
	return symlink(path, to) < 0 ? complain(to) : 0;
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
		return link_copy(path, to, place->level);
	return S_ISREG(st->st_mode) && !skipped(path) ? file_copy(path, to, st->st_mode) : 0;
}

static int entry_remove(const char *path, const struct stat *st, int kind, struct FTW *place)
{
	(void)st;
	(void)kind;
	(void)place;
	return remove(path);
}

/* `to` is made, and taken away again when that fails; `from` has no links in it. */
static int tree_copy(const char *from, const char *to, const char *skip)
{
	char real[PATH_MAX];

	copying.from = from;
	copying.to = to;
	copying.skip = skip;
	copying.err[0] = '\0';
	if (mkdir(to, 0700) < 0)
		return tool_refuse("%s: %s", to, strerror(errno));
	if (path_leads_into(from, to, real)) {
		(void)rmdir(to);
		return tool_refuse("%s: is in %s itself, and would become part of its own copy", to,
				   from);
	}
	if (nftw(from, entry_copy, 16, FTW_PHYS) == 0)
		return EXIT_DONE;
	(void)nftw(to, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
	return tool_refuse("%s", copying.err[0] ? copying.err : from);
}

/* ---- tam.conf -------------------------------------------------------------------------------- */

/* The caller's; NULL, and it was said why. */
static json_t *config_load(const char *directory)
{
	char path[PATHS];
	json_error_t error;
	json_t *config;

	(void)snprintf(path, sizeof(path), "%s/" TAM_CONFIG_FILE, directory);
	config = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (!config)
		(void)tool_refuse("%s: %s", path, error.text);
	return config;
}

/* Takes the reference. */
static int config_store(const char *directory, json_t *config)
{
	char *text = json_dumps(config, JSON_INDENT(2)), path[PATHS];
	int rc = -ENOMEM;

	(void)snprintf(path, sizeof(path), "%s/" TAM_CONFIG_FILE, directory);
	if (text) {
		const struct atomic_file_part part = { text, strlen(text) };

		rc = atomic_file_write(path, &part, 1, 0600, ATOMIC_FILE_REPLACE);
	}
	free(text);
	json_decref(config);
	return rc ? tool_refuse("%s: %s", path, strerror(-rc)) : EXIT_DONE;
}

/* One member set, or taken out for NULL; takes the reference. */
static int config_set(const char *directory, const char *name, json_t *value)
{
	json_t *config = config_load(directory);

	if (!config) {
		json_decref(value);
		return EXIT_REFUSED;
	}
	if (value)
		(void)json_object_set_new(config, name, value);
	else
		(void)json_object_del(config, name);
	return config_store(directory, config);
}

static int config_read(const char *directory, struct tam_config *config)
{
	char err[TAM_CONFIG_ERROR_SIZE];

	return tam_config_read(directory, config, err) ? tool_refuse("%s: %s", directory, err)
						       : EXIT_DONE;
}

/* ---- backup ---------------------------------------------------------------------------------- */

/* So that the copy never means what is in the original. */
static int config_loosen(const char *directory, const char *copy, const char *database)
{
	json_t *config = config_load(copy);

	if (!config)
		return EXIT_REFUSED;
	config_paths_loosen(config, directory);
	if (database)
		(void)json_object_set_new(config, "database", json_string(database));
	return config_store(copy, config);
}

static int elsewhere_tell(const char *directory, const char *what)
{
	json_t *config = config_load(directory);

	if (!config)
		return EXIT_REFUSED;
	config_paths_tell(config, directory, what);
	json_decref(config);
	return EXIT_DONE;
}

/* Last of all: a copy that has it is complete. */
static int database_into(const char *directory, const char *copy, const char *where)
{
	const bool server = database_is_postgresql(where);
	const bool inside = !server && path_is_inside(directory, where);
	const char *name = inside ? where + strlen(directory) + 1 : SQLITE;
	char path[PATHS], err[ERR_MAX];
	int rc = config_loosen(directory, copy, server ? NULL : name);

	if (rc)
		return rc;
	(void)snprintf(path, sizeof(path), "%s/%s", copy, server ? DUMP : name);
	return database_copy(where, path, err, sizeof(err)) ? tool_refuse("%s", err) : EXIT_DONE;
}

static int copy_sync(const char *copy)
{
	const int fd = open(copy, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const int rc = fd < 0 || syncfs(fd) < 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	return rc ? tool_refuse("%s: %s", copy, strerror(rc)) : EXIT_DONE;
}

static int copy_make(const char *directory, const char *copy, const char *where)
{
	char real[PATH_MAX];
	int rc = tree_copy(directory, copy, database_is_postgresql(where) ? NULL : where);

	if (rc)
		return rc;
	rc = database_into(directory, copy, where);
	if (!rc)
		rc = copy_sync(copy);
	if (rc) {
		(void)nftw(copy, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
		return rc;
	}
	printf("%s: a copy of the TAM in %s, with all its secrets\n", copy, directory);
	return realpath(copy, real) ? elsewhere_tell(real, "not in the copy, as it is elsewhere")
				    : tool_refuse("%s: %s", copy, strerror(errno));
}

int command_backup(int argc, char **argv)
{
	char directory[PATH_MAX], database[PATH_MAX];
	struct tam_config config;
	const char *words[2];
	int rc = arguments_parse(argc, argv, backup_help, NULL, 0, words, 2);

	if (rc >= 0)
		return rc;
	if (!realpath(words[0], directory))
		return tool_refuse("%s: %s", words[0], strerror(errno));
	rc = config_read(directory, &config);
	if (rc)
		return rc;
	if (database_is_postgresql(config.database))
		rc = copy_make(directory, words[1], config.database);
	else if (realpath(config.database, database))
		rc = copy_make(directory, words[1], database);
	else
		rc = tool_refuse("%s: %s", config.database, strerror(errno));
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

/* An empty one must not be made in the place of what a copy lacks, nor one that another TAM has be
 * taken for it. */
static int database_there(const char *directory, const struct tam_config *config)
{
	char real[PATH_MAX];

	if (path_leads_into(directory, config->database, real))
		return EXIT_DONE;
	return access(config->database, F_OK) < 0
		       ? tool_refuse("the copy is not complete: it has no %s",
				     path_is_inside(directory, config->database)
					     ? config->database + strlen(directory) + 1
					     : config->database)
		       : tool_refuse("the copy is of a TAM with its database elsewhere, in %s: put "
				     "that into the copy, and change its tam.conf",
				     config->database);
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
	else
		rc = database_there(directory, &config);
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

/* The TAM is there at once or not at all: one that was begun would not spare devices. */
static int restore_whole(const char *copy, const char *to, const char *where)
{
	size_t size = strlen(to);
	char part[PATHS], directory[PATH_MAX];
	struct stat st;
	int rc;

	while (size > 1 && to[size - 1] == '/')
		size--;
	/* When a directory gets its last entry, which is the database. */
	if (stat(copy, &st) < 0)
		return tool_refuse("%s: %s", copy, strerror(errno));
	if (access(to, F_OK) == 0)
		return tool_refuse("%s: %s", to, strerror(EEXIST));
	if (snprintf(part, sizeof(part), "%.*s.part", (int)size, to) >= (int)sizeof(part))
		return tool_refuse("%s: %s", to, strerror(ENAMETOOLONG));
	rc = tree_copy(copy, part, NULL);
	if (rc)
		return rc;
	if (realpath(part, directory))
		rc = restored(directory, where, st.st_mtime);
	else
		rc = tool_refuse("%s: %s", part, strerror(errno));
	if (!rc)
		rc = copy_sync(directory);
	if (!rc && renameat2(AT_FDCWD, part, AT_FDCWD, to, RENAME_NOREPLACE) < 0)
		rc = tool_refuse("%s: %s", to, strerror(errno));
	if (rc)
		(void)nftw(part, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
	return rc;
}

int command_restore(int argc, char **argv)
{
	const char *words[2] = { NULL }, *where = NULL;
	bool finishes = false;
	const struct argument table[] = { { "database", &where, NULL },
					  { "finish", NULL, &finishes } };
	char copy[PATH_MAX], to[PATH_MAX], path[PATHS];
	int rc = arguments_parse(argc, argv, restore_help, table, 2, words, 2);

	if (rc >= 0)
		return rc;
	if (finishes == (words[1] != NULL)) {
		(void)tool_refuse("restore: --finish takes the directory alone, without a copy");
		return EXIT_USAGE;
	}
	if (finishes)
		return finish(words[0]);
	(void)snprintf(path, sizeof(path), "%s/" TAM_CONFIG_FILE, words[0]);
	if (access(path, R_OK) < 0 || !realpath(words[0], copy))
		return tool_refuse("%s: %s", path, strerror(errno));
	rc = restore_whole(copy, words[1], where);
	if (rc)
		return rc;
	if (!realpath(words[1], to))
		return tool_refuse("%s: %s", words[1], strerror(errno));
	rc = elsewhere_tell(to, "elsewhere, and not from the copy");
	if (rc)
		return rc;
	printf("%s: the TAM as it was copied\n"
	       "Serve it with `teesim tam serve %s`. Nothing is deleted from devices until you "
	       "have "
	       "brought back\nwhat came after the copy, and then run `teesim tam restore --finish "
	       "%s`.\n",
	       words[1], words[1], words[1]);
	return EXIT_DONE;
}
