/*
 * The plugins: shared libraries named *.plugin in the directories of a path, each with a
 * `struct plugin_method` named `plugin_method` (<tee_plugin_method.h>).
 *
 * Runs in tee-plugins. Plugins are the user's own code, and run with the user's rights. What was
 * loaded stays loaded.
 */
#ifndef TEESIM_PLUGINS_PLUGIN_TABLE_H
#define TEESIM_PLUGINS_PLUGIN_TABLE_H

#include <tee_plugin_method.h>

/* Loads what is in the directories of `path`, separated by colons, and was not met before, and
 * calls its init(). One that can't be had, whose init() fails, or whose UUID another has already,
 * is left out with a line on stderr. */
void plugin_table_load(const char *path);

/* NULL: there is none. */
const struct plugin_method *plugin_table_find(const TEEC_UUID *uuid);

#endif
