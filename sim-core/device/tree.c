#include "device/tree.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>

#define DESCRIPTORS 16

static int entry_remove(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

int tree_remove(const char *path)
{
	return nftw(path, entry_remove, DESCRIPTORS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) ? -errno : 0;
}
