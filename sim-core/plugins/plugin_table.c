#include "plugins/plugin_table.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUFFIX ".plugin"

/* A file that was met, with what came of it. */
struct plugin {
	struct plugin *next;
	/* NULL: of no use. */
	const struct plugin_method *method;
	char path[];
};

static struct plugin *plugins;

static bool is_met(const char *path)
{
	for (const struct plugin *plugin = plugins; plugin; plugin = plugin->next)
		if (!strcmp(plugin->path, path))
			return true;
	return false;
}

const struct plugin_method *plugin_table_find(const TEEC_UUID *uuid)
{
	for (const struct plugin *plugin = plugins; plugin; plugin = plugin->next)
		if (plugin->method && !memcmp(&plugin->method->uuid, uuid, sizeof(*uuid)))
			return plugin->method;
	return NULL;
}

/* Returns NULL after a line that says why. */
static const struct plugin_method *method_load(const char *path)
{
	const struct plugin_method *method;
	TEEC_Result result;
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!library) {
		fprintf(stderr, "%s cannot be loaded: %s\n", path, dlerror());
		return NULL;
	}
	method = dlsym(library, "plugin_method");
	if (!method || !method->invoke) {
		fprintf(stderr,
			"%s is no plugin: it must export a struct plugin_method named "
			"plugin_method, with a function invoke\n",
			path);
		dlclose(library);
		return NULL;
	}
	if (plugin_table_find(&method->uuid)) {
		fprintf(stderr, "%s: another plugin with the same UUID is loaded already\n", path);
		dlclose(library);
		return NULL;
	}
	result = method->init ? method->init() : TEEC_SUCCESS;
	if (result == TEEC_SUCCESS)
		return method;
	/* It may have started threads: its code stays. */
	fprintf(stderr, "%s is not used: its init() returned 0x%08x\n", path, result);
	return NULL;
}

static void file_load(const char *path)
{
	struct plugin *plugin;

	if (is_met(path))
		return;
	plugin = malloc(sizeof(*plugin) + strlen(path) + 1);
	if (!plugin)
		return;
	strcpy(plugin->path, path);
	plugin->method = method_load(path);
	plugin->next = plugins;
	plugins = plugin;
}

static int name_is_plugin(const struct dirent *entry)
{
	const size_t length = strlen(entry->d_name);

	return length > strlen(SUFFIX) && !strcmp(entry->d_name + length - strlen(SUFFIX), SUFFIX);
}

static void directory_load(const char *directory)
{
	struct dirent **entries;
	char path[PATH_MAX];
	int count = scandir(directory, &entries, name_is_plugin, alphasort);

	if (count < 0) {
		if (errno != ENOENT)
			fprintf(stderr, "%s: no plugins from there: %s\n", directory,
				strerror(errno));
		return;
	}
	for (int i = 0; i < count; i++) {
		if (snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name) <
		    (int)sizeof(path))
			file_load(path);
		free(entries[i]);
	}
	free(entries);
}

void plugin_table_load(const char *path)
{
	char *copy = strdup(path);
	char *save;

	if (!copy)
		return;
	for (char *directory = strtok_r(copy, ":", &save); directory;
	     directory = strtok_r(NULL, ":", &save))
		directory_load(directory);
	free(copy);
}
