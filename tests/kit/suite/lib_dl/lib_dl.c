#include <suite.h>

uint32_t lib_dl_add(uint32_t a, uint32_t b);

uint32_t lib_dl_add(uint32_t a, uint32_t b)
{
	return a + b + ta_twice(0);
}
