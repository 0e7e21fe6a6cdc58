#include "services/ta_owner.h"

#include <sodium.h>

struct uuid ta_owner_id(const struct ta_owner *owner)
{
	static const char purpose[] = "teesim TA of a security domain";
	crypto_generichash_state state;
	struct uuid id;

	if (sodium_is_zero(owner->domain, sizeof(owner->domain)))
		return owner->ta;
	(void)crypto_generichash_init(&state, (const uint8_t *)purpose, sizeof(purpose),
				      sizeof(id.octet));
	(void)crypto_generichash_update(&state, owner->domain, sizeof(owner->domain));
	(void)crypto_generichash_update(&state, owner->ta.octet, sizeof(owner->ta.octet));
	(void)crypto_generichash_final(&state, id.octet, sizeof(id.octet));
	return id;
}
