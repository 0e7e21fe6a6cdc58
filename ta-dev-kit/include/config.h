/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tests of a CFG_ switch in C: 1 when the macro is defined as 1, else 0, also when it is not
 * defined at all, so that the code in both branches is compiled and checked.
 */
#ifndef CONFIG_H
#define CONFIG_H

/* A macro that is 1 becomes `__cfg_is_1`, which adds an argument before the 1; another does not. */
#define __cfg_is_1			  ,
#define __cfg_second(ignored, value, ...) value
/* NOLINTNEXTLINE(bugprone-macro-parentheses): the comma is to be one */
#define __cfg_pick(junk_or_comma) __cfg_second(junk_or_comma 1, 0, 0)
#define __cfg_paste(value)	  __cfg_pick(__cfg_is_##value)

#define IS_ENABLED(cfg)		  __cfg_paste(cfg)
#define IS_ENABLED2(cfg)	  __cfg_paste(cfg)

/* The value of @cfg when @cfg_enabled is 1, else 0 and @cfg need not be defined. */
#define CFG_IF_ENABLED(cfg) IS_ENABLED(cfg)

#endif /* CONFIG_H */
