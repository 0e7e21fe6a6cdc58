/* What the parser that lies lies about: shared by it and the test that looks on. */
#ifndef TEESIM_TESTS_TEEP_LYING_JOB_H
#define TEESIM_TESTS_TEEP_LYING_JOB_H

#define LIE_WORD  "Stranger"
#define LIE_TAMID "1.3.6.1.4.1.55555.7.1"

/* base64url of {}: in the place of what was signed. */
#define LIE_PAYLOAD "e30"

#endif
