#include "otrp/parser_warm.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "otrp/parser_job.h"
#include "teep/otrp/encoding.h"

#define HEAP_WARM  (384U << 10)
#define STACK_WARM (48U << 10)
#define LONG	   8192 /* digits of what is long: a TA, a certificate */

/* Of which all are digits of base64. */
#define DIGITS_22 "AAAAAAAAAAAAAAAAAAAAAA"
#define JWE                                                                                    \
	"{\"protected\":\"eyJlbmMiOiJBMTI4Q0JDLUhTMjU2In0\",\"recipients\":[{\"header\":"      \
	"{\"alg\":\"RSA1_5\"},\"encrypted_key\":\"" DIGITS_22 "\"}],\"iv\":\"" DIGITS_22 "\"," \
	"\"ciphertext\":\"%.*s\",\"tag\":\"" DIGITS_22 "\"}"

static const char request_format[] =
	"{\"InstallTATBSRequest\":{\"ver\":\"1.0\",\"rid\":\"r\",\"tid\":\"t\",\"tee\":\"t\","
	"\"nextdsi\":true,\"dsihash\":\"" DIGITS_22 DIGITS_22 "\",\"content\":" JWE
	",\"encrypted_ta\":{\"key\":" JWE ",\"iv\":\"00000000000000000000000000000000\","
	"\"alg\":\"AESCBC\",\"ciphertadata\":\"%.*s\"},\"ocspdat\":[\"%.*s\",\"%.*s\"]}}";
static const char envelope_format[] =
	"{\"InstallTARequest\":{\"header\":{\"x5c\":[\"%.*s\",\"%.*s\"]},\"payload\":\"%s\","
	"\"protected\":\"eyJhbGciOiJSUzI1NiJ9\",\"signature\":\"" DIGITS_22 "\"}}";
static const char content[] = "{\"tamid\":\"1.3.6\",\"spid\":\"sp\",\"sdname\":\"sd\",\"taid\":"
			      "\"8aaaf200-2450-11e4-abe2-0002a5d5c51b\"}";

static char *payload, *envelope;

int parser_warm_prepare(void)
{
	char digits[LONG + 1], *request = NULL;
	int size;

	memset(digits, 'A', LONG);
	digits[LONG] = '\0';
	size = asprintf(&request, request_format, LONG / 16, digits, LONG / 16, digits, LONG,
			digits, LONG / 4, digits, LONG / 4, digits);
	if (size < 0)
		return -ENOMEM;
	payload = base64url_encode(request, (size_t)size);
	free(request);
	if (!payload ||
	    asprintf(&envelope, envelope_format, LONG / 4, digits, LONG / 4, digits, payload) < 0)
		return -ENOMEM;
	return 0;
}

static void job_sample(enum parser_job_kind kind, struct span input)
{
	const struct parser_job job = {
		.kind = kind,
		.message = OTRP_INSTALL_TA,
		.input = input,
	};
	struct parser_answer answer;
	struct arena arena = { 0 };
	struct parser_job read;
	struct span octets;

	/* As it comes, and as the answer goes. */
	if (otrp_record_encode(&job, parser_job_layout, PARSER_JOB_LAYOUT_COUNT, &arena, &octets) ==
		    0 &&
	    otrp_record_parse(octets, parser_job_layout, PARSER_JOB_LAYOUT_COUNT, &read) == 0) {
		parser_job_do(&read, &arena, &answer);
		(void)otrp_record_encode(&answer, parser_answer_layout, PARSER_ANSWER_LAYOUT_COUNT,
					 &arena, &octets);
	}
	arena_clear(&arena);
}

/* Not to be left out, as what nobody reads. */
static void touch(void *block, size_t size)
{
	memset(block, 1, size);
	__asm__ volatile("" : : "r"(block) : "memory");
}

static void __attribute__((noinline)) stack_warm(void)
{
	uint8_t block[STACK_WARM];

	touch(block, sizeof(block));
}

/* Memory as it is wanted for a message of some size; freed, it stays with the process. */
static void heap_warm(void)
{
	void *block;

	(void)mallopt(M_TRIM_THRESHOLD, 64 << 20);
	(void)mallopt(M_MMAP_THRESHOLD, 32 << 20);
	block = malloc(HEAP_WARM);
	if (block)
		touch(block, HEAP_WARM);
	free(block);
}

void parser_warm_up(void)
{
	stack_warm();
	heap_warm();
	job_sample(JOB_PACKAGE, span_of("\x30\x00", 2));
	if (envelope) {
		job_sample(JOB_CONTENT, span_of_text(content));
		job_sample(JOB_REQUEST, span_of_text(payload));
		job_sample(JOB_ENVELOPE, span_of_text(envelope));
	}
}
