#include "teep/pki/der.h"

/* Octets of the header; 0 when it is none. The length is at most 32 bits. */
static size_t header_read(struct span octets, size_t *length)
{
	size_t count;

	if (octets.size < 2)
		return 0;
	*length = octets.data[1];
	if (*length < 0x80)
		return 2;
	count = *length & 0x7f;
	if (count < 1 || count > 4 || octets.size < 2 + count)
		return 0;
	*length = 0;
	for (size_t i = 0; i < count; i++)
		*length = *length << 8 | octets.data[2 + i];
	/* The shortest form: no leading zero, and none of these where one octet does. */
	return *length < 0x80 || *length >> (8 * (count - 1)) == 0 ? 0 : 2 + count;
}

bool der_take(struct span *rest, enum der_tag tag, struct span *content, struct span *whole)
{
	size_t length, header;

	if (rest->size < 2 || rest->data[0] != (uint8_t)tag)
		return false;
	header = header_read(*rest, &length);
	if (!header || length > rest->size - header)
		return false;
	*content = span_of(rest->data + header, length);
	if (whole)
		*whole = span_of(rest->data, header + length);
	rest->data += header + length;
	rest->size -= header + length;
	return true;
}

bool der_only(struct span octets, enum der_tag tag, struct span *content)
{
	return der_take(&octets, tag, content, NULL) && octets.size == 0;
}
