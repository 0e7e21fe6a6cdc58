/*
 * Texts for people in a room of a fixed size, part of which comes from devices.
 *
 * Used by the TAM. What does not fit is cut between two characters, for the database takes UTF-8
 * only.
 */
#ifndef TEESIM_TEEP_TAM_TEXT_CUT_H
#define TEESIM_TEEP_TAM_TEXT_CUT_H

#include <stdarg.h>
#include <stddef.h>

/* As vsnprintf(); `size` is not 0. */
void text_cut_print(char *out, size_t size, const char *format, va_list arguments)
	__attribute__((format(printf, 3, 0)));

#endif
