/* The parts of `teesim ta`: each gets its own name as argv[0] and returns the exit status. */
#ifndef TEESIM_CLI_TA_COMMANDS_H
#define TEESIM_CLI_TA_COMMANDS_H

#include <jansson.h>
#include <stdbool.h>

/* What TAMs installed on the device, as its TEE tells it: *list, an array, the caller's; NULL where
 * there is nothing to tell. False where it can't be told; why has been said. */
bool ta_domain_list(const char *device_dir, json_t **list);

int cmd_ta_inspect(int argc, char **argv);
int cmd_ta_list(int argc, char **argv);
int cmd_ta_install(int argc, char **argv);
int cmd_ta_remove(int argc, char **argv);

#endif
