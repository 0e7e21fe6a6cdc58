/* The commands of teesim-teep, which `teesim` runs under their own names. */
#ifndef TEESIM_TEEP_TOOLS_TOOLS_H
#define TEESIM_TEEP_TOOLS_TOOLS_H

int tool_pki(int argc, char **argv);
int tool_oem(int argc, char **argv);
int tool_sp(int argc, char **argv);
int tool_admin(int argc, char **argv);
int tool_otrp(int argc, char **argv);
int tool_device(int argc, char **argv);

#endif
