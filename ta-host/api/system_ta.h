/*
 * The system pseudo TA (<pta_system.h>): commands about the calling TA's own process, and a few
 * that services answer.
 */
#ifndef TEESIM_API_SYSTEM_TA_H
#define TEESIM_API_SYSTEM_TA_H

#include "api/local_ta.h"

extern const struct local_ta system_ta;

#endif
