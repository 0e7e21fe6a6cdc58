/*
 * What a service provider does who encrypts for a device itself: `teesim sp encrypt` and `teesim sp
 * inspect`.
 *
 * Runs in teesim-teep, offline. What comes from the TAM is believed once it leads to the root that
 * the provider names.
 */
#ifndef TEESIM_TEEP_TOOLS_SP_DELIVERY_H
#define TEESIM_TEEP_TOOLS_SP_DELIVERY_H

#define SP_DELIVERY_HELP                                                             \
	"teesim sp encrypt PACKAGE --cert CERTFILE --aik FILE --tam-root CERTFILE\n" \
	"                 [--tam-id ID] [--personalisation FILE] --out FILE\n"       \
	"       teesim sp encrypt --ta UUID --personalisation FILE --aik FILE\n"     \
	"                 --tam-root CERTFILE [--tam-id ID] --out FILE\n"            \
	"       teesim sp inspect FILE [--tam-root CERTFILE [--tam-id ID]]\n"

#define SP_DELIVERY_HELP_MORE                                                                      \
	"  encrypt   a package, and data that personalise it, for one device alone, so that\n"     \
	"            the TAM passes on what it can't read. --aik: the provider's key in that\n"    \
	"            device, as `teesim tam device aik` fetches it; --tam-root, --tam-id: whose\n" \
	"            signature it has to have. With --ta in the place of a package, data alone,\n" \
	"            for a TA whose package the TAM has\n"                                         \
	"  inspect   what such a key, or an encrypted package, says of itself\n"

/* Each gets its own name as argv[0] and returns the exit status. */
int sp_encrypt(int argc, char **argv);
int sp_inspect(int argc, char **argv);

#endif
