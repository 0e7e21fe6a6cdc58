/* SPDX-License-Identifier: BSD-2-Clause */
/* ELF of 32 bits: part of the C library's <elf.h>. */
#ifndef __TEE_ELF32_H
#define __TEE_ELF32_H

#include <elf.h>

#endif /* __TEE_ELF32_H */
