/*
 * The paths in tam.conf when a TAM's directory is copied: those that lead into the directory are
 * written so that they lead into the copy, and those that lead elsewhere are told.
 *
 * Runs in `teesim tam backup` and `restore`. tam.conf is the operator's own and trusted. All
 * directories are as realpath() tells them.
 */
#ifndef TEESIM_TEEP_TAM_CLI_CONFIG_PATHS_H
#define TEESIM_TEEP_TAM_CLI_CONFIG_PATHS_H

#include <limits.h>
#include <stdbool.h>

#include <jansson.h>

/* Of the text alone; a directory is not inside itself. */
bool path_is_inside(const char *directory, const char *path);

/* Where a path leads, through links as well; false, with errno, when there is nothing. */
bool path_leads_into(const char *directory, const char *path, char real[PATH_MAX]);

/*
 * Changes the members that name files: what is in `directory`, where the configuration was, is
 * relative from then on, and what is elsewhere is from the root. In "ocsp_command", which runs in
 * the TAM's directory, that is done for each word that names something there, unless the command
 * changes its directory.
 */
void config_paths_loosen(json_t *config, const char *directory);

/*
 * Prints a line "WHAT: PATH" for each path that leads out of `directory`, where the configuration
 * is, and says so of those that are not there.
 */
void config_paths_tell(const json_t *config, const char *directory, const char *what);

#endif
