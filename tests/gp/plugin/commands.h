/* What the TA and the plugins of this chapter do. */
#ifndef GP_PLUGIN_COMMANDS_H
#define GP_PLUGIN_COMMANDS_H

enum {
	/* Memory 0, in: the plugin's UUID; value 1: command and subcommand; memory 2, inout: data;
	 * value 3.a, out: what the plugin says to have filled. The result is the plugin's. */
	CMD_INVOKE = 1,
	/* The same by way of the system pseudo TA. */
	CMD_INVOKE_BY_SYSTEM_TA,
	/* The same with data in the TA's memory, of 1 MiB, whose octets are counted up from the
	 * first of memory 2 on; the result is TEE_ERROR_GENERIC when the answer is not what
	 * PLUGIN_REVERSE makes of it. */
	CMD_INVOKE_LARGE,
};

/* Commands of the plugins. */
enum {
	/* Turns the data round. */
	PLUGIN_REVERSE = 1,
	/* The result is the subcommand. */
	PLUGIN_RETURN,
	/* Writes how often the plugin was initialised and invoked, an octet each. */
	PLUGIN_COUNT,
	/* Writes its process's number, 4 octets. */
	PLUGIN_PROCESS,
	/* Ends the process. */
	PLUGIN_CRASH,
};

#endif
