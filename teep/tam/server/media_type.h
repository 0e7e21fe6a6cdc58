/*
 * Media types in HTTP's headers.
 *
 * Runs in teesim-tam. The headers are hostile.
 */
#ifndef TEESIM_TEEP_TAM_SERVER_MEDIA_TYPE_H
#define TEESIM_TEEP_TAM_SERVER_MEDIA_TYPE_H

#include <stdbool.h>

/* Whether "type/sub; parameters" is of that media type, in any case. NULL is of none. */
bool media_type_is(const char *value, const char *media);

/* Whether a header Accept accepts the media type; one that is not there (NULL) accepts all. */
bool media_type_accepted(const char *accept, const char *media);

#endif
