#include "teep/tam/database_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <limits.h>
#include <spawn.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device/paths.h"
#include "teep/tam/database.h"

#define BUSY_MS	      30000
#define ARGUMENTS_MAX 12

static int file_make(const char *path, char *err, size_t errlen)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0) {
		const int rc = -errno;

		snprintf(err, errlen, "%s: %s", path, strerror(-rc));
		return rc;
	}
	close(fd);
	return 0;
}

static int file_sync(const char *path, char *err, size_t errlen)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	const int rc = fd < 0 || fsync(fd) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	if (rc)
		snprintf(err, errlen, "%s: %s", path, strerror(-rc));
	return rc;
}

/* ---- SQLite ---------------------------------------------------------------------------------- */

/* Writers go on meanwhile: what is copied is what was committed when it began. */
static int sqlite_copy(const char *where, const char *out, char *err, size_t errlen)
{
	char from[PATH_MAX], to[PATH_MAX];
	sqlite3_stmt *statement = NULL;
	sqlite3 *handle = NULL;
	int code, rc = paths_follow(where, from, sizeof(from));

	if (rc) {
		snprintf(err, errlen, "%s: %s", where, strerror(-rc));
		return rc;
	}
	/* What is written is opened as what is read. */
	rc = paths_follow(out, to, sizeof(to));
	if (rc) {
		snprintf(err, errlen, "%s: %s", out, strerror(-rc));
		return rc;
	}
	code = sqlite3_open_v2(from, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL);
	if (code == SQLITE_OK) {
		(void)sqlite3_busy_timeout(handle, BUSY_MS);
		code = sqlite3_prepare_v2(handle, "VACUUM INTO ?1", -1, &statement, NULL);
	}
	if (code == SQLITE_OK)
		code = sqlite3_bind_text(statement, 1, to, -1, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code != SQLITE_DONE)
		snprintf(err, errlen, "%s: %s", where,
			 handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code));
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(handle);
	return code == SQLITE_DONE ? 0 : -EIO;
}

/* ---- PostgreSQL ------------------------------------------------------------------------------ */

struct target {
	PQconninfoOption *options;
	char **environment; /* of the caller's process, with the connection's in place of its own */
	size_t count;
	char *schema; /* as in --schema=…; NULL: all of the database */
};

static void target_clear(struct target *target)
{
	for (size_t i = 0; i < target->count; i++)
		free(target->environment[i]);
	free(target->environment);
	free(target->schema);
	PQconninfoFree(target->options);
}

static bool environment_add(struct target *target, const char *name, const char *value)
{
	if (asprintf(&target->environment[target->count], "%s%s%s", name, value ? "=" : "",
		     value ? value : "") < 0)
		return false;
	target->environment[++target->count] = NULL;
	return true;
}

static bool environment_make(struct target *target)
{
	size_t count = 1;
	bool good;

	for (char **at = environ; *at; at++)
		count++;
	for (const PQconninfoOption *at = target->options; at->keyword; at++)
		count++;
	target->environment = calloc(count, sizeof(char *));
	good = target->environment != NULL;
	for (char **at = environ; good && *at; at++)
		if (strncmp(*at, "PG", 2) != 0)
			good = environment_add(target, *at, NULL);
	for (const PQconninfoOption *at = target->options; good && at->keyword; at++)
		if (at->envvar && at->val)
			good = environment_add(target, at->envvar, at->val);
	return good;
}

static const char *option(const struct target *target, const char *keyword)
{
	for (const PQconninfoOption *at = target->options; at->keyword; at++)
		if (strcmp(at->keyword, keyword) == 0)
			return at->val;
	return NULL;
}

/* Where a connection would make its tables. */
static int schema_find(struct target *target, const char *where, char *err, size_t errlen)
{
	const char *const names[] = { "dbname", "connect_timeout", NULL };
	const char *const values[] = { where, "10", NULL };
	PGconn *connection = PQconnectdbParams(names, values, 1);
	PGresult *result = NULL;
	const char *schema = NULL;
	int rc = 0;

	if (connection && PQstatus(connection) == CONNECTION_OK)
		result = PQexec(connection, "SELECT COALESCE(current_schema(), 'public')");
	if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1) {
		schema = PQgetvalue(result, 0, 0);
	} else {
		const char *text = connection ? PQerrorMessage(connection) : "no memory";

		snprintf(err, errlen, "%.*s", (int)strcspn(text, "\n"), text);
		rc = -ECONNREFUSED;
	}
	if (schema && strcmp(schema, "public") != 0 &&
	    asprintf(&target->schema, "--schema=\"%s\"", schema) < 0)
		rc = -ENOMEM;
	PQclear(result);
	PQfinish(connection);
	return rc;
}

static int target_open(struct target *target, const char *where, bool with_schema, char *err,
		       size_t errlen)
{
	char *problem = NULL;

	*target = (struct target) { .options = PQconninfoParse(where, &problem) };
	if (!target->options) {
		snprintf(err, errlen, "%.*s", problem ? (int)strcspn(problem, "\n") : 9,
			 problem ? problem : "no memory");
		PQfreemem(problem);
		return -EINVAL;
	}
	if (!environment_make(target)) {
		snprintf(err, errlen, "no memory");
		return -ENOMEM;
	}
	return with_schema ? schema_find(target, where, err, errlen) : 0;
}

/* What the program says on stderr is its user's to read. */
static int program_run(const struct target *target, char *const arguments[], char *err,
		       size_t errlen)
{
	int status = 0, rc;
	pid_t pid;

	rc = posix_spawnp(&pid, arguments[0], NULL, NULL, arguments, target->environment);
	if (rc == ENOENT)
		snprintf(err, errlen,
			 "there is no %s here: it comes with PostgreSQL's client programs "
			 "(postgresql-client)",
			 arguments[0]);
	else if (rc)
		snprintf(err, errlen, "%s: %s", arguments[0], strerror(rc));
	if (rc)
		return -rc;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	snprintf(err, errlen, "%s failed, as it says", arguments[0]);
	return -EIO;
}

static int postgresql_copy(const char *where, const char *out, char *err, size_t errlen)
{
	struct target target;
	int rc = target_open(&target, where, true, err, errlen);

	if (!rc) {
		char *const arguments[ARGUMENTS_MAX] = {
			(char *)"pg_dump",    (char *)"--format=custom",
			(char *)"--no-owner", (char *)"--no-privileges",
			(char *)"--file",     (char *)out,
			target.schema
		};

		rc = program_run(&target, arguments, err, errlen);
	}
	target_clear(&target);
	return rc;
}

int database_restore(const char *in, const char *where, char *err, size_t errlen)
{
	struct target target;
	int rc = target_open(&target, where, false, err, errlen);

	if (!rc) {
		const char *name = option(&target, "dbname");
		char *const arguments[ARGUMENTS_MAX] = { (char *)"pg_restore",
							 (char *)"--no-owner",
							 (char *)"--no-privileges",
							 (char *)"--exit-on-error",
							 (char *)"--single-transaction",
							 (char *)"--dbname",
							 (char *)(name ? name : "postgres"),
							 (char *)in };

		rc = program_run(&target, arguments, err, errlen);
	}
	target_clear(&target);
	return rc;
}

/* Whoever was killed on the way leaves no `out`, which is thus complete where it is there. */
int database_copy(const char *where, const char *out, char *err, size_t errlen)
{
	char part[PATH_MAX];
	int rc;

	if (snprintf(part, sizeof(part), "%s.part", out) >= (int)sizeof(part)) {
		snprintf(err, errlen, "%.200s…: %s", out, strerror(ENAMETOOLONG));
		return -ENAMETOOLONG;
	}
	rc = file_make(part, err, errlen);
	if (rc)
		return rc;
	rc = database_is_postgresql(where) ? postgresql_copy(where, part, err, errlen)
					   : sqlite_copy(where, part, err, errlen);
	if (!rc)
		rc = file_sync(part, err, errlen);
	if (!rc && renameat2(AT_FDCWD, part, AT_FDCWD, out, RENAME_NOREPLACE) < 0) {
		rc = -errno;
		snprintf(err, errlen, "%s: %s", out, strerror(-rc));
	}
	if (rc)
		(void)unlink(part);
	return rc;
}
