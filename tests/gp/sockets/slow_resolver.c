/* Preloaded into teesimd: the name "nobody.invalid" is not answered for. */
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((visibility("default"))) int getaddrinfo(const char *node, const char *service,
						       const struct addrinfo *hints,
						       struct addrinfo **found)
{
	const char *mark = getenv("SLOW_RESOLVER_MARK");
	int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

	if (node && mark && !strcmp(node, "nobody.invalid")) {
		close(open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
		for (;;)
			sleep(1000);
	}
	*(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo");
	return next(node, service, hints, found);
}
