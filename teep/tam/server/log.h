/*
 * The log of teesim-tam: one line each on standard error, with time and level. Any thread may
 * write. What comes from outside goes in only where its form is known: no tokens, no tids, no raw
 * paths.
 */
#ifndef TEESIM_TEEP_TAM_SERVER_LOG_H
#define TEESIM_TEEP_TAM_SERVER_LOG_H

#include "teep/tam/config.h"

void log_level_set(enum tam_log_level level);
bool log_wants(enum tam_log_level level);
void log_line(enum tam_log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
