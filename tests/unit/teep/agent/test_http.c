#include "teep/agent/http/teep_http.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_tam.h"

#define OTRP		       "Content-Type: application/otrp+json\r\n"
#define OK(more, length, body) "HTTP/1.1 200 OK\r\n" more "Content-Length: " length "\r\n\r\n" body
#define END		       "HTTP/1.1 204 No Content\r\n\r\n"
#define TAID		       "8aaaf200-2450-11e4-abe2-0002a5d5c51b"

static struct fake_tam tam;
static char err[8192];
static unsigned int processed, failures;
static char steps[32];

static int process(void *context, const char *message, size_t size, char **answer,
		   size_t *answer_size, char *error, size_t errlen)
{
	(void)context;
	(void)error;
	(void)errlen;
	processed++;
	*answer_size = (size_t)asprintf(answer, "<%.*s>", (int)size, message);
	return 0;
}

static int progress(void *context, enum teep_http_step step, const char *text)
{
	(void)context;
	(void)text;
	steps[strlen(steps)] = (char)('0' + (int)step);
	return 0;
}

static void process_error(void *context, int error, const char *text)
{
	(void)context;
	cr_expect_lt(error, 0);
	cr_expect_str_not_empty(text);
	failures++;
}

static const struct teep_http_device device = { process, progress, process_error, NULL };

static int run_with(const struct teep_http_options *options,
		    const struct teep_http_request *request, char **keys)
{
	struct teep_http *http;
	int rc;

	cr_assert_eq(teep_http_open(&http, options, err, sizeof(err)), 0, "%s", err);
	rc = teep_http_run(http, request, &device, keys, err, sizeof(err));
	teep_http_close(http);
	return rc;
}

static int run(void)
{
	const struct teep_http_options options = { .uri = tam.uri };
	const struct teep_http_request nothing = { .taids = NULL };

	return run_with(&options, &nothing, NULL);
}

/* A session that fails at its first answer. */
static void expect_failure(const char *answer, int rc)
{
	tam.answers[0] = answer;
	fake_tam_start(&tam);
	cr_expect_eq(run(), rc, "%s", err);
	cr_expect_eq(processed, 0);
	cr_expect_eq(failures, 1, "ProcessError is called");
	fake_tam_stop(&tam);
}

Test(teep_http, a_session_goes_on_until_the_tam_has_no_more_to_say)
{
	const char *const taids[] = { TAID };
	const struct teep_http_request request = { .taids = taids, .taid_count = 1 };
	const struct teep_http_options options = { .uri = tam.uri };
	char *keys;

	tam.answers[0] = OK(OTRP "TAM-Session: the-tid\r\n", "9", "{\"one\":1}");
	tam.answers[1] = OK("Content-Type: application/otrp+json; charset=utf-8\r\n", "3", "two");
	tam.answers[2] = END;
	tam.answers[3] = OK("Content-Type: application/json\r\n", "4", "keys");
	fake_tam_start(&tam);
	cr_assert_eq(run_with(&options, &request, &keys), 0, "%s", err);
	cr_expect_eq(processed, 2);
	cr_expect_str_eq(steps, "234345");
	cr_expect_str_eq(keys, "keys");
	cr_expect_eq(strncmp(tam.requests[0], "POST /tam?ta=" TAID " HTTP", 54), 0);
	cr_expect_not_null(strstr(tam.requests[0], "Accept: application/otrp+json\r\n"));
	cr_expect_not_null(strstr(tam.requests[0], "Content-Length: 0\r\n"));
	cr_expect_null(strstr(tam.requests[0], "Content-Type"));
	cr_expect_eq(strncmp(tam.requests[1], "POST /tam HTTP", 14), 0);
	cr_expect_not_null(strstr(tam.requests[1], OTRP));
	cr_expect_not_null(strstr(tam.requests[1], "Accept: application/otrp+json\r\n"));
	cr_expect_str_eq(strstr(tam.requests[1], "\r\n\r\n") + 4, "<{\"one\":1}>");
	cr_expect_eq(strncmp(tam.requests[3], "GET /tam/aik/the-tid HTTP", 25), 0);
	for (int i = 0; i < 4; i++)
		cr_expect_null(strstr(tam.requests[i], "Cookie"));
	free(keys);
	fake_tam_stop(&tam);
}

Test(teep_http, cookies_are_not_kept)
{
	tam.answers[0] = OK(OTRP "Set-Cookie: a=b\r\n", "1", "x");
	tam.answers[1] = END;
	fake_tam_start(&tam);
	cr_assert_eq(run(), 0);
	cr_expect_null(strstr(tam.requests[1], "Cookie"));
	fake_tam_stop(&tam);
}

Test(teep_http, a_package_goes_with_the_first_post)
{
	const struct teep_http_options options = { .uri = tam.uri };
	const struct teep_http_request request = { .package = "octets", .package_size = 6 };

	tam.answers[0] = END;
	fake_tam_start(&tam);
	cr_assert_eq(run_with(&options, &request, NULL), 0);
	cr_expect_str_eq(strstr(tam.requests[0], "\r\n\r\n") + 4, "octets");
	cr_expect_null(strstr(tam.requests[0], OTRP));
	fake_tam_stop(&tam);
}

Test(teep_http, the_tee_may_speak_first)
{
	const struct teep_http_options options = { .uri = tam.uri };
	const struct teep_http_request request = { .first = "unasked", .first_size = 7 };

	tam.answers[0] = OK(OTRP, "1", "x");
	tam.answers[1] = END;
	fake_tam_start(&tam);
	cr_assert_eq(run_with(&options, &request, NULL), 0);
	cr_expect_not_null(strstr(tam.requests[0], OTRP));
	cr_expect_str_eq(strstr(tam.requests[0], "\r\n\r\n") + 4, "unasked");
	cr_expect_eq(processed, 1);
	fake_tam_stop(&tam);
}

Test(teep_http, a_tam_without_keys_gives_none)
{
	const struct teep_http_options options = { .uri = tam.uri };
	const struct teep_http_request request = { .taids = NULL };
	char *keys;

	tam.answers[0] = "HTTP/1.1 204 No Content\r\nTAM-Session: t\r\n\r\n";
	tam.answers[1] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
	fake_tam_start(&tam);
	cr_assert_eq(run_with(&options, &request, &keys), 0);
	cr_expect_null(keys);
	fake_tam_stop(&tam);
}

Test(teep_http, redirects_are_not_followed)
{
	expect_failure("HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:1/\r\n"
		       "Content-Length: 0\r\n\r\n",
		       -EPROTO);
	cr_expect_not_null(strstr(err, "not followed"));
}

Test(teep_http, another_media_type_is_no_message)
{
	expect_failure(OK("Content-Type: text/html\r\n", "1", "x"), -EPROTO);
}

Test(teep_http, no_media_type_is_no_message)
{
	expect_failure(OK("", "1", "x"), -EPROTO);
}

Test(teep_http, nothing_is_no_message)
{
	expect_failure(OK(OTRP, "0", ""), -EPROTO);
}

Test(teep_http, errors_of_http_end_the_session)
{
	expect_failure("HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n", -EPROTO);
}

Test(teep_http, a_package_that_is_not_authorised_is_told)
{
	expect_failure("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", -EACCES);
}

Test(teep_http, a_body_that_is_cut_short_is_no_message)
{
	tam.answers[0] = OK(OTRP, "10", "short");
	tam.answers[1] = NULL;
	fake_tam_start(&tam);
	{
		const struct teep_http_options options = { .uri = tam.uri,
							   .answer_timeout_ms = 200 };
		const struct teep_http_request request = { .taids = NULL };
		const int rc = run_with(&options, &request, NULL);

		cr_expect(rc == -ETIMEDOUT || rc == -EPROTO, "%d", rc);
	}
	cr_expect_eq(processed, 0);
	cr_expect_eq(failures, 1);
	fake_tam_stop(&tam);
}

Test(teep_http, who_hangs_up_is_an_error_of_the_network)
{
	expect_failure(NULL, -EIO);
}

Test(teep_http, a_body_over_the_limit_is_not_taken)
{
	const struct teep_http_options options = { .uri = tam.uri, .body_max = 4 };
	const struct teep_http_request request = { .taids = NULL };

	tam.answers[0] = OK(OTRP, "5", "12345");
	fake_tam_start(&tam);
	cr_expect_eq(run_with(&options, &request, NULL), -EMSGSIZE);
	cr_expect_eq(processed, 0);
	fake_tam_stop(&tam);
}

Test(teep_http, a_tam_without_end_is_given_up)
{
	const struct teep_http_options options = { .uri = tam.uri, .exchanges_max = 2 };
	const struct teep_http_request request = { .taids = NULL };

	for (int i = 0; i < 3; i++)
		tam.answers[i] = OK(OTRP, "1", "x");
	fake_tam_start(&tam);
	cr_expect_eq(run_with(&options, &request, NULL), -EPROTO);
	cr_expect_eq(processed, 2);
	fake_tam_stop(&tam);
}

static int stop_at_tee(void *context, enum teep_http_step step, const char *text)
{
	(void)context;
	(void)text;
	return step == TEEP_HTTP_TO_TEE;
}

Test(teep_http, who_asked_may_give_up)
{
	const struct teep_http_options options = { .uri = tam.uri };
	const struct teep_http_request request = { .taids = NULL };
	const struct teep_http_device stopping = { process, stop_at_tee, process_error, NULL };
	struct teep_http *http;

	tam.answers[0] = OK(OTRP, "1", "x");
	fake_tam_start(&tam);
	cr_assert_eq(teep_http_open(&http, &options, err, sizeof(err)), 0);
	cr_expect_eq(teep_http_run(http, &request, &stopping, NULL, err, sizeof(err)), -ECANCELED);
	cr_expect_eq(processed, 0);
	cr_expect_eq(failures, 0, "no error of the network");
	teep_http_close(http);
	fake_tam_stop(&tam);
}

Test(teep_http, plain_http_stays_on_this_machine)
{
	/* 192.0.2.1 is nobody's; nothing is sent. */
	const struct teep_http_options options = { .uri = "http://192.0.2.1/tam" };
	const struct teep_http_request request = { .taids = NULL };

	cr_expect_eq(run_with(&options, &request, NULL), -EACCES);
}

Test(teep_http, plain_http_leaves_by_no_proxy)
{
	struct teep_http_options options = { .uri = "http://192.0.2.1/tam" };
	const struct teep_http_request request = { .taids = NULL };

	/* Which is on this machine. */
	tam.answers[0] = END;
	fake_tam_start(&tam);
	cr_assert_eq(setenv("http_proxy", tam.uri, 1), 0);
	cr_assert_eq(unsetenv("no_proxy"), 0);
	cr_expect_eq(run_with(&options, &request, NULL), -EACCES, "%s", err);
	cr_expect_null(tam.requests[0]);
	/* Whom plain HTTP may go to, it may go to by a proxy. */
	options.plain_anywhere = true;
	cr_expect_eq(run_with(&options, &request, NULL), 0, "%s", err);
	cr_expect_not_null(strstr(tam.requests[0], "POST http://192.0.2.1/tam "));
	fake_tam_stop(&tam);
}

Test(teep_http, what_is_no_uri_of_https_is_refused)
{
	static const char *const bad[] = { "",
					   "tam",
					   "file:///etc/passwd",
					   "ftp://127.0.0.1/",
					   "http://user:pass@127.0.0.1/",
					   "http://127.0.0.1/#x",
					   "http://",
					   "http://127.0.0.1/a b",
					   "http://127.0.0.1/\r\nX: y" };
	struct teep_http *http;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct teep_http_options options = { .uri = bad[i] };

		cr_expect_eq(teep_http_open(&http, &options, err, sizeof(err)), -EINVAL, "%s",
			     bad[i]);
		cr_expect_null(http);
	}
}
