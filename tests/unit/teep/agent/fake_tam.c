#include "fake_tam.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_MAX (1U << 20)

/* assert() is nothing in a build for release. */
static void require(bool holds)
{
	if (!holds)
		abort();
}

/* Until the body is there that the header speaks of. */
static bool whole(const char *request, size_t size)
{
	const char *body = strstr(request, "\r\n\r\n");
	const char *length = strcasestr(request, "content-length:");

	if (!body)
		return false;
	return size - (size_t)(body + 4 - request) >=
	       (length && length < body ? strtoul(length + 15, NULL, 10) : 0);
}

static bool request_read(int fd, char **out)
{
	char *text = calloc(1, REQUEST_MAX);
	size_t size = 0;

	require(text);
	while (!whole(text, size)) {
		const ssize_t n = read(fd, text + size, REQUEST_MAX - 1 - size);

		if (n <= 0) {
			free(text);
			return false;
		}
		size += (size_t)n;
	}
	*out = text;
	return true;
}

static void *serve(void *context)
{
	struct fake_tam *fake = context;
	int fd;

	while ((fd = accept4(fake->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		while (fake->count < FAKE_TAM_ANSWERS_MAX &&
		       request_read(fd, &fake->requests[fake->count])) {
			const char *answer = fake->answers[fake->count++];

			if (!answer)
				break;
			(void)send(fd, answer, strlen(answer), MSG_NOSIGNAL);
		}
		close(fd);
	}
	return NULL;
}

void fake_tam_start(struct fake_tam *fake)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);

	fake->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	require(fake->listener >= 0 &&
		bind(fake->listener, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		listen(fake->listener, 8) == 0 &&
		getsockname(fake->listener, (struct sockaddr *)&address, &size) == 0);
	sprintf(fake->uri, "http://127.0.0.1:%u/tam", ntohs(address.sin_port));
	require(pthread_create(&fake->thread, NULL, serve, fake) == 0);
}

void fake_tam_stop(struct fake_tam *fake)
{
	(void)shutdown(fake->listener, SHUT_RDWR);
	require(pthread_join(fake->thread, NULL) == 0);
	close(fake->listener);
	for (unsigned int i = 0; i < FAKE_TAM_ANSWERS_MAX; i++)
		free(fake->requests[i]);
}
