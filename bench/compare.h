/* What moved since an older run. */
#ifndef BENCH_COMPARE_H
#define BENCH_COMPARE_H

#include "record.h"

/*
 * Prints a line for each figure that both runs have. Figures with a yardstick are compared by their
 * ratios to it, which a faster or busier machine does not change; the others by their values. One
 * has moved when the change is more than 3 % and the interval that holds it with 95 % confidence
 * does not hold "no change". Of what is measured once, such as memory, a quarter is a change.
 */
void compare_print(const struct bench *bench, const struct old_run *old);

#endif
