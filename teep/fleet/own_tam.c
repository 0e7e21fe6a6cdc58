#include "teep/fleet/own_tam.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "teep/fleet/admin.h"

#define TAMID	      "1.3.6.1.4.1.55555.7.1"
#define ARGUMENTS_MAX 24
#define START_SECONDS 30

/* Run one of our programs to its end, in the TAM's directory, with what it prints in a file there.
 * The words end with NULL. */
static int run(const struct own_tam *tam, const char *program, const char *const words[], char *err,
	       size_t errlen)
{
	char path[2 * OWN_TAM_PATH], log[OWN_TAM_PATH + 16];
	char *argv[ARGUMENTS_MAX] = { path };
	int status = 0;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/%s", tam->programs, program);
	snprintf(log, sizeof(log), "%s/log", tam->directory);
	for (int i = 0; words[i] && i + 2 < ARGUMENTS_MAX; i++)
		argv[i + 1] = (char *)words[i];
	pid = fork();
	if (pid == 0) {
		const int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

		if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0 ||
		    chdir(tam->directory) < 0)
			_exit(126);
		execv(path, argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		snprintf(err, errlen, "%s: %s", program, strerror(errno));
		return -errno;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	snprintf(err, errlen, "%s %s %s failed; --keep keeps its log", program, words[0],
		 words[1] ? words[1] : "");
	return -ECHILD;
}

#define RUN(program, ...) \
	run(tam, program, (const char *const[]) { __VA_ARGS__, NULL }, err, errlen)

/* Authorities, and the service provider's key. */
static int keys_make(const struct own_tam *tam, const char *key, char *err, size_t errlen)
{
	int rc = RUN("teesim-teep", "pki", "init", "pki", "--key", key);

	return rc ? rc
		  : RUN("teesim-teep", "pki", "sp", "--out", "sp", "--key", key, "--name",
			"Fleet SP");
}

static int packages_make(const struct own_tam *tam, char *err, size_t errlen)
{
	char image[2 * OWN_TAM_PATH];
	int rc;

	snprintf(image, sizeof(image), "%s/" OWN_TAM_TAID ".elf", tam->programs);
	rc = RUN("teesim-teep", "sp", "package", image, "--version", "1", "--key", "sp.key",
		 "--cert", "sp.pem", "--out", "1.cms");
	if (rc == 0)
		rc = RUN("teesim-teep", "sp", "package", image, "--version", "2", "--key", "sp.key",
			 "--cert", "sp.pem", "--out", "2.cms");
	return rc;
}

/* A port that is free now, and most likely a moment later. */
static unsigned short port_find(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		return 0;
	if (bind(fd, (struct sockaddr *)&address, size) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		address.sin_port = 0;
	close(fd);
	return ntohs(address.sin_port);
}

static int token_read(struct own_tam *tam, char *err, size_t errlen)
{
	char path[OWN_TAM_PATH + 32];
	FILE *file;

	snprintf(path, sizeof(path), "%s/tam/admin.token", tam->directory);
	file = fopen(path, "re");
	if (!file || !fgets(tam->token, sizeof(tam->token), file)) {
		snprintf(err, errlen, "%s: %s", path, strerror(errno));
		if (file)
			fclose(file);
		return -EIO;
	}
	fclose(file);
	tam->token[strcspn(tam->token, "\n")] = '\0';
	return 0;
}

/* Answers are signed with an algorithm that the protocol's profile does not have. */
static int extended_allow(const struct own_tam *tam, char *err, size_t errlen)
{
	char path[OWN_TAM_PATH + 32];
	json_t *config;
	int rc;

	snprintf(path, sizeof(path), "%s/tam/tam.conf", tam->directory);
	config = json_load_file(path, 0, NULL);
	rc = json_object_set_new(config, "extended_algorithms", json_true()) ||
	     json_dump_file(config, path, JSON_INDENT(2));
	json_decref(config);
	if (rc)
		snprintf(err, errlen, "%s can't be changed", path);
	return rc ? -EIO : 0;
}

static int configuration_make(struct own_tam *tam, const char *database, const char *key, char *err,
			      size_t errlen)
{
	const bool extended = strcmp(key, "p384") == 0;
	char listen_text[32];
	int rc;

	/* Requests are by the profile in any case, so that each TEE verifies them. */
	if (extended)
		key = "p256";
	snprintf(listen_text, sizeof(listen_text), "127.0.0.1:%u", tam->port);
	rc = RUN("teesim-tam-cli", "init", "tam", "--pki", "pki", "--id", TAMID, "--kind", key,
		 "--listen", listen_text, "--plain-http", database ? "--database" : NULL, database);
	if (rc == 0 && extended)
		rc = extended_allow(tam, err, errlen);
	return rc ? rc : token_read(tam, err, errlen);
}

/* Where this program is. */
static bool programs_find(struct own_tam *tam)
{
	const ssize_t n = readlink("/proc/self/exe", tam->programs, sizeof(tam->programs) - 1);
	char *slash = n > 0 ? strrchr(tam->programs, '/') : NULL;

	if (slash)
		*slash = '\0';
	return slash;
}

int own_tam_make(struct own_tam *tam, const char *programs, const char *directory,
		 const char *database, const char *key, char *err, size_t errlen)
{
	int rc;

	*tam = (struct own_tam) { .port = port_find() };
	snprintf(tam->directory, sizeof(tam->directory), "%s", directory);
	if (programs)
		snprintf(tam->programs, sizeof(tam->programs), "%s", programs);
	if (!tam->port || (!programs && !programs_find(tam))) {
		snprintf(err, errlen, "no port on 127.0.0.1 is free");
		return -EADDRINUSE;
	}
	snprintf(tam->uri, sizeof(tam->uri), "http://127.0.0.1:%u/tam", tam->port);
	if (mkdir(directory, 0700) < 0) {
		snprintf(err, errlen, "%s: %s", directory, strerror(errno));
		return -errno;
	}
	rc = keys_make(tam, key, err, errlen);
	if (rc == 0)
		rc = packages_make(tam, err, errlen);
	return rc ? rc : configuration_make(tam, database, key, err, errlen);
}

static void server_exec(const struct own_tam *tam, pid_t parent)
{
	char path[2 * OWN_TAM_PATH], log[OWN_TAM_PATH + 16];
	int fd;

	snprintf(path, sizeof(path), "%s/teesim-tam", tam->programs);
	snprintf(log, sizeof(log), "%s/log", tam->directory);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	/* It ends with us, and the terminal's Ctrl-C is for us. */
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0 ||
	    chdir(tam->directory) < 0 || setpgid(0, 0) < 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
		_exit(126);
	execl(path, path, "tam", (char *)NULL);
	_exit(127);
}

int own_tam_start(struct own_tam *tam, char *err, size_t errlen)
{
	const struct timespec tick = { .tv_nsec = 20000000 };
	struct admin *admin = admin_open(tam->uri, tam->token, NULL);
	const pid_t parent = getpid();
	bool healthy = false;

	if (!admin)
		return -ENOMEM;
	tam->server = fork();
	if (tam->server == 0)
		server_exec(tam, parent);
	for (time_t last = time(NULL) + START_SECONDS; tam->server > 0 && time(NULL) < last;) {
		healthy = admin_healthy(admin);
		if (healthy)
			break;
		if (waitpid(tam->server, NULL, WNOHANG) == tam->server)
			tam->server = 0;
		nanosleep(&tick, NULL);
	}
	admin_close(admin);
	if (healthy)
		return 0;
	own_tam_kill(tam);
	snprintf(err, errlen, "the TAM does not start; --keep keeps its log");
	return -ECHILD;
}

static void server_end(struct own_tam *tam, int signal_number)
{
	if (tam->server <= 0)
		return;
	kill(tam->server, signal_number);
	while (waitpid(tam->server, NULL, 0) < 0 && errno == EINTR)
		;
	tam->server = 0;
}

void own_tam_kill(struct own_tam *tam)
{
	server_end(tam, SIGKILL);
}

void own_tam_stop(struct own_tam *tam)
{
	server_end(tam, SIGTERM);
}

/* A whole file; the caller's. */
static char *file_read(const struct own_tam *tam, const char *name, size_t *size)
{
	char path[OWN_TAM_PATH + 32], *data = NULL;
	struct stat st;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", tam->directory, name);
	file = fopen(path, "re");
	if (!file)
		return NULL;
	if (fstat(fileno(file), &st) == 0) {
		*size = (size_t)st.st_size;
		data = malloc(*size + 1);
		if (data && fread(data, 1, *size, file) != *size) {
			free(data);
			data = NULL;
		}
	}
	fclose(file);
	return data;
}

static int upload(const struct own_tam *tam, struct admin *admin, const char *name,
		  const char *path, const char *type, char *err, size_t errlen)
{
	size_t size;
	char *data = file_read(tam, name, &size);
	int rc = -EIO;

	if (data)
		rc = admin_call(admin, "POST", path, type, data, size, NULL, err, errlen);
	else
		snprintf(err, errlen, "%s: can't be read", name);
	free(data);
	return rc;
}

int own_tam_deploy(struct own_tam *tam, unsigned int version, long long *deployment, char *err,
		   size_t errlen)
{
	struct admin *admin = admin_open(tam->uri, tam->token, NULL);
	json_t *answer = NULL;
	char name[16];
	int rc = admin ? 0 : -ENOMEM;

	snprintf(name, sizeof(name), "%u.cms", version);
	if (rc == 0 && version == 1) {
		rc = admin_post(admin, "/sps",
				json_pack("{s:s, s:s}", "spid", OWN_TAM_SPID, "name", "Fleet SP"),
				NULL, err, errlen);
		if (rc == 0)
			rc = upload(tam, admin, "sp.pem", "/sps/" OWN_TAM_SPID "/certificates",
				    "application/x-pem-file", err, errlen);
	}
	if (rc == 0)
		rc = upload(tam, admin, name, "/tas?spid=" OWN_TAM_SPID, "application/cms", err,
			    errlen);
	if (rc == 0)
		rc = admin_post(admin, "/deployments",
				json_pack("{s:s, s:s, s:s, s:s, s:i}", "scope", "all", "spid",
					  OWN_TAM_SPID, "sdname", OWN_TAM_SD, "taid", OWN_TAM_TAID,
					  "version", (int)version),
				&answer, err, errlen);
	if (rc == 0)
		*deployment = json_integer_value(json_object_get(answer, "id"));
	json_decref(answer);
	admin_close(admin);
	return rc;
}

size_t own_tam_memory(const struct own_tam *tam)
{
	char path[64], line[128];
	unsigned long kib = 0;
	FILE *file = NULL;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)tam->server);
	if (tam->server > 0)
		file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, "Private_Dirty:", 14) == 0 ||
		    strncmp(line, "Private_Clean:", 14) == 0)
			kib += strtoul(line + 14, NULL, 10);
	if (file)
		fclose(file);
	return kib * 1024;
}

double own_tam_cpu(const struct own_tam *tam)
{
	struct timespec used = { 0 };
	clockid_t clock;

	if (tam->server > 0 && clock_getcpuclockid(tam->server, &clock) == 0)
		(void)clock_gettime(clock, &used);
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}
