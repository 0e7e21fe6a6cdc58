#include "external.h"

unsigned int external(void)
{
	return 17;
}
