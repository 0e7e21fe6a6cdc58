#include <thrice.h>

uint32_t thrice(uint32_t n)
{
	return 3 * n + offset_of_ta();
}
