#include "wire/fault.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/result.h"

uint32_t fault_armed;
static struct fault_plan followed;

/* The same word means what suits the point; several groups of points share their words. */
struct word {
	const char *name;
	uint32_t result;
};

static const struct word storage_words[] = {
	{ "corrupt", 0xF0100001 },  { "ENOSPC", 0xFFFF3041 },
	{ "EIO", 0xF0100003 },	    { "ENOENT", 0xFFFF0008 },
	{ "conflict", 0xFFFF0003 }, { "ENOMEM", 0xFFFF000C },
	{ "overflow", 0xFFFF300F }, { NULL, 0 },
};
static const struct word memory_words[] = { { "ENOMEM", 0xFFFF000C }, { NULL, 0 } };
static const struct word random_words[] = { { "zeros", FAULT_ZEROS },
					    { "panic", FAULT_PANIC },
					    { NULL, 0 } };
static const struct word session_words[] = {
	{ "dead", 0xFFFF3024 },	  { "busy", 0xFFFF000D },    { "EACCES", 0xFFFF0001 },
	{ "ENOENT", 0xFFFF0008 }, { "ENOMEM", 0xFFFF000C },  { "comms", 0xFFFF000E },
	{ "cancel", 0xFFFF0002 }, { "timeout", 0xFFFF3001 }, { NULL, 0 },
};
static const struct word channel_words[] = {
	{ "comms", 0xFFFF000E }, { "busy", 0xFFFF000D },   { "ENOMEM", 0xFFFF000C },
	{ "dead", 0xFFFF3024 },	 { "cancel", 0xFFFF0002 }, { NULL, 0 },
};

static const struct {
	const char *name;
	const struct word *words;
	const char *summary;
} points[FAULT_POINTS] = {
	[FAULT_STORAGE_OPEN] = { "storage.open", storage_words, "TEE_OpenPersistentObject" },
	[FAULT_STORAGE_CREATE] = { "storage.create", storage_words, "TEE_CreatePersistentObject" },
	[FAULT_STORAGE_READ] = { "storage.read", storage_words, "TEE_ReadObjectData" },
	[FAULT_STORAGE_WRITE] = { "storage.write", storage_words, "TEE_WriteObjectData" },
	[FAULT_STORAGE_TRUNCATE] = { "storage.truncate", storage_words, "TEE_TruncateObjectData" },
	[FAULT_STORAGE_SEEK] = { "storage.seek", storage_words, "TEE_SeekObjectData" },
	[FAULT_STORAGE_RENAME] = { "storage.rename", storage_words, "TEE_RenamePersistentObject" },
	[FAULT_STORAGE_DELETE] = { "storage.delete", storage_words,
				   "TEE_CloseAndDeletePersistentObject1" },
	[FAULT_STORAGE_ENUMERATE] = { "storage.enumerate", storage_words,
				      "TEE_StartPersistentObjectEnumerator, "
				      "TEE_GetNextPersistentObject" },
	[FAULT_STORAGE_INFO] = { "storage.info", storage_words,
				 "TEE_GetObjectInfo1 and TEE_RestrictObjectUsage1 of a persistent "
				 "object" },
	[FAULT_MEMORY_ALLOCATE] = { "memory.allocate", memory_words, "TEE_Malloc, TEE_Realloc" },
	[FAULT_RANDOM_GENERATE] = { "random.generate", random_words, "TEE_GenerateRandom" },
	[FAULT_TA_OPEN] = { "ta.open", session_words, "TEE_OpenTASession" },
	[FAULT_TA_INVOKE] = { "ta.invoke", session_words, "TEE_InvokeTACommand" },
	[FAULT_CHANNEL_OPEN] = { "channel.open", channel_words,
				 "a client opens a session; the TA is not entered" },
	[FAULT_CHANNEL_INVOKE] = { "channel.invoke", channel_words,
				   "a client invokes a command; the TA is not entered" },
};

uint32_t fault_origin(uint32_t result)
{
	return result == RESULT_COMMUNICATION ? ORIGIN_COMMS : ORIGIN_TEE;
}

void fault_print_help(FILE *to)
{
	fputs("--fault POINT=ERROR[@N],… injects an error at the Nth operation of a kind, counted "
	      "in "
	      "each\nTA instance from 1; @N+ at that one and all later ones, @N-M from the Nth to "
	      "the "
	      "Mth,\nwithout @ at every one. ERROR is a word of the point's list, or a TEE_Result "
	      "such as 0xFFFF3041.\n\n",
	      to);
	for (size_t i = 0; i < FAULT_POINTS; i++) {
		fprintf(to, "  %-18s%s\n%20s", points[i].name, points[i].summary, "");
		for (const struct word *word = points[i].words; word->name; word++)
			fprintf(to, "%s%s", word->name, word[1].name ? ", " : "\n");
	}
}

static int complain(char *err, size_t errlen, const char *what, const char *text, size_t size)
{
	snprintf(err, errlen, "%s: \"%.*s\"", what, (int)(size < 100 ? size : 100), text);
	return -EINVAL;
}

/* A decimal number that ends where `*size` does, or earlier: takes it off the front. */
static bool number_take(const char **text, size_t *size, uint64_t *out)
{
	const char *start = *text;

	*out = 0;
	for (; *size && **text >= '0' && **text <= '9'; (*text)++, (*size)--) {
		if (*out > UINT64_MAX / 10 - 1)
			return false;
		*out = *out * 10 + (uint64_t)(**text - '0');
	}
	return *text != start && *out;
}

static bool when_parse(const char *text, size_t size, struct fault *fault)
{
	if (!number_take(&text, &size, &fault->first))
		return false;
	fault->last = fault->first;
	if (!size)
		return true;
	if (*text == '+' && size == 1) {
		fault->last = UINT64_MAX;
		return true;
	}
	text++;
	size--;
	return text[-1] == '-' && number_take(&text, &size, &fault->last) && !size &&
	       fault->last >= fault->first;
}

static bool result_parse(const char *text, size_t size, struct fault *fault)
{
	char number[12];
	char *end;

	for (const struct word *word = points[fault->point].words; word->name; word++)
		if (strlen(word->name) == size && !strncmp(word->name, text, size)) {
			fault->result = word->result;
			return true;
		}
	if (points[fault->point].words == random_words ||
	    points[fault->point].words == memory_words || size < 3 || size >= sizeof(number) ||
	    strncmp(text, "0x", 2))
		return false;
	memcpy(number, text, size);
	number[size] = '\0';
	errno = 0;
	fault->result = (uint32_t)strtoul(number, &end, 16);
	return !errno && !*end && fault->result && size <= 10;
}

static int fault_parse(const char *text, size_t size, struct fault *fault, char *err, size_t errlen)
{
	const char *equals = memchr(text, '=', size);
	const char *at = memchr(text, '@', size);
	const size_t name = equals ? (size_t)(equals - text) : size;
	int point;

	for (point = 0; point < FAULT_POINTS; point++)
		if (strlen(points[point].name) == name && !strncmp(points[point].name, text, name))
			break;
	if (point == FAULT_POINTS)
		return complain(err, errlen, "no such fault point", text, name);
	if (!equals)
		return complain(err, errlen, "no \"=ERROR\" follows", text, size);
	*fault =
		(struct fault) { .point = (enum fault_point)point, .first = 1, .last = UINT64_MAX };
	if (at && at < equals)
		return complain(err, errlen, "\"@\" comes before \"=\"", text, size);
	if (at && !when_parse(at + 1, size - (size_t)(at + 1 - text), fault))
		return complain(err, errlen, "\"@\" is not followed by N, N+ or N-M", text, size);
	equals++;
	if (!result_parse(equals, (at ? (size_t)(at - text) : size) - (size_t)(equals - text),
			  fault))
		return complain(err, errlen, "no error that this point can have", text, size);
	return 0;
}

int fault_plan_parse(const char *text, size_t size, struct fault_plan *out, char *err,
		     size_t errlen)
{
	memset(out, 0, sizeof(*out));
	if (size > FAULT_TEXT_MAX)
		return complain(err, errlen, "too long", text, size);
	while (size) {
		const char *comma = memchr(text, ',', size);
		const size_t one = comma ? (size_t)(comma - text) : size;
		int code;

		if (out->count == FAULTS_MAX)
			return complain(err, errlen, "too many faults", text, one);
		code = fault_parse(text, one, &out->fault[out->count], err, errlen);
		if (code < 0)
			return code;
		out->count++;
		text += one;
		size -= one;
		if (size) {
			text++;
			size--;
		}
	}
	return 0;
}

void fault_arm(const struct fault_plan *plan)
{
	followed = *plan;
	fault_armed = 0;
	for (unsigned int i = 0; i < plan->count; i++)
		fault_armed |= UINT32_C(1) << plan->fault[i].point;
}

uint32_t fault_count(enum fault_point point)
{
	const uint64_t operation = ++followed.operations[point];

	for (unsigned int i = 0; i < followed.count; i++) {
		const struct fault *fault = &followed.fault[i];

		if (fault->point == point && operation >= fault->first && operation <= fault->last)
			return fault->result;
	}
	return 0;
}
