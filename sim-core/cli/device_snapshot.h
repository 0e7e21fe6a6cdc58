/* `teesim device snapshot`, `restore` and `clone`. Runs in `teesim`. */
#ifndef TEESIM_CLI_DEVICE_SNAPSHOT_H
#define TEESIM_CLI_DEVICE_SNAPSHOT_H

/* Each gets its own name as argv[0] and returns the exit status. */
int device_snapshot(int argc, char **argv);
int device_restore(int argc, char **argv);
int device_clone(int argc, char **argv);

#endif
