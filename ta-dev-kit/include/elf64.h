/* SPDX-License-Identifier: BSD-2-Clause */
/* ELF of 64 bits: part of the C library's <elf.h>. */
#ifndef __TEE_ELF64_H
#define __TEE_ELF64_H

#include <elf.h>

#endif /* __TEE_ELF64_H */
