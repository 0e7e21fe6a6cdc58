#include <platform.h>

unsigned int platform_clock(void)
{
	int unused;

	return FROM_FIRST;
}
