/*
 * What makes a child of the parser ready: jobs of our own, as long as usual messages, so that what
 * a job loads, asks the kernel for and writes to has been loaded, granted and made the child's
 * before it is waited for.
 *
 * Runs in teesim-otrp-parser: the samples are made once in the parent, which trusts them, and each
 * child does them. Whatever comes of them is dropped.
 */
#ifndef TEESIM_OTRP_PARSER_WARM_H
#define TEESIM_OTRP_PARSER_WARM_H

/* 0 or -ENOMEM. */
int parser_warm_prepare(void);
void parser_warm_up(void);

#endif
