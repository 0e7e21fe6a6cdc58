/*
 * The pseudo TA by which a normal world finds the TAs that are devices to it (<pta_device.h>):
 * those installed in this device whose flags say so. TAs that a client brings along are its own
 * business.
 */
#include <stdlib.h>
#include <string.h>

#include <pta_device.h>
#include <user_ta_header.h>

#include "registry/ta_directory.h"
#include "services/pseudo_ta.h"

static const struct services_device *device;

static int start(const struct services_device *of)
{
	device = of;
	return 0;
}

/* Writes the UUIDs of the installed TAs with `flag`, each once, as octets, as far as there is room
 * for them, and how much room all of them take. Returns 0 or -ENOMEM. */
static int installed_write(uint32_t flag, uint8_t *out, size_t room, size_t *needed)
{
	const struct ta_policy any = { .accept_any_installed = true };
	const struct ta_trust nobody = { 0 };
	struct ta_search search;
	struct ta_list list;
	int err;

	*needed = 0;
	err = ta_search_init(&search, NULL, NULL, device->path);
	if (err < 0)
		return err;
	err = ta_list(&search, &any, &nobody, &list);
	ta_search_clear(&search);
	if (err < 0)
		return err;
	for (size_t i = 0; i < list.count; i++) {
		const struct ta_list_entry *entry = &list.entries[i];
		const struct ta_properties *ta = &entry->image.properties;

		if (entry->refusal != TA_ACCEPTED || entry->shadowed_by >= 0 || !(ta->flags & flag))
			continue;
		if (*needed <= room && room - *needed >= sizeof(ta->uuid))
			memcpy(out + *needed, &ta->uuid, sizeof(ta->uuid));
		*needed += sizeof(ta->uuid);
	}
	ta_list_clear(&list);
	return 0;
}

static TEE_Result invoke(void *context, uint32_t command, uint32_t types,
			 TEE_Param params[TEE_NUM_PARAMS])
{
	size_t room = params[0].memref.size, needed;
	uint32_t flag;

	(void)context;
	switch (command) {
	case PTA_CMD_GET_DEVICES:
		flag = TA_FLAG_DEVICE_ENUM;
		break;
	case PTA_CMD_GET_DEVICES_SUPP:
		flag = TA_FLAG_DEVICE_ENUM_SUPP;
		break;
	case PTA_CMD_GET_DEVICES_RPMB:
		flag = TA_FLAG_DEVICE_ENUM_TEE_STORAGE_PRIVATE;
		break;
	default:
		return TEE_ERROR_NOT_IMPLEMENTED;
	}
	if (types != TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_OUTPUT, TEE_PARAM_TYPE_NONE,
				     TEE_PARAM_TYPE_NONE, TEE_PARAM_TYPE_NONE))
		return TEE_ERROR_BAD_PARAMETERS;
	if (installed_write(flag, params[0].memref.buffer, room, &needed) < 0)
		return TEE_ERROR_OUT_OF_MEMORY;
	params[0].memref.size = needed;
	return needed > room ? TEE_ERROR_SHORT_BUFFER : TEE_SUCCESS;
}

extern const struct pseudo_ta device_enumeration_pseudo_ta;
const struct pseudo_ta device_enumeration_pseudo_ta = {
	.name = "device enumeration",
	.openers = PSEUDO_TA_FOR_APPLICATIONS | PSEUDO_TA_FOR_TAS,
	.start = start,
	.invoke = invoke,
};
