/*
 * Whole directories. Runs in teesimd, in the command line and in tools; depends on libc alone.
 */
#ifndef TEESIM_DEVICE_TREE_H
#define TEESIM_DEVICE_TREE_H

/* Removes `path` and all below it, without following links or entering other file systems. Returns
 * 0 or -errno, where some of it may be left; -ENOENT when there is no such thing. */
int tree_remove(const char *path);

#endif
