#include <stdint.h>

uint32_t twice(uint32_t n);
