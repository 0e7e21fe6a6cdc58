#include "teep/tam/cli/config_paths.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a shell takes for the beginning and for the end of a word that is not quoted. */
#define WORD_BEGINS " \t\n'\"=:;&|<>()`"
#define WORD_ENDS   " \t\n'\";&|<>()`"
#define COMMAND	    "ocsp_command"
#define PIN	    "pin-source="

static const char *const members[] = { "database",	 "vault",	 "tls",
				       "keys",		 "crls",	 "tee_roots",
				       "firmware_roots", "pkcs11_module" };

bool path_is_inside(const char *directory, const char *path)
{
	const size_t size = strlen(directory);

	return strncmp(path, directory, size) == 0 && path[size] == '/';
}

bool path_leads_into(const char *directory, const char *path, char real[PATH_MAX])
{
	return realpath(path, real) && path_is_inside(directory, real);
}

/* The file of the PIN, which is all of a token's URI that can be a path; NULL for none. */
static const char *pin_path(const char *uri, size_t *size)
{
	const char *at = strstr(uri, PIN);

	if (!at)
		return NULL;
	at += strlen(PIN);
	at += strncmp(at, "file:", 5) == 0 ? 5 : 0;
	*size = strcspn(at, ";?&");
	return at;
}

/* ---- Making them relative -------------------------------------------------------------------- */

/* NULL: as it is. The caller's. */
static char *path_loosened(const char *directory, const char *path)
{
	char full[2 * PATH_MAX], real[PATH_MAX];

	if (path[0] == '/')
		return path_leads_into(directory, path, real) ? strdup(real + strlen(directory) + 1)
							      : NULL;
	/* Of what is relative, the copy has all but what is beside the directory. */
	if (!strstr(path, "..") ||
	    snprintf(full, sizeof(full), "%s/%s", directory, path) >= (int)sizeof(full) ||
	    !realpath(full, real))
		return NULL;
	/* One that goes up might come back by the directory's own name. */
	return strdup(path_is_inside(directory, real) ? real + strlen(directory) + 1 : real);
}

static char *uri_loosened(const char *directory, const char *uri)
{
	char path[PATH_MAX], *loosened, *out = NULL;
	size_t size;
	const char *at = pin_path(uri, &size);

	if (!at || size >= sizeof(path))
		return NULL;
	(void)snprintf(path, sizeof(path), "%.*s", (int)size, at);
	loosened = path_loosened(directory, path);
	if (loosened && asprintf(&out, "%.*s%s%s", (int)(at - uri), uri, loosened, at + size) < 0)
		out = NULL;
	free(loosened);
	return out;
}

static bool member_is_path(const char *name, const char *text)
{
	if (strcmp(name, "database") == 0)
		return !strstr(text, "://");
	return strcmp(name, "pkcs11_module") != 0 || strchr(text, '/');
}

/* Takes the reference. */
static json_t *value_loosened(const char *directory, const char *name, json_t *value)
{
	const char *text = json_string_value(value), *key;
	json_t *item;
	char *out;
	size_t i;

	if (text && member_is_path(name, text)) {
		out = strncmp(text, "pkcs11:", 7) == 0 ? uri_loosened(directory, text)
						       : path_loosened(directory, text);
		if (out) {
			json_decref(value);
			value = json_string(out);
		}
		free(out);
		return value;
	}
	json_array_foreach(value, i, item)
		(void)json_array_set_new(value, i,
					 value_loosened(directory, name, json_incref(item)));
	json_object_foreach(value, key, item)
		(void)json_object_set_new(value, key,
					  value_loosened(directory, name, json_incref(item)));
	return value;
}

/* ---- The command ----------------------------------------------------------------------------- */

/* The next word from `at` on that is a path from the root; NULL for none. */
static const char *word_next(const char *command, const char *at, size_t *size)
{
	for (; (at = strchr(at, '/')) != NULL; at++) {
		const char before = at > command ? at[-1] : ' ';

		if (!strchr(WORD_BEGINS, before))
			continue;
		*size = before == '\'' || before == '"' ? strcspn(at, (char[]) { before, '\0' })
							: strcspn(at, WORD_ENDS);
		return at;
	}
	return NULL;
}

/* How much of a word is the directory's own name, as it may be called, too; 0 for nothing. */
static size_t word_prefix(const char *directory, const char *word, size_t size)
{
	char path[PATH_MAX], real[PATH_MAX];

	for (size_t n = 1; n <= size && n < sizeof(path); n++) {
		if (n < size && word[n] != '/')
			continue;
		(void)snprintf(path, sizeof(path), "%.*s", (int)n, word);
		if (realpath(path, real) && strcmp(real, directory) == 0)
			return n;
	}
	return 0;
}

/* Then what is relative in it need not be to where it was started. */
static bool changes_directory(const char *command)
{
	static const char *const words[] = { "cd", "pushd", "chdir", "-C" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		for (const char *at = command; (at = strstr(at, words[i])) != NULL; at++)
			if ((at == command || strchr(WORD_BEGINS "{", at[-1])) &&
			    strchr(" \t", at[strlen(words[i])]))
				return true;
	return false;
}

static void command_loosen(json_t *config, const char *directory)
{
	const char *command = json_string_value(json_object_get(config, COMMAND));
	const char *at = command, *word;
	char *out = NULL;
	size_t size, used;
	FILE *to;

	if (!command || changes_directory(command))
		return;
	to = open_memstream(&out, &used);
	if (!to)
		return;
	while ((word = word_next(command, at, &size)) != NULL) {
		const size_t prefix = word_prefix(directory, word, size);

		fprintf(to, "%.*s%s%.*s", (int)(word - at), at, prefix ? "." : "",
			(int)(size - prefix), word + prefix);
		at = word + size;
	}
	fputs(at, to);
	if (fclose(to) == 0)
		(void)json_object_set_new(config, COMMAND, json_string(out));
	free(out);
}

void config_paths_loosen(json_t *config, const char *directory)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		json_t *value = json_object_get(config, members[i]);

		if (value)
			(void)json_object_set_new(config, members[i],
						  value_loosened(directory, members[i],
								 json_incref(value)));
	}
	command_loosen(config, directory);
}

/* ---- Telling of them ------------------------------------------------------------------------- */

static void path_tell(const char *directory, const char *what, const char *path)
{
	char full[2 * PATH_MAX], real[PATH_MAX];
	bool there;

	if (path[0] != '/' &&
	    (!strstr(path, "..") ||
	     snprintf(full, sizeof(full), "%s/%s", directory, path) >= (int)sizeof(full)))
		return;
	there = realpath(path[0] == '/' ? path : full, real) != NULL;
	if (!path_is_inside(directory, there ? real : path))
		printf("%s: %s%s\n", what, path, there ? "" : ", which is not there");
}

static void value_tell(json_t *value, const char *directory, const char *name, const char *what)
{
	const char *text = json_string_value(value), *key;
	char path[PATH_MAX];
	json_t *item;
	size_t i, size;

	if (text && strncmp(text, "pkcs11:", 7) == 0) {
		text = pin_path(text, &size);
		if (text && size < sizeof(path)) {
			(void)snprintf(path, sizeof(path), "%.*s", (int)size, text);
			path_tell(directory, what, path);
		}
	} else if (text && member_is_path(name, text)) {
		path_tell(directory, what, text);
	}
	json_array_foreach(value, i, item)
		value_tell(item, directory, name, what);
	json_object_foreach(value, key, item)
		value_tell(item, directory, name, what);
}

/* Programs and devices of the system are on any machine. */
static bool is_the_systems(const char *path)
{
	static const char *const beginnings[] = { "/usr/", "/bin/", "/sbin/", "/dev/" };

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		if (strncmp(path, beginnings[i], strlen(beginnings[i])) == 0)
			return access(path, F_OK) == 0;
	return false;
}

void config_paths_tell(const json_t *config, const char *directory, const char *what)
{
	const char *command = json_string_value(json_object_get(config, COMMAND)), *word;
	char text[PATH_MAX], by[256];
	size_t size;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		value_tell(json_object_get(config, members[i]), directory, members[i], what);
	(void)snprintf(by, sizeof(by), "\"" COMMAND "\" uses what is %s",
		       strncmp(what, "not", 3) == 0 ? "not in the copy" : what);
	for (word = command ? word_next(command, command, &size) : NULL; word;
	     word = word_next(command, word + size, &size)) {
		(void)snprintf(text, sizeof(text), "%.*s", (int)size, word);
		if (!is_the_systems(text))
			path_tell(directory, by, text);
	}
}
