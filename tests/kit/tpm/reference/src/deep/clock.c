#include <reference.h>
#include <platform.h>

unsigned int reference_clock(void)
{
#ifdef MEASURED
	return 1000;
#else
	return 100 + platform_clock();
#endif
}
