/*
 * Build tool: turns policy files into the seccomp filters that ta-host carries, through
 * libseccomp, so that ta-host reads no file, needs no libseccomp and spends no time on it.
 *
 *	policy-compile OUTPUT.h NAME=FILE[,FILE...]...
 *
 * Per NAME one array `policy_NAME` of struct sock_filter. A policy may name values that exist only
 * at run time ($TGID): the array holds a placeholder there, which filter.c replaces. Also written
 * is the table of system call names by number.
 *
 * policy/run.policy tells the notation.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/filter_values.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

#define RULES_MAX      512
#define CONDITIONS_MAX 6
#define SYSCALLS_MAX   600

struct constant {
	const char *name;
	uint64_t value;
};

static const struct constant constants[] = {
	{ "$TGID", FILTER_PLACEHOLDER_TGID },
	{ "$CONTROL", FILTER_CONTROL_FD },
	{ "$CLIENT", FILTER_CLIENT_FD },
	{ "PROT_WRITE", PROT_WRITE },
	{ "PROT_EXEC", PROT_EXEC },
	{ "MAP_ANONYMOUS", MAP_ANONYMOUS },
	{ "O_WRONLY", O_WRONLY },
	{ "O_RDWR", O_RDWR },
	{ "O_CREAT", O_CREAT },
	{ "O_TRUNC", O_TRUNC },
	{ "O_APPEND", O_APPEND },
	{ "O_PATH", O_PATH },
	{ "SOL_SOCKET", SOL_SOCKET },
	{ "SO_RCVBUF", SO_RCVBUF },
	{ "SO_SNDBUF", SO_SNDBUF },
	{ "F_GET_SEALS", F_GET_SEALS },
	{ "F_GETFD", F_GETFD },
	{ "F_DUPFD_CLOEXEC", F_DUPFD_CLOEXEC },
	{ "MADV_DONTNEED", MADV_DONTNEED },
	{ "MADV_FREE", MADV_FREE },
	{ "MADV_DONTDUMP", MADV_DONTDUMP },
	{ "MADV_DONTFORK", MADV_DONTFORK },
	{ "MADV_DODUMP", MADV_DODUMP },
	{ "MADV_NORMAL", MADV_NORMAL },
	{ "MADV_HUGEPAGE", MADV_HUGEPAGE },
	{ "MADV_NOHUGEPAGE", MADV_NOHUGEPAGE },
	{ "CLONE_VM", CLONE_VM },
	{ "CLONE_THREAD", CLONE_THREAD },
	{ "PR_SET_VMA", PR_SET_VMA },
	{ "PR_SET_NAME", PR_SET_NAME },
	{ "PR_GET_NO_NEW_PRIVS", PR_GET_NO_NEW_PRIVS },
};

static const struct constant errors[] = {
	{ "ENOSYS", ENOSYS },
	{ "ENOTTY", ENOTTY },
	{ "EACCES", EACCES },
	{ "EPERM", EPERM },
};

/* One line of a policy. */
struct rule {
	char name[32];
	/* Position of its file among those of one filter. */
	int file;
	uint32_t action;
	unsigned int count;
	struct scmp_arg_cmp conditions[CONDITIONS_MAX];
};

struct policy {
	struct rule rules[RULES_MAX];
	size_t count;
};

static const char *current_file;
static int current_line;

static void fail(const char *what, const char *detail)
{
	fprintf(stderr, "%s:%d: %s%s%s\n", current_file, current_line, what, detail ? ": " : "",
		detail ? detail : "");
	exit(1);
}

static uint64_t constant_find(const struct constant *table, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(table[i].name, name))
			return table[i].value;
	fail("unknown name", name);
	return 0;
}

#define CONSTANT_FIND(table, name) constant_find(table, sizeof(table) / sizeof((table)[0]), name)

/* A number, or names joined by `|`. */
static uint64_t value_parse(char *text)
{
	uint64_t value = 0;
	char *rest;

	for (char *word = strtok_r(text, "|", &rest); word; word = strtok_r(NULL, "|", &rest)) {
		char *end;
		unsigned long long number = strtoull(word, &end, 0);

		value |= *end ? CONSTANT_FIND(constants, word) : number;
	}
	return value;
}

static void condition_parse(struct rule *rule, const char *arg, const char *op, char *operand)
{
	struct scmp_arg_cmp *cmp = NULL;
	unsigned int index;
	uint64_t value;

	if (strncmp(arg, "arg", 3) || arg[3] < '0' || arg[3] > '5' || arg[4])
		fail("a condition starts with arg0 to arg5", arg);
	index = (unsigned int)(arg[3] - '0');
	value = value_parse(operand);
	for (unsigned int i = 0; i < rule->count; i++)
		if (rule->conditions[i].arg == index)
			cmp = &rule->conditions[i];

	if (!strcmp(op, "==")) {
		if (cmp)
			fail("== stands alone for its argument", arg);
		rule->conditions[rule->count++] = SCMP_CMP64(index, SCMP_CMP_EQ, value);
		return;
	}
	if (strcmp(op, "with") && strcmp(op, "without"))
		fail("unknown comparison", op);
	if (!value)
		fail("no bits to look at", arg);
	/* libseccomp takes one comparison per argument: bits wanted and unwanted become one. */
	if (!cmp) {
		cmp = &rule->conditions[rule->count++];
		*cmp = SCMP_CMP64(index, SCMP_CMP_MASKED_EQ, 0, 0);
	} else if (cmp->op != SCMP_CMP_MASKED_EQ) {
		fail("== stands alone for its argument", arg);
	}
	if (cmp->datum_a & value)
		fail("the same bit twice", arg);
	cmp->datum_a |= value;
	if (!strcmp(op, "with"))
		cmp->datum_b |= value;
}

/* What stands behind the colon. */
static void conditions_parse(struct rule *rule, char *text)
{
	char *words[64];
	size_t count = 0;
	char *rest;

	for (char *word = strtok_r(text, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
		if (count == sizeof(words) / sizeof(words[0]))
			fail("line too long", NULL);
		words[count++] = word;
	}
	if (count == 2 && !strcmp(words[0], "return")) {
		rule->action = SCMP_ACT_ERRNO((uint32_t)CONSTANT_FIND(errors, words[1]));
		return;
	}
	for (size_t i = 0; i < count; i += 4) {
		if (i + 3 > count || (i + 3 < count && strcmp(words[i + 3], "&&")) ||
		    i + 4 == count)
			fail("expected argN OPERATOR VALUE, joined by &&", NULL);
		condition_parse(rule, words[i], words[i + 1], words[i + 2]);
	}
	if (!rule->count)
		fail("nothing behind the colon", NULL);
}

static void line_parse(struct policy *policy, char *line, int file)
{
	struct rule *rule = &policy->rules[policy->count];
	char *hash = strchr(line, '#');
	char *colon, *end;
	size_t length;

	line += strspn(line, " \t\n");
	if (line == hash || !*line)
		return;
	if (!hash || hash[1 + strspn(hash + 1, " \t\n")] == '\0')
		fail("every line needs its reason after #", line);
	*hash = '\0';
	for (end = hash; end > line && strchr(" \t", end[-1]);)
		*--end = '\0';
	if (policy->count == RULES_MAX)
		fail("too many lines", NULL);

	memset(rule, 0, sizeof(*rule));
	rule->file = file;
	rule->action = SCMP_ACT_ALLOW;
	colon = strchr(line, ':');
	if (colon) {
		*colon = '\0';
		conditions_parse(rule, colon + 1);
		for (end = colon; end > line && strchr(" \t", end[-1]);)
			*--end = '\0';
	}
	length = strlen(line);
	if (!length || length >= sizeof(rule->name) || strpbrk(line, " \t"))
		fail("not the name of a system call", line);
	memcpy(rule->name, line, length);
	if (seccomp_syscall_resolve_name(rule->name) == __NR_SCMP_ERROR)
		fail("no such system call", rule->name);
	for (size_t i = 0; i < policy->count; i++) {
		const struct rule *other = &policy->rules[i];

		if (other->file == file && !strcmp(other->name, rule->name) &&
		    (!other->count || !rule->count))
			fail("an earlier line already decides this call", rule->name);
	}
	policy->count++;
}

static void policy_read(struct policy *policy, const char *path, int file)
{
	FILE *in = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;

	current_file = path;
	current_line = 0;
	if (!in)
		fail("cannot be read", strerror(errno));
	while (getline(&line, &size, in) >= 0) {
		current_line++;
		line_parse(policy, line, file);
	}
	free(line);
	fclose(in);
}

static bool rule_is_replaced(const struct policy *policy, const struct rule *rule)
{
	for (size_t i = 0; i < policy->count; i++)
		if (policy->rules[i].file > rule->file &&
		    !strcmp(policy->rules[i].name, rule->name))
			return true;
	return false;
}

static scmp_filter_ctx policy_build(const struct policy *policy)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_TRAP);

	if (!ctx)
		fail("libseccomp gives no filter", NULL);
	/* Calls by another architecture's table (x32, i386) end like any other that is not
	 * allowed; the binary tree keeps the cost even over the list. */
	if (seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_TRAP) ||
	    seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2))
		fail("libseccomp refuses an attribute", NULL);
	for (size_t i = 0; i < policy->count; i++) {
		const struct rule *rule = &policy->rules[i];
		int nr = seccomp_syscall_resolve_name(rule->name);
		int err;

		/* Negative: another architecture has it, this one does not. */
		if (nr < 0 || rule_is_replaced(policy, rule))
			continue;
		err = seccomp_rule_add_exact_array(ctx, rule->action, nr, rule->count,
						   rule->conditions);
		if (err)
			fail(rule->name, strerror(-err));
	}
	return ctx;
}

static void filter_write(FILE *out, const char *name, scmp_filter_ctx ctx)
{
	int fd = memfd_create("filter", MFD_CLOEXEC);
	size_t placeholders = 0;
	struct sock_filter op;
	off_t length;

	if (fd < 0 || seccomp_export_bpf(ctx, fd))
		fail("the filter cannot be exported", name);
	length = lseek(fd, 0, SEEK_END);
	fprintf(out, "static const struct sock_filter policy_%s[] = {\n", name);
	for (off_t at = 0; at < length; at += (off_t)sizeof(op)) {
		if (pread(fd, &op, sizeof(op), at) != (ssize_t)sizeof(op))
			fail("the filter cannot be read back", name);
		fprintf(out, "\t{ 0x%02x, %u, %u, 0x%08x },\n", op.code, op.jt, op.jf, op.k);
		placeholders += op.k == FILTER_PLACEHOLDER_TGID;
	}
	fprintf(out, "};\n\n");
	if (!placeholders)
		fail("the filter lost its placeholder for $TGID", name);
	close(fd);
}

static void names_write(FILE *out)
{
	fprintf(out, "static const char *const syscall_names[] = {\n");
	for (int nr = 0; nr < SYSCALLS_MAX; nr++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);

		if (name)
			fprintf(out, "\t[%d] = \"%s\",\n", nr, name);
		free(name);
	}
	fprintf(out, "};\n\n");
}

int main(int argc, char **argv)
{
	static struct policy policy;
	FILE *out;

	if (argc < 3) {
		fprintf(stderr, "usage: policy-compile OUTPUT.h NAME=FILE[,FILE...]...\n");
		return 2;
	}
	out = fopen(argv[1], "we");
	if (!out) {
		perror(argv[1]);
		return 1;
	}
	fprintf(out, "/* Made by policy-compile from the files in ta-host/sandbox/policy. */\n\n");
	names_write(out);
	for (int i = 2; i < argc; i++) {
		char *files = strchr(argv[i], '=');
		scmp_filter_ctx ctx;
		int file = 0;
		char *rest;

		if (!files)
			fail("expected NAME=FILE", argv[i]);
		*files++ = '\0';
		policy.count = 0;
		for (char *path = strtok_r(files, ",", &rest); path;
		     path = strtok_r(NULL, ",", &rest))
			policy_read(&policy, path, file++);
		ctx = policy_build(&policy);
		filter_write(out, argv[i], ctx);
		seccomp_release(ctx);
	}
	if (fclose(out)) {
		perror(argv[1]);
		return 1;
	}
	return 0;
}
