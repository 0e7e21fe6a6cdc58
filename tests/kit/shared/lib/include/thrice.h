#include <stdint.h>

/* The TA provides offset_of_ta(), the library the rest. */
uint32_t offset_of_ta(void);
uint32_t thrice(uint32_t n);
