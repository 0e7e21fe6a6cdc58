/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formatted printing into a buffer, under the names of the kernel of the trusted OS: snprintf() and
 * vsnprintf() in everything.
 */
#ifndef PRINTK_H
#define PRINTK_H

#include <stdarg.h>
#include <stddef.h>
#include <compiler.h>

#ifdef __cplusplus
extern "C" {
#endif

int snprintk(char *bf, size_t size, const char *fmt, ...) __printf(3, 4);
int vsnprintk(char *bf, size_t size, const char *fmt, va_list ap) __printf(3, 0);

#ifdef __cplusplus
}
#endif

#endif /* PRINTK_H */
