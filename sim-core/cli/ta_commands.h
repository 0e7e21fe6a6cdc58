/* The parts of `teesim ta`: each gets its own name as argv[0] and returns the exit status. */
#ifndef TEESIM_CLI_TA_COMMANDS_H
#define TEESIM_CLI_TA_COMMANDS_H

int cmd_ta_inspect(int argc, char **argv);
int cmd_ta_list(int argc, char **argv);
int cmd_ta_install(int argc, char **argv);
int cmd_ta_remove(int argc, char **argv);

#endif
