/* Several processes on one database, and what is left when one is killed. */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "database_kit.h"
#include "teep/tam/catalogue.h"
#include "teep/tam/database_backend.h"
#include "teep/tam/deployment.h"
#include "teep/tam/device_table.h"
#include "teep/tam/event_log.h"
#include "teep/tam/message_log.h"
#include "teep/tam/session_table.h"
#include "teep/tam/token.h"
#include "teep/tam/vault.h"

TestSuite(tam_concurrency, .init = kit_begin, .fini = kit_end, .timeout = 500);

#define PROCESSES 4

/* Each with a handle of its own; what `work` returns is the process's status. */
static void children_run(int (*work)(struct tam_database *database, int number), pid_t pids[])
{
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		cr_assert_geq(pids[i], 0);
		if (pids[i] == 0) {
			const struct tam_database_options options = { .where = kit.where,
								      .vault = kit.vault };
			struct tam_database *database;
			char err[256];
			int rc = tam_database_open(&database, &options, err, sizeof(err));

			if (!rc)
				rc = work(database, i);
			if (rc)
				fprintf(stderr, "process %d: %d %s\n", i, rc,
					database ? tam_database_error(database) : err);
			tam_database_close(database);
			_exit(rc ? 1 : 0);
		}
	}
}

static void children_end(pid_t pids[], bool well)
{
	for (int i = 0; i < PROCESSES; i++) {
		int status;

		cr_assert_eq(waitpid(pids[i], &status, 0), pids[i]);
		if (well)
			cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "process %d: %d",
				  i, status);
	}
}

static void in_processes(int (*work)(struct tam_database *database, int number))
{
	pid_t pids[PROCESSES];

	/* A handle is one process's. */
	tam_database_close(kit.db);
	kit.db = NULL;
	children_run(work, pids);
	children_end(pids, true);
	kit.db = kit_open();
}

/* ---- Everything is done once ----------------------------------------------------------------- */

static int add_one(struct tam_database *database, void *context)
{
	int64_t value;
	int rc = tam_database_integer(database, &value,
				      "SELECT created FROM sp WHERE spid = 'counter' FOR UPDATE",
				      TAM_NO_VALUES);

	(void)context;
	return rc ? rc
		  : tam_database_run(database, "UPDATE sp SET created = $1 WHERE spid = 'counter'",
				     TAM_VALUES(tam_integer(value + 1)), NULL);
}

static int count_up(struct tam_database *database, int number)
{
	int rc = 0;

	for (int i = 0; !rc && i < 50; i++)
		rc = tam_database_transaction(database, number % 2 ? TAM_DURABLE : TAM_RELAXED,
					      add_one, NULL);
	return rc;
}

Test(tam_concurrency, no_change_is_lost)
{
	kit_run("INSERT INTO sp(spid, name, created) VALUES('counter', '', 0)");
	in_processes(count_up);
	cr_assert_eq(kit_count("SELECT created FROM sp"), 50 * PROCESSES);
}

/* Every process takes every answer of every session; one of them gets to store. */
static int answer_sessions(struct tam_database *database, int number)
{
	ARENA_AUTO arena = { 0 };
	char tid[16];
	int rc = 0;

	(void)number;
	for (int i = 0; i < 40 && !rc; i++) {
		struct session session;

		snprintf(tid, sizeof(tid), "s%d", i % 10);
		rc = session_table_get(database, tid, &arena, &session);
		if (rc)
			break;
		session.attempts++;
		rc = session_table_store(database, &session);
		if (rc == -ESTALE) {
			/* Somebody else did. */
			rc = 0;
			continue;
		}
		if (!rc) {
			struct message message = { .tid = tid, .kind = "x", .decoded = "{}" };

			rc = message_log_add(database, &message);
		}
	}
	return rc;
}

Test(tam_concurrency, each_answer_counts_once)
{
	for (int i = 0; i < 10; i++) {
		char tid[16];
		struct session session = { .tid = tid, .secret = span_of("key", 3) };

		snprintf(tid, sizeof(tid), "s%d", i);
		cr_assert_eq(session_table_add(kit.db, &session), 0);
	}
	in_processes(answer_sessions);
	/* attempts is how often somebody thought that he had stored. */
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM session WHERE attempts <> revision - 1"), 0);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM session WHERE messages <> attempts"), 0);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM message") -
			     kit_count("SELECT CAST(SUM(attempts) AS BIGINT) FROM session"),
		     0);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM (SELECT DISTINCT tid, seq FROM message) d"),
		     kit_count("SELECT COUNT(*) FROM message"), "no number twice");
}

static int register_devices(struct tam_database *database, int number)
{
	ARENA_AUTO arena = { 0 };
	int rc = 0;

	(void)number;
	for (int i = 1; i <= 8 && !rc; i++) {
		struct device device;

		rc = device_table_register(database, kit_did(i), kit_certificate(i, "TEE", NULL),
					   (struct span) { 0 }, "simtee-0", &arena, &device);
		for (int tries = 0; !rc && tries < 20; tries++) {
			device.dsi_generation++;
			rc = device_table_store(database, &device);
			if (rc != -ESTALE)
				break;
			rc = device_table_get(database, kit_did(i), &arena, &device);
		}
	}
	return rc == -ESTALE ? 0 : rc;
}

Test(tam_concurrency, devices_that_come_at_once_are_one_row_and_join_deployments_once)
{
	struct wanted what = {
		.scope = SCOPE_ALL, .spid = "a", .sdname = "sd", .taid = TA_1, .present = true
	};
	struct deployment deployment;
	const char *why;

	kit_sp("a", 9);
	kit_ta("a", TA_1, 1, 9);
	for (int i = 1; i <= 8; i++)
		(void)kit_certificate(i, "TEE", NULL);
	cr_assert_eq(deployment_start(kit.db, &what, &kit.arena, &deployment, &why), 0);
	in_processes(register_devices);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM device"), 8);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM deployment_device"), 8);
}

/* A deployment and a device, each in a transaction of its own, the first of which waits to be sure
 * that the second has begun. */
struct encounter {
	int (*first)(struct tam_database *database), (*second)(struct tam_database *database);
	struct tam_database *other;
	pthread_t thread;
	int second_rc;
};

static int device_comes(struct tam_database *database)
{
	ARENA_AUTO arena = { 0 };
	struct device device;

	return device_table_register(database, kit_did(1), kit_certificate(1, "TEE", NULL),
				     (struct span) { 0 }, "simtee-0", &arena, &device);
}

static enum wanted_scope scope_deployed;

static int deployment_starts(struct tam_database *database)
{
	struct wanted what = { .scope = scope_deployed,
			       .scope_id = scope_deployed == SCOPE_ALL ? "" : kit_did(1),
			       .spid = "a",
			       .sdname = "sd",
			       .taid = TA_1,
			       .present = true };
	ARENA_AUTO arena = { 0 };
	struct deployment deployment;
	const char *why;

	return deployment_start(database, &what, &arena, &deployment, &why);
}

static int deployment_is_taken_back(struct tam_database *database)
{
	int64_t id;
	const int rc = tam_database_integer(database, &id, "SELECT id FROM wanted", TAM_NO_VALUES);

	return rc ? rc : wanted_remove(database, id, NULL);
}

static void *second_run(void *context)
{
	struct encounter *encounter = context;

	encounter->second_rc = encounter->second(encounter->other);
	return NULL;
}

static int first_run(struct tam_database *database, void *context)
{
	struct encounter *encounter = context;
	const int rc = encounter->first(database);

	if (rc || pthread_create(&encounter->thread, NULL, second_run, encounter))
		return rc ? rc : -EIO;
	usleep(200000);
	return 0;
}

static void meet(int (*first)(struct tam_database *), int (*second)(struct tam_database *))
{
	struct encounter encounter = { .first = first, .second = second, .other = kit_open() };

	cr_assert_eq(tam_database_transaction(kit.db, TAM_DURABLE, first_run, &encounter), 0);
	(void)pthread_join(encounter.thread, NULL);
	cr_assert_eq(encounter.second_rc, 0, "%d", encounter.second_rc);
	tam_database_close(encounter.other);
}

Test(tam_concurrency, a_device_that_comes_as_a_deployment_starts_is_one_of_its_devices)
{
	(void)kit_certificate(1, "TEE", NULL);
	kit_sp("a", 9);
	kit_ta("a", TA_1, 1, 9);
	for (int scope = 0; scope < 2; scope++) {
		scope_deployed = scope ? SCOPE_DEVICE : SCOPE_ALL;
		for (int order = 0; order < 2; order++) {
			if (order)
				meet(deployment_starts, device_comes);
			else
				meet(device_comes, deployment_starts);
			cr_assert_eq(kit_count("SELECT COUNT(*) FROM deployment_device"), 1,
				     "%d %d", scope, order);
			kit_run("DELETE FROM deployment");
			kit_run("DELETE FROM wanted");
			kit_run("DELETE FROM device");
		}
	}
}

Test(tam_concurrency, a_device_that_comes_as_a_deployment_ends_is_none_of_its_devices)
{
	(void)kit_certificate(1, "TEE", NULL);
	kit_sp("a", 9);
	kit_ta("a", TA_1, 1, 9);
	for (int order = 0; order < 2; order++) {
		scope_deployed = SCOPE_ALL;
		cr_assert_eq(deployment_starts(kit.db), 0);
		if (order)
			meet(deployment_is_taken_back, device_comes);
		else
			meet(device_comes, deployment_is_taken_back);
		cr_assert_eq(kit_count("SELECT COUNT(*) FROM deployment_device"), 0, "%d", order);
		kit_run("DELETE FROM device");
	}
}

static struct span packages[PROCESSES][5];

/* All the same taid, each process its own images. */
static int add_packages(struct tam_database *database, int number)
{
	ARENA_AUTO arena = { 0 };
	int rc = 0;

	for (int i = 0; i < 5 && !rc; i++) {
		struct ta_version version;
		const char *why;

		rc = catalogue_add(database, "a", packages[number][i], NULL, false, &arena,
				   &version, &why);
		if (rc == -EEXIST || rc == -ESTALE)
			rc = 0;
	}
	return rc;
}

Test(tam_concurrency, a_version_is_one_image_whoever_comes_first)
{
	char image[32];

	kit_sp("a", 9);
	for (int p = 0; p < PROCESSES; p++)
		for (int i = 0; i < 5; i++) {
			snprintf(image, sizeof(image), "image %d of %d", i, p);
			packages[p][i] = kit_package(TA_1, (uint32_t)i + 1, image, 9);
		}
	in_processes(add_packages);
	cr_assert_leq(kit_count("SELECT COUNT(*) FROM ta_version"), 5);
	cr_assert_eq(kit_count("SELECT MAX(version) FROM ta_version"), 5);
	cr_assert_eq(kit_count("SELECT newest FROM ta"), 5);
}

static int64_t admin_ids[PROCESSES];

static int remove_admin(struct tam_database *database, int number)
{
	const int rc = token_remove(database, admin_ids[number]);

	return rc == -EBUSY ? 0 : rc;
}

Test(tam_concurrency, admins_who_remove_each_other_leave_one)
{
	char text[TOKEN_TEXT_SIZE];

	for (int i = 0; i < PROCESSES; i++)
		cr_assert_eq(token_make(kit.db, "x", TOKEN_ADMIN, NULL, text, &admin_ids[i]), 0);
	in_processes(remove_admin);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM token"), 1);
}

/* In opposite orders, so that they stand in each other's way. */
static int cross(struct tam_database *database, void *context)
{
	const int number = *(int *)context;
	int rc = 0;

	for (int i = 0; i < 2 && !rc; i++) {
		rc = tam_database_run(database,
				      "UPDATE sp SET created = created + 1 WHERE spid = $1",
				      TAM_VALUES(tam_text((i ^ number) & 1 ? "a" : "b")), NULL);
		usleep(2000);
	}
	return rc;
}

static int cross_often(struct tam_database *database, int number)
{
	int rc = 0;

	for (int i = 0; i < 5 && !rc; i++)
		rc = tam_database_transaction(database, TAM_RELAXED, cross, &number);
	return rc;
}

Test(tam_concurrency, who_meets_a_deadlock_starts_again)
{
	kit_run("INSERT INTO sp(spid, name, created) VALUES('a', '', 0), ('b', '', 0)");
	if (kit_is_postgresql()) {
		/* Not a second for each. */
		char command[700];

		snprintf(
			command, sizeof(command),
			"psql -q '%s' -c \"ALTER SYSTEM SET deadlock_timeout = '10ms'\" -c 'SELECT "
			"pg_reload_conf()' >/dev/null",
			getenv("TEESIM_TEST_DATABASE"));
		cr_assert_eq(system(command), 0);
	}
	in_processes(cross_often);
	cr_assert_eq(kit_count("SELECT MIN(created) FROM sp"), 5 * PROCESSES);
	cr_assert_eq(kit_count("SELECT MAX(created) FROM sp"), 5 * PROCESSES);
}

static int open_often(struct tam_database *database, int number)
{
	int rc = 0;

	(void)database;
	(void)number;
	for (int i = 0; i < 5 && !rc; i++) {
		const struct tam_database_options options = { .where = kit.where,
							      .create = true,
							      .vault = kit.vault };
		struct tam_database *other;
		char err[256];

		rc = tam_database_open(&other, &options, err, sizeof(err));
		if (rc)
			fprintf(stderr, "%s\n", err);
		tam_database_close(other);
	}
	return rc;
}

Test(tam_concurrency, many_open_at_once)
{
	in_processes(open_often);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM property"), 2);
}

/* ---- Threads on one handle ------------------------------------------------------------------- */

static struct tam_database *shared_open(void)
{
	const struct tam_database_options options = { .where = kit.where,
						      .shared = true,
						      .vault = kit.vault };
	struct tam_database *database;
	char err[256];

	return tam_database_open(&database, &options, err, sizeof(err)) ? NULL : database;
}

/* A change of two rows, every third of which is given up in between. */
static int both_change(struct tam_database *database, void *context)
{
	const int number = *(int *)context;
	int rc = tam_database_run(database, "UPDATE sp SET created = created + 1 WHERE spid = 'a'",
				  TAM_NO_VALUES, NULL);

	if (!rc && number % 3 == 2)
		return -ECANCELED;
	return rc ? rc
		  : tam_database_run(database,
				     "UPDATE sp SET created = created + 1 WHERE spid = 'b'",
				     TAM_NO_VALUES, NULL);
}

static void *changes_make(void *failed)
{
	struct tam_database *database = shared_open();
	int rc = database ? 0 : -EIO;

	for (int i = 0; !rc && i < 60; i++) {
		int64_t apart = 0;

		rc = tam_database_transaction(database, i % 2 ? TAM_DURABLE : TAM_RELAXED,
					      both_change, &i);
		if (rc != (i % 3 == 2 ? -ECANCELED : 0))
			break;
		rc = tam_database_integer(database, &apart,
					  "SELECT MAX(created) - MIN(created) FROM sp",
					  TAM_NO_VALUES);
		if (!rc && apart)
			rc = -EIO;
	}
	if (rc)
		atomic_store((atomic_int *)failed, rc);
	tam_database_close(database);
	return NULL;
}

Test(tam_concurrency, transactions_of_threads_do_not_mingle)
{
	pthread_t threads[PROCESSES];
	atomic_int failed = 0;

	kit_run("INSERT INTO sp(spid, name, created) VALUES('a', '', 0), ('b', '', 0)");
	for (int i = 0; i < PROCESSES; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, changes_make, &failed), 0);
	for (int i = 0; i < PROCESSES; i++)
		(void)pthread_join(threads[i], NULL);
	cr_assert_eq(failed, 0, "%d", failed);
	cr_assert_eq(kit_count("SELECT MIN(created) FROM sp"), 40 * PROCESSES);
	cr_assert_eq(kit_count("SELECT MAX(created) FROM sp"), 40 * PROCESSES);
}

struct meeting {
	struct tam_database *reader, *writer;
	pthread_t thread;
	atomic_bool begins;
	int written;
};

static void *one_writes(void *context)
{
	struct meeting *meeting = context;
	int number = 0;

	atomic_store(&meeting->begins, true);
	meeting->written =
		tam_database_transaction(meeting->writer, TAM_DURABLE, both_change, &number);
	return NULL;
}

/* With the file being written by somebody who has a handle of his own. */
static int read_meanwhile(struct tam_database *database, void *context)
{
	struct meeting *meeting = context;
	int64_t seen = -1;
	int number = 0, rc = both_change(database, &number);

	if (rc || pthread_create(&meeting->thread, NULL, one_writes, meeting))
		return -EIO;
	while (!atomic_load(&meeting->begins))
		usleep(1000);
	usleep(50000);
	rc = tam_database_integer(meeting->reader, &seen, "SELECT MAX(created) FROM sp",
				  TAM_NO_VALUES);
	return rc ? rc : seen == 0 ? 0 : -EIO;
}

/* Whoever waited for the writer, which waits for this thread, would wait until it gives up, or for
 * ever.
 */
Test(tam_concurrency, a_thread_reads_while_another_waits_to_write)
{
	struct meeting meeting = { .reader = shared_open(), .writer = shared_open() };

	kit_run("INSERT INTO sp(spid, name, created) VALUES('a', '', 0), ('b', '', 0)");
	cr_assert_eq(tam_database_transaction(kit.db, TAM_DURABLE, read_meanwhile, &meeting), 0);
	(void)pthread_join(meeting.thread, NULL);
	cr_assert_eq(meeting.written, 0);
	cr_assert_eq(kit_count("SELECT MIN(created) FROM sp"), 2);
	tam_database_close(meeting.reader);
	tam_database_close(meeting.writer);
}

/* ---- Killed in the middle -------------------------------------------------------------------- */

/* Two rows that always belong together. */
static int write_pair(struct tam_database *database, void *context)
{
	const int64_t n = ++*(int64_t *)context;
	struct message message = { .tid = "t", .kind = "x", .decoded = "{}" };
	char spid[32];
	int rc;

	snprintf(spid, sizeof(spid), "%d-%lld", getpid(), (long long)n);
	rc = tam_database_run(database, "INSERT INTO sp(spid, name, created) VALUES($1, '', 0)",
			      TAM_VALUES(tam_text(spid)), NULL);
	if (!rc)
		rc = message_log_add(database, &message);
	return rc ? rc
		  : tam_database_run(database,
				     "INSERT INTO event(at, kind, subject, spid, who, text) "
				     "VALUES(0, 'x', $1, '', '', '')",
				     TAM_VALUES(tam_text(spid)), NULL);
}

/* Of all processes: how many transactions there were. */
static _Atomic int *written;

static int write_for_ever(struct tam_database *database, int number)
{
	int64_t n = 0;
	int rc = 0;

	while (!rc) {
		rc = tam_database_transaction(database, number % 2 ? TAM_DURABLE : TAM_RELAXED,
					      write_pair, &n);
		++*written;
	}
	return rc;
}

Test(tam_concurrency, who_is_killed_leaves_whole_transactions)
{
	struct session session = { .tid = "t" };
	pid_t pids[PROCESSES];

	written = mmap(NULL, sizeof(*written), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	cr_assert_neq(written, MAP_FAILED);
	cr_assert_eq(session_table_add(kit.db, &session), 0);
	tam_database_close(kit.db);
	for (int round = 0; round < 5; round++) {
		const int enough = *written + 20 + round;

		children_run(write_for_ever, pids);
		while (*written < enough)
			usleep(500);
		for (int i = 0; i < PROCESSES; i++)
			cr_assert_eq(kill(pids[i], SIGKILL), 0);
		children_end(pids, false);
	}
	kit.db = kit_open();
	cr_assert_geq(kit_count("SELECT COUNT(*) FROM sp"), *written);
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM sp"), kit_count("SELECT COUNT(*) FROM event"));
	cr_assert_eq(kit_count(
			     "SELECT COUNT(*) FROM sp WHERE NOT EXISTS (SELECT 1 FROM event WHERE "
			     "subject = sp.spid)"),
		     0);
	cr_assert_eq(kit_count("SELECT messages FROM session"),
		     kit_count("SELECT COUNT(*) FROM message"));
	if (!kit_is_postgresql())
		cr_assert_eq(kit_count("SELECT COUNT(*) FROM pragma_integrity_check WHERE "
				       "integrity_check = 'ok'"),
			     1);
}

/* Who stands still in a transaction does not keep the others out for ever; who reads keeps nobody
 * out at all. */
Test(tam_concurrency, readers_and_writers_do_not_wait_for_each_other)
{
	struct tam_database *other = kit_open();
	TAM_ROWS_AUTO *rows = NULL;
	int64_t count;

	kit_run("INSERT INTO sp(spid, name, created) VALUES('a', '', 0), ('b', '', 0)");
	cr_assert_eq(tam_database_query(kit.db, &rows, "SELECT spid FROM sp ORDER BY spid",
					TAM_NO_VALUES),
		     0);
	cr_assert_eq(tam_rows_next(rows), 1);
	cr_assert_eq(tam_database_run(other,
				      "INSERT INTO sp(spid, name, created) VALUES('c', '', 0)",
				      TAM_NO_VALUES, NULL),
		     0);
	cr_assert_eq(tam_rows_next(rows), 1);
	cr_assert_eq(tam_rows_next(rows), 0, "what is read is of one moment");
	tam_rows_close(rows);
	rows = NULL;
	cr_assert_eq(tam_database_integer(kit.db, &count, "SELECT COUNT(*) FROM sp", TAM_NO_VALUES),
		     0);
	cr_assert_eq(count, 3);
	tam_database_close(other);
}

/* ---- Logs that somebody follows ----------------------------------------------------------------
 */

static int write_both(struct tam_database *database, const char *who)
{
	struct message message = { .tid = who, .kind = "x", .decoded = "{}" };
	const int rc = event_log_add(database, "x", who, NULL, NULL, "");

	return rc ? rc : message_log_add(database, &message);
}

/* Everything that there is behind `after`, which goes on to the last of it. */
static void follow(int64_t after[2], size_t count[2], const char *text[2])
{
	const struct message_filter filter = { .after = after[1], .limit = 1000 };
	struct message *messages;
	struct event *events;

	cr_assert_eq(event_log_list(kit.db, NULL, NULL, after[0], 1000, &kit.arena, &events,
				    &count[0]),
		     0, "%s", tam_database_error(kit.db));
	cr_assert_eq(message_log_list(kit.db, &filter, &kit.arena, &messages, &count[1]), 0, "%s",
		     tam_database_error(kit.db));
	for (size_t i = 0; i < count[0]; i++) {
		if (i < 2)
			text[i] = events[i].subject;
		cr_assert_gt(events[i].id, after[0]);
		after[0] = events[i].id;
	}
	for (size_t i = 0; i < count[1]; i++) {
		cr_assert_gt(messages[i].id, after[1]);
		after[1] = messages[i].id;
	}
}

/* Of both the same. */
static size_t followed(int64_t after[2], const char *text[2])
{
	size_t count[2];

	follow(after, count, text);
	cr_assert_eq(count[0], count[1]);
	return count[0];
}

struct overtaking {
	struct tam_database *other;
	int64_t *after;
	bool fails;
};

static int write_overtaken(struct tam_database *database, void *context)
{
	const struct overtaking *overtaking = context;
	const char *text[2];
	int rc = write_both(database, "slow");

	if (!rc)
		rc = write_both(overtaking->other, "quick");
	cr_assert_eq(followed(overtaking->after, text), 0,
		     "nothing is told from behind what is not committed");
	return rc ? rc : overtaking->fails ? -EIO : 0;
}

/* Numbered first, committed last: on SQLite there is no such thing. */
Test(tam_concurrency, who_follows_a_log_misses_nothing_that_is_committed_late)
{
	int64_t after[2] = { 0, 0 }, begin[2] = { -1, -1 };
	struct overtaking overtaking = { .after = after };
	struct tam_database *other;
	const char *text[2];

	if (!kit_is_postgresql())
		return;
	overtaking.other = kit_open();
	other = kit_open();
	cr_assert_eq(tam_database_transaction(other, TAM_RELAXED, write_overtaken, &overtaking), 0);
	cr_assert_eq(followed(after, text), 2);
	cr_assert_str_eq(text[0], "slow");
	cr_assert_str_eq(text[1], "quick");
	cr_assert_eq(followed(after, text), 0);
	/* Its numbers are never used. */
	overtaking.fails = true;
	cr_assert_eq(tam_database_transaction(other, TAM_RELAXED, write_overtaken, &overtaking),
		     -EIO);
	cr_assert_eq(followed(after, text), 1);
	cr_assert_str_eq(text[0], "quick");
	/* Who begins with the last page goes on from there as well. */
	overtaking.fails = false;
	cr_assert_eq(followed(begin, text), 3);
	overtaking.after = begin;
	cr_assert_eq(tam_database_transaction(other, TAM_DURABLE, write_overtaken, &overtaking), 0);
	cr_assert_eq(followed(begin, text), 2);
	/* Numbers grow for ever, and what is held of them does not. */
	kit_run("ALTER SEQUENCE event_id_seq RESTART WITH 6442450943");
	kit_run("ALTER SEQUENCE message_id_seq RESTART WITH 2147483647");
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(tam_database_transaction(other, TAM_RELAXED, write_overtaken,
						      &overtaking),
			     0);
		cr_assert_eq(followed(begin, text), 2);
		cr_assert_str_eq(text[0], "slow");
	}
	tam_database_close(other);
	tam_database_close(overtaking.other);
}

#define WRITES 60

static int write_slowly(struct tam_database *database, void *context)
{
	const int *number = context;
	char who[16];
	int rc;

	snprintf(who, sizeof(who), "%d", *number);
	rc = write_both(database, who);
	usleep((useconds_t)(*number * 7919 % 5000));
	return rc;
}

static int write_often(struct tam_database *database, int number)
{
	int rc = 0;

	for (int i = 0; i < WRITES && !rc; i++)
		rc = tam_database_transaction(database, TAM_RELAXED, write_slowly,
					      &(int) { number * WRITES + i });
	return rc;
}

Test(tam_concurrency, who_follows_a_log_sees_what_all_processes_write_once)
{
	int64_t after[2] = { 0, 0 };
	size_t seen[2] = { 0, 0 }, count[2];
	pid_t pids[PROCESSES];
	const char *text[2];

	tam_database_close(kit.db);
	kit.db = NULL;
	children_run(write_often, pids);
	kit.db = kit_open();
	for (bool ended = false; !ended;) {
		siginfo_t info = { 0 };

		cr_assert_eq(waitid(P_PID, (id_t)pids[PROCESSES - 1], &info,
				    WEXITED | WNOHANG | WNOWAIT),
			     0);
		ended = info.si_pid != 0;
		follow(after, count, text);
		seen[0] += count[0];
		seen[1] += count[1];
		arena_clear(&kit.arena);
		usleep(300);
	}
	children_end(pids, true);
	follow(after, count, text);
	cr_assert_eq(seen[0] + count[0], PROCESSES * WRITES);
	cr_assert_eq(seen[1] + count[1], PROCESSES * WRITES);
}

/* ---- The server goes away -------------------------------------------------------------------- */

static void connections_end(void)
{
	char command[700];

	snprintf(command, sizeof(command),
		 "psql -q '%s' -c \"SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity "
		 "WHERE "
		 "application_name = 'teesim-tam'\" >/dev/null",
		 getenv("TEESIM_TEST_DATABASE"));
	cr_assert_eq(system(command), 0);
}

static int lose_once(struct tam_database *database, void *context)
{
	int *times = context;
	int rc =
		tam_database_run(database, "INSERT INTO sp(spid, name, created) VALUES('a', '', 0)",
				 TAM_NO_VALUES, NULL);

	if (!rc && !(*times)++)
		connections_end();
	return rc ? rc
		  : tam_database_run(database,
				     "INSERT INTO sp(spid, name, created) VALUES('b', '', 0)",
				     TAM_NO_VALUES, NULL);
}

Test(tam_concurrency, a_connection_that_is_lost_is_made_anew)
{
	int times = 0;
	int64_t count;

	if (!kit_is_postgresql())
		return;
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM sp"), 0);
	connections_end();
	cr_assert_eq(tam_database_integer(kit.db, &count, "SELECT COUNT(*) FROM sp", TAM_NO_VALUES),
		     0, "%s", tam_database_error(kit.db));
	connections_end();
	kit_run("INSERT INTO sp(spid, name, created) VALUES('before', '', 0)");
	cr_assert_eq(tam_database_transaction(kit.db, TAM_DURABLE, lose_once, &times), 0, "%s",
		     tam_database_error(kit.db));
	cr_assert_eq(times, 2, "lost once, and started again");
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM sp"), 3);
}

/* The server's process for this connection stands still, as if its machine did. */
static pid_t backend_stop(struct tam_database *database)
{
	int64_t pid = 0;

	cr_assert_eq(tam_database_integer(database, &pid, "SELECT CAST(pg_backend_pid() AS BIGINT)",
					  TAM_NO_VALUES),
		     0);
	cr_assert_eq(kill((pid_t)pid, SIGSTOP), 0);
	return (pid_t)pid;
}

static int stop_once(struct tam_database *database, void *context)
{
	pid_t *stopped = context;

	if (!*stopped)
		*stopped = backend_stop(database);
	return tam_database_run(database, "INSERT INTO sp(spid, name, created) VALUES('a', '', 0)",
				TAM_NO_VALUES, NULL);
}

Test(tam_concurrency, who_gets_no_answer_waits_no_longer_and_connects_anew)
{
	pid_t reading, writing = 0;
	int64_t count;

	if (!kit_is_postgresql())
		return;
	tam_postgresql_patience_ms = 300;
	reading = backend_stop(kit.db);
	cr_assert_eq(tam_database_integer(kit.db, &count, "SELECT COUNT(*) FROM sp", TAM_NO_VALUES),
		     0, "%s", tam_database_error(kit.db));
	cr_assert_eq(tam_database_transaction(kit.db, TAM_DURABLE, stop_once, &writing), 0, "%s",
		     tam_database_error(kit.db));
	cr_assert_eq(kill(reading, SIGCONT), 0);
	cr_assert_eq(kill(writing, SIGCONT), 0);
	tam_postgresql_patience_ms = 65000;
	cr_assert_eq(kit_count("SELECT COUNT(*) FROM sp"), 1);
}
