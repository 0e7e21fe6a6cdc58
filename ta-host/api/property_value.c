#include "api/property_value.h"

#include <base64.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <tee_api_defines.h>

const char *property_value_text(const struct user_ta_property *property,
				char room[PROPERTY_TEXT_SIZE])
{
	const TEE_Identity *identity = property->value;
	int length;

	switch (property->type) {
	case USER_TA_PROP_TYPE_BOOL:
		return *(const bool *)property->value ? "true" : "false";
	case USER_TA_PROP_TYPE_U32:
		snprintf(room, PROPERTY_TEXT_SIZE, "%u", *(const uint32_t *)property->value);
		return room;
	case USER_TA_PROP_TYPE_U64:
		snprintf(room, PROPERTY_TEXT_SIZE, "%llu",
			 (unsigned long long)*(const uint64_t *)property->value);
		return room;
	case USER_TA_PROP_TYPE_UUID:
		uuid_text_format(property->value, room);
		return room;
	case USER_TA_PROP_TYPE_IDENTITY:
		length = snprintf(room, PROPERTY_TEXT_SIZE, "%u:", identity->login);
		uuid_text_format(&identity->uuid, room + length);
		return room;
	default:
		return property->value;
	}
}

TEE_Result property_value_bool(const struct user_ta_property *property, bool *value)
{
	if (property->type == USER_TA_PROP_TYPE_BOOL) {
		*value = *(const bool *)property->value;
		return TEE_SUCCESS;
	}
	if (property->type != USER_TA_PROP_TYPE_STRING)
		return TEE_ERROR_BAD_FORMAT;
	*value = !strcasecmp(property->value, "true");
	return *value || !strcasecmp(property->value, "false") ? TEE_SUCCESS : TEE_ERROR_BAD_FORMAT;
}

static unsigned int digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return (unsigned int)(digit - '0');
	if (digit >= 'a' && digit <= 'f')
		return (unsigned int)(digit - 'a' + 10);
	if (digit >= 'A' && digit <= 'F')
		return (unsigned int)(digit - 'A' + 10);
	return UINT32_MAX;
}

/*
 * Reads an integer as the API spells them: decimal, which may end in K or M (1024 and its square),
 * hexadecimal after 0x, or binary after 0b; `_` between digits means nothing. The text goes on to
 * its end, or to a colon where `*end` may be left.
 */
static bool integer_parse(const char *text, uint64_t *value, const char **end)
{
	unsigned int base = 10;
	bool digits = false;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		base = 16;
	else if (text[0] == '0' && (text[1] == 'b' || text[1] == 'B'))
		base = 2;
	if (base != 10)
		text += 2;
	*value = 0;
	for (; *text == '_' || digit_value(*text) < base; text++) {
		if (*text == '_')
			continue;
		digits = true;
		if (__builtin_mul_overflow(*value, base, value) ||
		    __builtin_add_overflow(*value, digit_value(*text), value))
			return false;
	}
	if (base == 10 && (*text == 'K' || *text == 'M')) {
		if (__builtin_mul_overflow(*value, *text == 'K' ? 1U << 10 : 1U << 20, value))
			return false;
		text++;
	}
	*end = text;
	return digits;
}

TEE_Result property_value_integer(const struct user_ta_property *property, uint64_t most,
				  uint64_t *value)
{
	const char *end;

	switch (property->type) {
	case USER_TA_PROP_TYPE_U32:
		*value = *(const uint32_t *)property->value;
		break;
	case USER_TA_PROP_TYPE_U64:
		*value = *(const uint64_t *)property->value;
		break;
	case USER_TA_PROP_TYPE_STRING:
		if (!integer_parse(property->value, value, &end) || *end)
			return TEE_ERROR_BAD_FORMAT;
		break;
	default:
		return TEE_ERROR_BAD_FORMAT;
	}
	return *value <= most ? TEE_SUCCESS : TEE_ERROR_BAD_FORMAT;
}

TEE_Result property_value_uuid(const struct user_ta_property *property, TEE_UUID *value)
{
	if (property->type == USER_TA_PROP_TYPE_UUID) {
		*value = *(const TEE_UUID *)property->value;
		return TEE_SUCCESS;
	}
	if (property->type == USER_TA_PROP_TYPE_STRING && uuid_text_parse(property->value, value))
		return TEE_SUCCESS;
	return TEE_ERROR_BAD_FORMAT;
}

TEE_Result property_value_identity(const struct user_ta_property *property, TEE_Identity *value)
{
	TEE_UUID uuid = { 0 };
	uint64_t login;
	const char *end;

	if (property->type == USER_TA_PROP_TYPE_IDENTITY) {
		*value = *(const TEE_Identity *)property->value;
		return TEE_SUCCESS;
	}
	if (property->type != USER_TA_PROP_TYPE_STRING ||
	    !integer_parse(property->value, &login, &end) || login > UINT32_MAX)
		return TEE_ERROR_BAD_FORMAT;
	/* The UUID may be left out. */
	if (*end && (*end != ':' || !uuid_text_parse(end + 1, &uuid)))
		return TEE_ERROR_BAD_FORMAT;
	value->login = (uint32_t)login;
	value->uuid = uuid;
	return TEE_SUCCESS;
}

TEE_Result property_value_block(const struct user_ta_property *property, void *block, size_t *size)
{
	const char *text = property->value;
	size_t needed = *size;

	if (property->type != USER_TA_PROP_TYPE_BINARY_BLOCK)
		return TEE_ERROR_BAD_FORMAT;
	if (base64_decode(text, strlen(text), block, &needed)) {
		*size = needed;
		return TEE_SUCCESS;
	}
	if (needed <= *size)
		return TEE_ERROR_BAD_FORMAT;
	*size = needed;
	return TEE_ERROR_SHORT_BUFFER;
}
