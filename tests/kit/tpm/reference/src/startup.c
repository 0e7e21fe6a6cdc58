#include <reference.h>

#define OURS 30

unsigned int reference_startup(void)
{
	return HASH_LIB + FROM_FIRST;
}
