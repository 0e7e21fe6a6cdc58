/*
 * teesim-tam: the TAM's server. `teesim tam serve DIR` runs it.
 *
 * Works for whoever owns DIR, which holds its configuration and keys; trusts nobody who connects.
 * Several may run on one database.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <malloc.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "teep/tam/database.h"
#include "teep/tam/device_expiry.h"
#include "teep/tam/device_trust.h"
#include "teep/tam/key.h"
#include "teep/tam/server/event_stream.h"
#include "teep/tam/log_writer.h"
#include "teep/tam/session_memory.h"
#include "teep/tam/server/log.h"
#include "teep/tam/server/maintenance.h"
#include "teep/tam/server/site.h"
#include "teep/tam/vault.h"

/* What the program ends with. */
enum {
	STATUS_STOPPED = 0, /* by a signal, in order */
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	STATUS_CONFIG = 3,   /* tam.conf, or a file that it names */
	STATUS_DATABASE = 4, /* can't be opened, or is another version's */
	STATUS_LISTEN = 5,   /* the address is taken, or not ours */
};

#define PEM_MAX	 (1 << 20)
#define GRACE_MS 10000
/* Of 50 ms, that the first OCSP responses may take. */
#define RESPONSES_TICKS 200
#define BODY_BUDGET	(256u << 20)
/* Octets of what is remembered of sessions between two messages. */
#define SESSIONS_IN_HAND (8u << 20)

static const char HELP[] =
	"usage: teesim tam serve [OPTION...] [DIR]\n"
	"Runs the TAM whose configuration is DIR/tam.conf (default: the directory tam).\n\n"
	"  --listen ADDRESS:PORT  in the place of the configuration's\n"
	"  --port PORT            the same, only the port; 0 means any that is free\n"
	"  --database WHERE       a file, or postgresql://…\n"
	"  --behind-proxy         a proxy does TLS and says who asks (X-Forwarded-For)\n"
	"  --plain-http           no TLS, though others than this machine may connect\n"
	"  --threads N            how many requests are worked on at once\n"
	"  --clock-offset SECONDS the TAM's clock is so much ahead, for tests\n"
	"  --log-level LEVEL      error, warning, info or debug\n"
	"  --ready-fd N           write the address there once it is served, and close it\n"
	"  --help\n";

struct options {
	const char *directory, *listen, *database, *log_level;
	long port, threads, clock_offset, ready_fd;
	bool behind_proxy, plain_http;
};

struct server {
	struct options options;
	struct tam_config config;
	struct vault *vault;
	struct tam_keys *keys;
	struct device_trust *trust;
	struct tam_database *database; /* held open: SQLite's files stay as they are */
	struct tam tam;
	struct site site;
	struct http_site http;
	struct http_server *listening;
	struct maintenance *maintenance;
	struct log_writer *log;
	char *certificate, *key, *host;
	char url[320];
};

/* ---- Command line ------------------------------------------------------------------------------
 */

static bool number_read(const char *name, const char *text, long least, long most, long *out)
{
	char *end;

	errno = 0;
	*out = strtol(text, &end, 10);
	if (errno == 0 && *text && !*end && *out >= least && *out <= most)
		return true;
	fprintf(stderr, "teesim tam serve: --%s has to be a number from %ld to %ld\n", name, least,
		most);
	return false;
}

static int options_parse(int argc, char **argv, struct options *options)
{
	enum {
		LISTEN = 256,
		PORT,
		DATABASE,
		PROXY,
		PLAIN,
		THREADS,
		CLOCK,
		LEVEL,
		READY,
		HELP_IT
	};
	static const struct option table[] = {
		{ "listen", required_argument, NULL, LISTEN },
		{ "port", required_argument, NULL, PORT },
		{ "database", required_argument, NULL, DATABASE },
		{ "behind-proxy", no_argument, NULL, PROXY },
		{ "plain-http", no_argument, NULL, PLAIN },
		{ "threads", required_argument, NULL, THREADS },
		{ "clock-offset", required_argument, NULL, CLOCK },
		{ "log-level", required_argument, NULL, LEVEL },
		{ "ready-fd", required_argument, NULL, READY },
		{ "help", no_argument, NULL, HELP_IT },
		{ NULL, 0, NULL, 0 },
	};
	static char name[] = "teesim tam serve";
	bool good = true;
	int option;

	argv[0] = name;
	*options = (struct options) { .directory = "tam", .port = -1, .ready_fd = -1 };
	while (good && (option = getopt_long(argc, argv, "", table, NULL)) >= 0)
		switch (option) {
		case LISTEN:
			options->listen = optarg;
			break;
		case PORT:
			good = number_read("port", optarg, 0, 65535, &options->port);
			break;
		case DATABASE:
			options->database = optarg;
			break;
		case PROXY:
			options->behind_proxy = true;
			break;
		case PLAIN:
			options->plain_http = true;
			break;
		case THREADS:
			good = number_read("threads", optarg, 1, 256, &options->threads);
			break;
		case CLOCK:
			good = number_read("clock-offset", optarg, -4000000000, 4000000000,
					   &options->clock_offset);
			break;
		case LEVEL:
			options->log_level = optarg;
			break;
		case READY:
			good = number_read("ready-fd", optarg, 1, 65535, &options->ready_fd);
			break;
		case HELP_IT:
			fputs(HELP, stdout);
			return STATUS_STOPPED;
		default:
			good = false;
		}
	if (good && argc - optind > 1) {
		fputs("teesim tam serve: only one directory can be served\n", stderr);
		good = false;
	}
	if (!good) {
		fputs("`teesim tam serve --help` lists what there is\n", stderr);
		return STATUS_USAGE;
	}
	if (optind < argc)
		options->directory = argv[optind];
	return -1;
}

/* ---- Configuration -----------------------------------------------------------------------------
 */

static bool text_replace(char **text, const char *with)
{
	free(*text);
	*text = strdup(with);
	return *text != NULL;
}

static int config_load(struct server *server)
{
	const struct options *options = &server->options;
	struct tam_config *config = &server->config;
	char error[TAM_CONFIG_ERROR_SIZE], *address = NULL;
	uint16_t port;

	if (tam_config_read(options->directory, config, error) < 0) {
		fprintf(stderr,
			"teesim-tam: %s/" TAM_CONFIG_FILE
			": %s; `teesim tam init DIR` makes a TAM\n",
			options->directory, error);
		return STATUS_CONFIG;
	}
	if (options->listen) {
		if (tam_config_listen_parse(options->listen, &address, &port) < 0) {
			fputs("teesim-tam: --listen has to be ADDRESS:PORT or [ADDRESS]:PORT\n",
			      stderr);
			return STATUS_USAGE;
		}
		free(config->listen_address);
		config->listen_address = address;
		config->listen_port = port;
	}
	if (options->port >= 0)
		config->listen_port = (uint16_t)options->port;
	if (options->log_level &&
	    !tam_config_log_level_parse(options->log_level, &config->log_level)) {
		fputs("teesim-tam: --log-level is error, warning, info or debug\n", stderr);
		return STATUS_USAGE;
	}
	if (options->database && !text_replace(&config->database, options->database))
		return STATUS_FAILED;
	config->behind_proxy |= options->behind_proxy;
	if (options->threads)
		config->threads = (uint32_t)options->threads;
	log_level_set(config->log_level);
	return -1;
}

/* What is sent in the clear must not leave the machine unless somebody says so. */
static bool transport_fits(const struct server *server)
{
	const struct tam_config *config = &server->config;

	if ((config->tls_certificate && !server->options.plain_http) || config->behind_proxy ||
	    server->options.plain_http || tam_config_is_loopback(config->listen_address))
		return true;
	fprintf(stderr,
		"teesim-tam: %s can be reached by others, and there is no \"tls\" in tam.conf; add "
		"it, "
		"or say --behind-proxy where a proxy does TLS, or --plain-http\n",
		config->listen_address);
	return false;
}

/* The text of a PEM file; one with a key must be closed to others. */
static char *pem_read(const char *path, bool secret)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	char *text = NULL;
	ssize_t size;

	if (fd < 0 || fstat(fd, &status) < 0) {
		fprintf(stderr, "teesim-tam: %s: %s\n", path, strerror(errno));
	} else if (secret && (status.st_mode & 077)) {
		fprintf(stderr, "teesim-tam: %s can be read by others; chmod 600 it\n", path);
	} else if (status.st_size <= 0 || status.st_size > PEM_MAX) {
		fprintf(stderr, "teesim-tam: %s is no PEM file\n", path);
	} else {
		text = calloc(1, (size_t)status.st_size + 1);
		size = text ? read(fd, text, (size_t)status.st_size) : -1;
		if (size != status.st_size) {
			fprintf(stderr, "teesim-tam: %s can't be read\n", path);
			free(text);
			text = NULL;
		}
	}
	if (fd >= 0)
		close(fd);
	return text;
}

static bool keys_load(struct server *server)
{
	const struct tam_config *config = &server->config;
	struct tam_keys_options options = {
		.count = config->key_count,
		.refresh_command = config->ocsp_command,
		.pkcs11_module = config->pkcs11_module,
		.directory = server->options.directory,
	};
	char error[256];

	for (size_t i = 0; i < config->key_count; i++)
		options.source[i] = (struct tam_key_source) {
			.key = config->keys[i].key,
			.chain = config->keys[i].chain,
			.ocsp = (const char *const *)config->keys[i].ocsp,
			.ocsp_count = config->keys[i].ocsp_count,
		};
	if (tam_keys_open(&server->keys, &options, error, sizeof(error)) == 0)
		return true;
	fprintf(stderr, "teesim-tam: %s\n", error);
	return false;
}

static bool trust_load(struct server *server)
{
	const struct tam_config *config = &server->config;
	char *policy = config->policy ? json_dumps(config->policy, JSON_COMPACT) : NULL;
	const struct device_trust_options options = {
		.tee_roots = config->tee_roots,
		.firmware_roots = config->firmware_roots,
		.revocation = config->crls,
		.policy = span_of_text(policy),
	};
	char error[256];
	const int rc = device_trust_open(&server->trust, &options, error, sizeof(error));

	free(policy);
	if (rc < 0)
		fprintf(stderr, "teesim-tam: %s\n", error);
	return rc == 0;
}

static int files_load(struct server *server)
{
	const struct tam_config *config = &server->config;
	char error[256];

	if (config->tls_certificate && !server->options.plain_http && !config->behind_proxy) {
		server->certificate = pem_read(config->tls_certificate, false);
		server->key = pem_read(config->tls_key, true);
		if (!server->certificate || !server->key)
			return STATUS_CONFIG;
	}
	if (vault_open(&server->vault, config->vault, error, sizeof(error)) < 0) {
		fprintf(stderr, "teesim-tam: %s\n", error);
		return STATUS_CONFIG;
	}
	return keys_load(server) && trust_load(server) ? -1 : STATUS_CONFIG;
}

/* Who waits for a database elsewhere leaves the core to another; SQLite's is in the process. */
static uint32_t threads_choose(const struct tam_database *database)
{
	const bool waits = strcmp(tam_database_kind(database), "sqlite") != 0;
	const long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return (cores > 2 ? (uint32_t)cores : 2) * (waits ? 2 : 1);
}

static int database_open(struct server *server)
{
	char error[256];

	/* Tables of an older version are brought up to date. */
	if (!tam_database_is_there(server->config.database)) {
		fprintf(stderr,
			"teesim-tam: the database %s is not there; `teesim tam restore COPY DIR` "
			"brings a TAM back from a backup, and `teesim tam init` makes one in "
			"another "
			"directory\n",
			server->config.database);
		return STATUS_DATABASE;
	}
	server->site.database = (struct tam_database_options) {
		.where = server->config.database,
		.create = true,
		.vault = server->vault,
	};
	if (tam_database_open(&server->database, &server->site.database, error, sizeof(error)) <
	    0) {
		fprintf(stderr, "teesim-tam: the database: %s\n", error);
		return STATUS_DATABASE;
	}
	server->site.database.create = false;
	server->site.database.shared = true;
	if (server->config.threads == 0)
		server->config.threads = threads_choose(server->database);
	return -1;
}

/* ---- Listening ---------------------------------------------------------------------------------
 */

static int listen_open(const struct addrinfo *address)
{
	const int one = 1, fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, address->ai_addr, address->ai_addrlen) < 0 || listen(fd, 1024) < 0) {
		const int rc = -errno;

		close(fd);
		return rc;
	}
	return fd;
}

/* A listening socket, and the address that it came to as a URL. */
static int server_listen(struct server *server)
{
	const struct tam_config *config = &server->config;
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct sockaddr_storage bound;
	socklen_t size = sizeof(bound);
	char port[16], name[64], number[16];
	struct addrinfo *addresses;
	int fd, rc;

	(void)snprintf(port, sizeof(port), "%u", config->listen_port);
	rc = getaddrinfo(config->listen_address, port, &hints, &addresses);
	if (rc != 0) {
		fprintf(stderr, "teesim-tam: %s: %s\n", config->listen_address, gai_strerror(rc));
		return -1;
	}
	fd = listen_open(addresses);
	freeaddrinfo(addresses);
	if (fd < 0) {
		fprintf(stderr, "teesim-tam: %s port %s: %s%s\n", config->listen_address, port,
			strerror(-fd), fd == -EADDRINUSE ? "; --port N serves it at another" : "");
		return -1;
	}
	if (getsockname(fd, (struct sockaddr *)&bound, &size) < 0 ||
	    getnameinfo((struct sockaddr *)&bound, size, name, sizeof(name), number, sizeof(number),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
		close(fd);
		return -1;
	}
	(void)snprintf(server->url, sizeof(server->url), "%s://%s%s%s:%s/",
		       server->certificate ? "https" : "http", strchr(name, ':') ? "[" : "", name,
		       strchr(name, ':') ? "]" : "", number);
	return fd;
}

/* The name in the configured URL. */
static char *url_host(const char *url)
{
	const char *start = url ? strstr(url, "://") : NULL;

	if (!start)
		return NULL;
	start += 3;
	if (*start == '[')
		return strndup(start + 1, strcspn(start + 1, "]"));
	return strndup(start, strcspn(start, ":/"));
}

static void rows_lost(size_t rows, const char *why)
{
	log_line(TAM_LOG_WARNING, "%zu rows of the message and event logs were lost: %s", rows,
		 why);
}

/* Ctrl-C, or whoever stops services. */
static bool is_to_end(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 &&
	       (sigismember(&pending, SIGTERM) || sigismember(&pending, SIGINT));
}

/*
 * After a renewal, or a long pause, the responses that there are vouch for nothing, and devices
 * would be told so until the first ones are fetched: they are waited for, as long as it is
 * sensible.
 */
static void responses_await(const struct server *server)
{
	const struct timespec tick = { .tv_nsec = 50000000 };
	const time_t offset = server->options.clock_offset;

	for (int left = RESPONSES_TICKS; left > 0 && !is_to_end(); left--) {
		const bool runs =
			tam_keys_refresh(server->keys, time(NULL) + offset) & TAM_KEYS_COMMAND_RUNS;

		if (!runs || tam_keys_are_vouched_for(server->keys, time(NULL) + offset))
			break;
		nanosleep(&tick, NULL);
	}
	if (!tam_keys_are_vouched_for(server->keys, time(NULL) + offset))
		log_line(TAM_LOG_WARNING, "OCSP responses are missing or out of date: no device "
					  "will believe this TAM (teesim tam certificates)");
}

static int serve_start(struct server *server)
{
	const struct tam_config *config = &server->config;
	struct http_options options;
	int fd;

	server->tam = (struct tam) {
		.keys = server->keys,
		.trust = server->trust,
		.clock_offset = server->options.clock_offset,
		.session_seconds = config->session_seconds,
		.message_max = (unsigned)config->limits.body,
		.extended = config->extended_algorithms,
		.bundled = config->bundled,
		.hold_deletions = config->hold_deletions,
	};
	server->site.otrp = &otrp_engine;
	server->site.tam = &server->tam;
	server->site.keys = server->keys;
	server->site.trust = server->trust;
	server->site.tls_certificate = server->certificate;
	server->site.tls_path = config->tls_certificate;
	server->log = log_writer_open(&(const struct log_writer_options) {
		.database = server->site.database, .lost = rows_lost });
	server->tam.memory = session_memory_open(SESSIONS_IN_HAND);
	if (!server->log || !server->tam.memory)
		return STATUS_FAILED;
	server->tam.log = server->site.log = server->log;
	server->site.started = tam_time_now();
	server->site.clock_offset_ms = (int64_t)server->options.clock_offset * 1000;
	/* So many at once, and then one in a second. */
	server->site.wrong_tokens = peer_limit_open(1, 20);
	server->site.streams = event_streams_open();
	server->site.expiry = device_expiry_open();
	server->http = site_http(&server->site);
	if (!server->site.wrong_tokens || !server->site.streams || !server->site.expiry)
		return STATUS_FAILED;
	fd = server_listen(server);
	if (fd < 0)
		return STATUS_LISTEN;
	responses_await(server);
	server->host = url_host(config->url);
	options = (struct http_options) {
		.site = &server->http,
		.listen_fd = fd,
		.loopback = tam_config_is_loopback(config->listen_address),
		.host = server->host,
		.certificate = server->certificate,
		.key = server->key,
		.behind_proxy = config->behind_proxy,
		.threads = config->threads,
		.limits = config->limits,
		.body_budget = BODY_BUDGET,
	};
	server->listening = http_server_start(&options);
	if (!server->listening) {
		close(fd);
		return STATUS_FAILED;
	}
	server->maintenance = maintenance_start(&server->site, config);
	return server->maintenance ? -1 : STATUS_FAILED;
}

/* ---- Its life ----------------------------------------------------------------------------------
 */

/* For systemd's Type=notify; elsewhere there is nobody to tell. */
static void manager_notify(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (!path || strlen(path) >= sizeof(address.sun_path) || (*path != '/' && *path != '@'))
		return;
	(void)memcpy(address.sun_path, path, strlen(path));
	if (*path == '@')
		address.sun_path[0] = 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&address,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path)));
	close(fd);
}

static void ready_tell(const struct server *server)
{
	const int fd = (int)server->options.ready_fd;

	printf("teesim-tam: %s\n", server->url);
	(void)fflush(stdout);
	if (fd > 0) {
		(void)dprintf(fd, "%s\n", server->url);
		close(fd);
	}
	manager_notify("READY=1");
	log_line(TAM_LOG_INFO, "TAM %s is served at %s, %s, %u threads",
		 tam_keys_tamid(server->keys), server->url, tam_database_kind(server->database),
		 server->config.threads);
}

static void server_close(struct server *server)
{
	if (server->site.streams)
		event_streams_stop(server->site.streams);
	http_server_stop(server->listening, GRACE_MS);
	maintenance_stop(server->maintenance);
	log_writer_close(server->log);
	session_memory_close(server->tam.memory);
	event_streams_close(server->site.streams);
	device_expiry_close(server->site.expiry);
	peer_limit_close(server->site.wrong_tokens);
	tam_database_close(server->database);
	if (server->trust)
		device_trust_close(server->trust);
	if (server->keys)
		tam_keys_close(server->keys);
	vault_close(server->vault);
	if (server->key)
		explicit_bzero(server->key, strlen(server->key));
	free(server->key);
	free(server->certificate);
	free(server->host);
	tam_config_clear(&server->config);
}

int main(int argc, char **argv)
{
	struct server server = { 0 };
	int status = options_parse(argc, argv, &server.options), signal_number = 0;
	sigset_t ending;

	if (status >= 0)
		return status;
	(void)signal(SIGPIPE, SIG_IGN);
	/* What one message needed is there for the next: packages do not come and go as pages. */
	(void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
	(void)mallopt(M_TRIM_THRESHOLD, 2 << 20);
	/* Threads are made below with these blocked, so that they come to us alone. */
	(void)sigemptyset(&ending);
	(void)sigaddset(&ending, SIGTERM);
	(void)sigaddset(&ending, SIGINT);
	(void)pthread_sigmask(SIG_BLOCK, &ending, NULL);
	status = config_load(&server);
	if (status < 0 && !transport_fits(&server))
		status = STATUS_CONFIG;
	if (status < 0)
		status = files_load(&server);
	if (status < 0)
		status = database_open(&server);
	if (status < 0)
		status = serve_start(&server);
	if (status < 0) {
		ready_tell(&server);
		(void)sigwait(&ending, &signal_number);
		/* A second one does not wait for requests that are under way. */
		(void)pthread_sigmask(SIG_UNBLOCK, &ending, NULL);
		log_line(TAM_LOG_INFO, "stopping: %s", strsignal(signal_number));
		manager_notify("STOPPING=1");
		status = STATUS_STOPPED;
	}
	server_close(&server);
	return status;
}
