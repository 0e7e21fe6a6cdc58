#ifndef SUITE_H
#define SUITE_H

#include <stdint.h>

#define LIB_DL_UUID_TEXT "6a4dd3f1-2fcb-4b0c-8a35-21f7f0d4a123"

uint32_t lib_square(uint32_t n);
uint32_t lib_panic(void);

/* The TA has it. */
uint32_t ta_twice(uint32_t n);

#endif
