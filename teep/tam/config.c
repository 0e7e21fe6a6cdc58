#include "teep/tam/config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "teep/otrp/json.h"

#define FILE_MAX (64 * 1024)

enum kind {
	KIND_TEXT,
	KIND_PATH, /* relative to the file's own directory */
	KIND_NUMBER,
	KIND_BOOLEAN,
	KIND_OBJECT,
	KIND_ARRAY,
};

/* A member, and where its value goes: `target` for objects and arrays is a json_t *, borrowed. */
struct setting {
	const char *name;
	enum kind kind;
	void *target;
	uint32_t min, max;
	bool needed;
};

struct parse {
	const char *directory;
	char *error;
};

static int wrong(const struct parse *parse, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int wrong(const struct parse *parse, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(parse->error, TAM_CONFIG_ERROR_SIZE, format, arguments);
	va_end(arguments);
	return -EBADMSG;
}

static char *path_resolve(const char *directory, const char *path)
{
	char *resolved = NULL;

	if (path[0] == '/')
		return strdup(path);
	return asprintf(&resolved, "%s/%s", directory, path) < 0 ? NULL : resolved;
}

static int text_set(const struct parse *parse, const struct setting *setting, const char *text)
{
	char **target = setting->target;

	if (!text || !*text)
		return wrong(parse, "\"%s\" has to be a text that is not empty", setting->name);
	free(*target);
	*target = setting->kind == KIND_PATH ? path_resolve(parse->directory, text) : strdup(text);
	return *target ? 0 : -ENOMEM;
}

static int setting_apply(const struct parse *parse, const struct setting *setting, json_t *value)
{
	switch (setting->kind) {
	case KIND_TEXT:
	case KIND_PATH:
		return text_set(parse, setting, json_string_value(value));
	case KIND_NUMBER:
		if (!json_is_integer(value) || json_integer_value(value) < setting->min ||
		    json_integer_value(value) > setting->max)
			return wrong(parse, "\"%s\" has to be a number from %u to %u",
				     setting->name, setting->min, setting->max);
		*(uint32_t *)setting->target = (uint32_t)json_integer_value(value);
		return 0;
	case KIND_BOOLEAN:
		if (!json_is_boolean(value))
			return wrong(parse, "\"%s\" has to be true or false", setting->name);
		*(bool *)setting->target = json_is_true(value);
		return 0;
	case KIND_OBJECT:
		if (!json_is_object(value))
			return wrong(parse, "\"%s\" has to be an object", setting->name);
		*(json_t **)setting->target = value;
		return 0;
	case KIND_ARRAY:
		if (!json_is_array(value))
			return wrong(parse, "\"%s\" has to be an array", setting->name);
		*(json_t **)setting->target = value;
		return 0;
	}
	return -EINVAL;
}

static int settings_apply(const struct parse *parse, json_t *object, const char *where,
			  const struct setting *settings, size_t count)
{
	const char *name;
	json_t *value;

	for (size_t i = 0; i < count; i++)
		if (settings[i].needed && !json_object_get(object, settings[i].name))
			return wrong(parse, "%s needs \"%s\"", where, settings[i].name);
	json_object_foreach(object, name, value) {
		size_t i = 0;
		int rc;

		while (i < count && strcmp(settings[i].name, name) != 0)
			i++;
		if (i == count)
			return wrong(parse, "%s has no member \"%.60s\"", where, name);
		rc = setting_apply(parse, &settings[i], value);
		if (rc < 0)
			return rc;
	}
	return 0;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A file, but for a token's URI, which is no path. */
static int ocsp_apply(const struct parse *parse, const json_t *array, struct tam_config_key *key)
{
	if (json_array_size(array) > TAM_CONFIG_OCSP_MAX)
		return wrong(parse, "\"ocsp\" names more than %d files", TAM_CONFIG_OCSP_MAX);
	for (size_t i = 0; i < json_array_size(array); i++) {
		const struct setting setting = { "ocsp", KIND_PATH, &key->ocsp[i], 0, 0, false };
		const int rc = setting_apply(parse, &setting, json_array_get(array, i));

		if (rc < 0)
			return rc;
		key->ocsp_count = i + 1;
	}
	return 0;
}

static int key_apply(const struct parse *parse, json_t *value, struct tam_config_key *key)
{
	json_t *ocsp = NULL;
	const struct setting settings[] = {
		{ "key", KIND_TEXT, &key->key, 0, 0, true },
		{ "chain", KIND_PATH, &key->chain, 0, 0, true },
		{ "ocsp", KIND_ARRAY, &ocsp, 0, 0, false },
	};
	int rc;

	if (!json_is_object(value))
		return wrong(parse, "\"keys\" has to be an array of objects");
	rc = settings_apply(parse, value, "an entry of \"keys\"", settings, COUNT(settings));
	if (rc == 0 && strncmp(key->key, "pkcs11:", 7) != 0) {
		char *path = path_resolve(parse->directory, key->key);

		free(key->key);
		key->key = path;
		rc = path ? 0 : -ENOMEM;
	}
	if (rc == 0 && ocsp)
		rc = ocsp_apply(parse, ocsp, key);
	return rc;
}

static int keys_apply(const struct parse *parse, const json_t *array, struct tam_config *config)
{
	if (json_array_size(array) == 0 || json_array_size(array) > TAM_CONFIG_KEYS_MAX)
		return wrong(parse, "\"keys\" has to name 1 to %d keys", TAM_CONFIG_KEYS_MAX);
	for (size_t i = 0; i < json_array_size(array); i++) {
		const int rc = key_apply(parse, json_array_get(array, i), &config->keys[i]);

		config->key_count = i + 1;
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int tls_apply(const struct parse *parse, json_t *object, struct tam_config *config)
{
	const struct setting settings[] = {
		{ "certificate", KIND_PATH, &config->tls_certificate, 0, 0, true },
		{ "key", KIND_PATH, &config->tls_key, 0, 0, true },
	};

	return settings_apply(parse, object, "\"tls\"", settings, COUNT(settings));
}

static int limits_apply(const struct parse *parse, json_t *object, struct tam_config_limits *limits)
{
	uint32_t body = (uint32_t)limits->body;
	const struct setting settings[] = {
		{ "body", KIND_NUMBER, &body, 1024, 1u << 30, false },
		{ "request_seconds", KIND_NUMBER, &limits->request_seconds, 1, 3600, false },
		{ "idle_seconds", KIND_NUMBER, &limits->idle_seconds, 1, 3600, false },
		{ "connections", KIND_NUMBER, &limits->connections, 1, 1000000, false },
		{ "connections_per_peer", KIND_NUMBER, &limits->connections_per_peer, 1, 1000000,
		  false },
		{ "requests_per_second", KIND_NUMBER, &limits->requests_per_second, 1, 1000000,
		  false },
		{ "burst", KIND_NUMBER, &limits->burst, 1, 1000000, false },
		{ "loopback", KIND_BOOLEAN, &limits->loopback, 0, 0, false },
	};
	const int rc = settings_apply(parse, object, "\"limits\"", settings, COUNT(settings));

	limits->body = body;
	return rc;
}

int tam_config_listen_parse(const char *text, char **address, uint16_t *port)
{
	const char *colon = strrchr(text, ':'), *start = text;
	unsigned long number;
	size_t length;
	char *end;

	if (!colon || colon[1] < '0' || colon[1] > '9')
		return -EINVAL;
	errno = 0;
	number = strtoul(colon + 1, &end, 10);
	if (errno || *end || number > UINT16_MAX)
		return -EINVAL;
	length = (size_t)(colon - text);
	if (length >= 2 && text[0] == '[' && colon[-1] == ']') {
		start++;
		length -= 2;
	} else if (memchr(text, ':', length)) {
		return -EINVAL; /* an IPv6 address without its brackets */
	}
	if (length == 0)
		return -EINVAL;
	*address = strndup(start, length);
	*port = (uint16_t)number;
	return *address ? 0 : -ENOMEM;
}

bool tam_config_log_level_parse(const char *text, enum tam_log_level *out)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };

	for (size_t i = 0; i < COUNT(names); i++)
		if (strcmp(text, names[i]) == 0) {
			*out = (enum tam_log_level)i;
			return true;
		}
	return false;
}

bool tam_config_is_loopback(const char *address)
{
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET, address, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, address, &six) == 1)
		return IN6_IS_ADDR_LOOPBACK(&six);
	return strcmp(address, "localhost") == 0;
}

static void defaults_set(struct tam_config *config)
{
	*config = (struct tam_config) {
		.session_seconds = 600,
		.message_days = 30,
		.bundled = true,
		.log_level = TAM_LOG_INFO,
		.limits = {
			.body = 16 << 20,
			.request_seconds = 30,
			.idle_seconds = 60,
			.connections = 4096,
			.connections_per_peer = 256,
			.requests_per_second = 50,
			.burst = 200,
		},
	};
}

static int config_apply(const struct parse *parse, json_t *object, struct tam_config *config)
{
	char *listen = NULL, *level = NULL, *database = NULL;
	json_t *keys = NULL, *tls = NULL, *limits = NULL, *policy = NULL;
	const struct setting settings[] = {
		{ "listen", KIND_TEXT, &listen, 0, 0, true },
		{ "url", KIND_TEXT, &config->url, 0, 0, false },
		{ "tls", KIND_OBJECT, &tls, 0, 0, false },
		{ "behind_proxy", KIND_BOOLEAN, &config->behind_proxy, 0, 0, false },
		{ "database", KIND_TEXT, &database, 0, 0, true },
		{ "keys", KIND_ARRAY, &keys, 0, 0, true },
		{ "tee_roots", KIND_PATH, &config->tee_roots, 0, 0, true },
		{ "firmware_roots", KIND_PATH, &config->firmware_roots, 0, 0, true },
		{ "crls", KIND_PATH, &config->crls, 0, 0, false },
		{ "policy", KIND_OBJECT, &policy, 0, 0, false },
		{ "vault", KIND_PATH, &config->vault, 0, 0, true },
		{ "ocsp_command", KIND_TEXT, &config->ocsp_command, 0, 0, false },
		{ "pkcs11_module", KIND_TEXT, &config->pkcs11_module, 0, 0, false },
		{ "bundled", KIND_BOOLEAN, &config->bundled, 0, 0, false },
		{ "extended_algorithms", KIND_BOOLEAN, &config->extended_algorithms, 0, 0, false },
		{ "hold_deletions", KIND_BOOLEAN, &config->hold_deletions, 0, 0, false },
		{ "session_seconds", KIND_NUMBER, &config->session_seconds, 1, 86400, false },
		{ "message_days", KIND_NUMBER, &config->message_days, 1, 3650, false },
		{ "threads", KIND_NUMBER, &config->threads, 0, 256, false },
		{ "log_level", KIND_TEXT, &level, 0, 0, false },
		{ "limits", KIND_OBJECT, &limits, 0, 0, false },
	};
	int rc = settings_apply(parse, object, "tam.conf", settings, COUNT(settings));

	if (rc == 0 && (!listen || !database))
		rc = -EBADMSG; /* they are needed, so they are there */
	if (rc == 0 && level && !tam_config_log_level_parse(level, &config->log_level))
		rc = wrong(parse, "\"log_level\" is error, warning, info or debug");
	if (rc == 0) {
		rc = tam_config_listen_parse(listen, &config->listen_address, &config->listen_port);
		if (rc == -EINVAL)
			rc = wrong(parse, "\"listen\" has to be ADDRESS:PORT or [ADDRESS]:PORT");
	}
	if (rc == 0) {
		config->database = strstr(database, "://")
					   ? strdup(database)
					   : path_resolve(parse->directory, database);
		rc = config->database ? keys_apply(parse, keys, config) : -ENOMEM;
	}
	/* A name alone is looked for among the system's libraries. */
	if (rc == 0 && config->pkcs11_module && strchr(config->pkcs11_module, '/')) {
		char *path = path_resolve(parse->directory, config->pkcs11_module);

		free(config->pkcs11_module);
		config->pkcs11_module = path;
		rc = path ? 0 : -ENOMEM;
	}
	if (rc == 0 && tls)
		rc = tls_apply(parse, tls, config);
	if (rc == 0 && limits)
		rc = limits_apply(parse, limits, &config->limits);
	if (rc == 0 && policy)
		config->policy = json_incref(policy);
	free(listen);
	free(level);
	free(database);
	return rc;
}

int tam_config_parse(const char *directory, const void *text, size_t size, struct tam_config *out,
		     char error[TAM_CONFIG_ERROR_SIZE])
{
	const struct parse parse = { directory, error };
	json_t *object = NULL;
	int rc;

	error[0] = 0;
	defaults_set(out);
	rc = json_object_parse(span_of(text, size), &object);
	if (rc == -EBADMSG)
		rc = wrong(&parse, "not one JSON object, or one that has a name twice");
	if (rc == 0)
		rc = config_apply(&parse, object, out);
	json_decref(object);
	if (rc < 0)
		tam_config_clear(out);
	return rc;
}

int tam_config_read(const char *directory, struct tam_config *out,
		    char error[TAM_CONFIG_ERROR_SIZE])
{
	char *text = malloc(FILE_MAX + 1), *path = path_resolve(directory, TAM_CONFIG_FILE);
	size_t size = 0;
	int rc = -ENOMEM;
	FILE *file;

	error[0] = 0;
	*out = (struct tam_config) { 0 };
	if (text && path) {
		file = fopen(path, "re");
		rc = file ? 0 : -errno;
		if (file) {
			size = fread(text, 1, FILE_MAX + 1, file);
			if (ferror(file))
				rc = -EIO;
			else if (size > FILE_MAX)
				rc = -EFBIG;
			(void)fclose(file);
		}
		if (rc < 0)
			(void)snprintf(error, TAM_CONFIG_ERROR_SIZE, "%s", strerror(-rc));
		else
			rc = tam_config_parse(directory, text, size, out, error);
	}
	free(text);
	free(path);
	return rc;
}

void tam_config_clear(struct tam_config *config)
{
	free(config->listen_address);
	free(config->url);
	free(config->tls_certificate);
	free(config->tls_key);
	free(config->database);
	free(config->tee_roots);
	free(config->firmware_roots);
	free(config->crls);
	free(config->vault);
	free(config->ocsp_command);
	free(config->pkcs11_module);
	for (size_t i = 0; i < TAM_CONFIG_KEYS_MAX; i++) {
		free(config->keys[i].key);
		free(config->keys[i].chain);
		for (size_t j = 0; j < TAM_CONFIG_OCSP_MAX; j++)
			free(config->keys[i].ocsp[j]);
	}
	json_decref(config->policy);
	*config = (struct tam_config) { 0 };
}
