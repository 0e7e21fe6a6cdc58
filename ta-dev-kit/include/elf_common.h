/* SPDX-License-Identifier: BSD-2-Clause */
/* ELF of both sizes: part of the C library's <elf.h>. */
#ifndef __TEE_ELF_COMMON_H
#define __TEE_ELF_COMMON_H

#include <elf.h>

#endif /* __TEE_ELF_COMMON_H */
