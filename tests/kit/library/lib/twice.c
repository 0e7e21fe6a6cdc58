#include <twice.h>
#include <trace.h>

uint32_t twice(uint32_t n)
{
	FMSG("twice %u", n);

	return 2 * n;
}
