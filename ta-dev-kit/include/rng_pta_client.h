/* SPDX-License-Identifier: BSD-2-Clause */
/* The older name of <pta_rng.h>. */
#ifndef __RNG_PTA_CLIENT_H
#define __RNG_PTA_CLIENT_H

#include <pta_rng.h>

#endif /* __RNG_PTA_CLIENT_H */
