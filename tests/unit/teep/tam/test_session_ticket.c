/* Tids that tell by themselves whose they are, and when they were given. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "scratch_directory.h"
#include "teep/tam/session_ticket.h"

static char directory[64], err[256];

static struct vault *vault_new(const char *name)
{
	struct vault *vault;
	char path[96];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	cr_assert_eq(vault_make(path, err, sizeof(err)), 0, "%s", err);
	cr_assert_eq(vault_open(&vault, path, err, sizeof(err)), 0, "%s", err);
	return vault;
}

Test(session_ticket, is_read_by_its_own_vault_alone_and_unchanged)
{
	struct session_ticket made, other, read;
	struct vault *mine, *another;

	cr_assert(scratch_directory_make("ticket", directory, sizeof(directory)));
	mine = vault_new("mine");
	another = vault_new("another");
	cr_assert_eq(session_ticket_make(mine, 1790000000, 7, &made), 0);
	cr_assert_eq(session_ticket_make(mine, 1790000000, 7, &other), 0);
	cr_expect_str_neq(made.tid, other.tid);
	cr_expect_str_neq(made.rid, other.rid);
	cr_expect_null(strstr(made.tid, made.rid));

	cr_assert_eq(session_ticket_parse(mine, made.tid, &read), 0);
	cr_expect_str_eq(read.tid, made.tid);
	cr_expect_str_eq(read.rid, made.rid);
	cr_expect_eq(read.since, 1790000000);
	cr_expect_eq(read.key, 7);
	cr_expect_eq(session_ticket_parse(another, made.tid, &read), -EBADMSG);
	for (size_t i = 0; made.tid[i]; i++) {
		other = made;
		other.tid[i] = made.tid[i] == '0' ? '1' : '0';
		cr_expect_eq(session_ticket_parse(mine, other.tid, &read), -EBADMSG, "%zu", i);
		other.tid[i] = (char)(made.tid[i] - 32);
		cr_expect_eq(session_ticket_parse(mine, other.tid, &read), -EBADMSG, "%zu", i);
		other.tid[i] = '\0';
		cr_expect_eq(session_ticket_parse(mine, other.tid, &read), -EBADMSG, "%zu", i);
	}
	vault_close(mine);
	vault_close(another);
	cr_assert(scratch_directory_remove(directory));
}

Test(session_ticket, has_room_for_every_key_and_moment_that_there_is)
{
	struct session_ticket ticket;
	struct vault *vault;

	cr_assert(scratch_directory_make("ticket", directory, sizeof(directory)));
	vault = vault_new("vault");
	cr_assert_eq(session_ticket_make(vault, ((time_t)1 << 40) - 1, 255, &ticket), 0);
	cr_assert_eq(session_ticket_parse(vault, ticket.tid, &ticket), 0);
	cr_expect_eq(ticket.since, ((time_t)1 << 40) - 1);
	cr_expect_eq(ticket.key, 255);
	cr_expect_eq(session_ticket_make(vault, (time_t)1 << 40, 0, &ticket), -ERANGE);
	cr_expect_eq(session_ticket_make(vault, -1, 0, &ticket), -ERANGE);
	cr_expect_eq(session_ticket_make(vault, 0, 256, &ticket), -ERANGE);
	vault_close(vault);
	cr_assert(scratch_directory_remove(directory));
}
