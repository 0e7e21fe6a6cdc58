/*
 * The commands of the `teesim` program. Each gets "teesim NAME" as argv[0], prints its own --help,
 * and returns the program's exit status.
 */
#ifndef TEESIM_CLI_COMMANDS_H
#define TEESIM_CLI_COMMANDS_H

#include <stdbool.h>
#include <stdio.h>

enum {
	EXIT_OK = 0,
	EXIT_REFUSED = 1, /* it was understood and did not work; the reason is on stderr */
	EXIT_USAGE = 2,	  /* it was not understood */
};

int cmd_run(int argc, char **argv);
int cmd_start(int argc, char **argv);
int cmd_stop(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_log(int argc, char **argv);
int cmd_ta(int argc, char **argv);
int cmd_device(int argc, char **argv);
int cmd_storage(int argc, char **argv);
int cmd_env(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_webapp(int argc, char **argv);

/* TEEP's roles; teesim-teep does the work. */
int cmd_pki(int argc, char **argv);
int cmd_oem(int argc, char **argv);
int cmd_sp(int argc, char **argv);
int cmd_trust_admin(int argc, char **argv);
int cmd_otrp(int argc, char **argv);
int cmd_agent(int argc, char **argv);
int cmd_evil_agent(int argc, char **argv);
int cmd_fleet(int argc, char **argv);
int cmd_tam(int argc, char **argv);

/* Becomes teesim-teep with these arguments behind the command. Returns only when that fails. */
int teep_exec(const char *command, int argc, char **argv);

/* What teesim-teep COMMAND SUBCOMMAND --device DIRECTORY prints, to be read and then closed; NULL
 * when it can't be run. */
FILE *teep_output(const char *command, const char *subcommand, const char *directory);
/* Whether it did what it was asked to; if not, it has said why. */
bool teep_output_close(FILE *output);

#endif
