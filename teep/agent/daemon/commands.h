/*
 * The command lines of teesim-agent, apart from the agent itself: clients of it, like any
 * application.
 */
#ifndef TEESIM_AGENT_COMMANDS_H
#define TEESIM_AGENT_COMMANDS_H

int agent_request_command(int argc, char **argv);
int agent_process_command(int argc, char **argv);
int agent_information_command(int argc, char **argv);
int agent_status_command(int argc, char **argv);
int agent_stop_command(int argc, char **argv);
int agent_serve_command(int argc, char **argv);

extern const char agent_help[];

#endif
