#include "session/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "device/paths.h"
#include "registry/ta_refusal.h"
#include "services/service_list.h"
#include "session/client.h"
#include "session/domain_image.h"
#include "wire/result.h"

static uint32_t result_of(enum ta_refusal refusal)
{
	switch (refusal) {
	case TA_NOT_FOUND:
		return RESULT_ITEM_NOT_FOUND;
	case TA_UNREADABLE:
		return RESULT_ACCESS_DENIED;
	case TA_BAD_FORMAT:
	case TA_WRONG_ARCHITECTURE:
	case TA_FORBIDDEN_FEATURE:
	case TA_WRONG_KIND:
	case TA_MISSING_SYMBOL:
		return RESULT_BAD_FORMAT;
	case TA_NOT_TRUSTED_FILE:
	case TA_WRONG_UUID:
	case TA_BAD_SIGNATURE:
	case TA_UNKNOWN_SIGNER:
	case TA_NOT_SIGNED:
		return RESULT_SECURITY;
	case TA_OUT_OF_RESOURCES:
		return RESULT_OUT_OF_MEMORY;
	case TA_ACCEPTED:
		break;
	}
	return RESULT_GENERIC;
}

/* The TA's own description, cut between words where it is long. */
static void label_make(struct image *image)
{
	const char *description = image->ta.properties.description;
	char uuid[UUID_TEXT_SIZE];
	size_t length = strlen(description);

	if (!length) {
		uuid_format(&image->ta.properties.uuid, uuid);
		snprintf(image->label, sizeof(image->label), "%.8s", uuid);
		return;
	}
	if (length >= sizeof(image->label)) {
		length = sizeof(image->label) - 1;
		while (length && description[length] != ' ')
			length--;
		if (!length)
			length = sizeof(image->label) - 1;
	}
	memcpy(image->label, description, length);
	image->label[length] = '\0';
}

/* Read every time: keys come and go while teesimd runs. */
static int trust_load(struct ta_trust *trust, struct server *server)
{
	char keys[PATH_MAX];
	int err = paths_keys(keys, sizeof(keys));

	if (!err)
		err = ta_trust_load(trust, keys, server->device->path);
	if (!err && trust->problem[0])
		log_write(server->log, LOG_LEVEL_ERROR, "%s", trust->problem);
	return err;
}

static void library_warn(void *arg, const char *line)
{
	struct server *server = arg;

	log_write(server->log, LOG_LEVEL_INFO, "%s", line);
}

/* What a process that is no TA would say of itself if it were one. */
static int helper_load(struct image *image, enum image_kind kind, const struct server *server,
		       uint32_t *result, char reason[IMAGE_REASON_SIZE])
{
	struct ta_properties *properties = &image->ta.properties;
	const bool services = kind == IMAGE_SERVICES;

	memset(image, 0, sizeof(*image));
	image->kind = kind;
	image->personal_fd = -1;
	properties->uuid = services ? service_process_uuid : service_plugins_uuid;
	properties->flags = 1U << TA_FLAG_BIT_SINGLE_INSTANCE | 1U << TA_FLAG_BIT_MULTI_SESSION |
			    1U << TA_FLAG_BIT_INSTANCE_KEEP_ALIVE;
	snprintf(image->label, sizeof(image->label), services ? "tee-services" : "tee-plugins");
	snprintf(image->ta.location.path, sizeof(image->ta.location.path), "%s",
		 services ? server->options->services_path : server->options->plugins_program);
	image->ta.fd = open(server->device->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (image->ta.fd >= 0)
		return 0;
	snprintf(reason, IMAGE_REASON_SIZE, "%.512s: %s", server->device->path, strerror(errno));
	*result = RESULT_GENERIC;
	return -1;
}

static void personal_close(struct image *image)
{
	if (image->personal_fd >= 0)
		close(image->personal_fd);
	image->personal_fd = -1;
}

int image_load(struct image *image, const struct client *client, const struct uuid *uuid,
	       uint32_t *result, struct opening_queue **waiting, char reason[IMAGE_REASON_SIZE])
{
	struct server *server = client->server;
	const struct ta_policy policy = { .require_signed = server->options->require_signed };
	enum ta_refusal refusal = TA_OUT_OF_RESOURCES;
	char skipped[IMAGE_REASON_SIZE], why[IMAGE_REASON_SIZE / 2];
	struct ta_search search;
	struct ta_trust trust = { 0 };
	int err;

	image->personal_fd = -1;
	if (service_known(uuid))
		return helper_load(image, IMAGE_SERVICES, server, result, reason);
	if (uuid_equal(uuid, &service_plugins_uuid))
		return helper_load(image, IMAGE_PLUGINS, server, result, reason);
	/* A TA of that name would be taken for the services, and asked in their place. */
	if (uuid_equal(uuid, &service_process_uuid)) {
		snprintf(reason, IMAGE_REASON_SIZE,
			 "a TA has the UUID of teesim's own services; give it another");
		*result = RESULT_ITEM_NOT_FOUND;
		return -1;
	}
	image->kind = IMAGE_TA;
	image->in_domain = false;
	*waiting = NULL;
	image->libraries.count = 0;
	err = ta_search_init(&search, client->ta_path, client->directory, server->device->path);
	if (err < 0) {
		snprintf(reason, IMAGE_REASON_SIZE, "the directories of TEESIM_TA_PATH: %s",
			 err == -E2BIG ? "there are too many" : strerror(-err));
		*result = RESULT_OUT_OF_MEMORY;
		return -1;
	}
	err = trust_load(&trust, server);
	if (err < 0) {
		snprintf(reason, IMAGE_REASON_SIZE, "the trusted keys: %s", strerror(-err));
	} else {
		refusal = ta_find_and_load(&search, uuid, &policy, &trust, &server->images,
					   &image->libraries, &image->ta, reason, IMAGE_REASON_SIZE,
					   skipped, sizeof(skipped));
		if (refusal == TA_NOT_FOUND && server->options->tee_path) {
			refusal = domain_image_load(&server->tee, uuid, &trust, &image->libraries,
						    &image->ta, &image->domain, &image->personal_fd,
						    waiting, reason, IMAGE_REASON_SIZE);
			image->in_domain = refusal == TA_ACCEPTED;
			if (image->in_domain &&
			    !domain_personal_hash(image->personal_fd, &image->domain,
						  image->personal_hash)) {
				refuse(0, reason, IMAGE_REASON_SIZE,
				       "its personalisation data can't be read");
				refusal = TA_OUT_OF_RESOURCES;
				ta_image_close(&image->ta);
			}
		}
		if (refusal == TA_ACCEPTED && skipped[0])
			log_write(server->log, LOG_LEVEL_INFO, "%s", skipped);
		if (refusal == TA_ACCEPTED) {
			refusal = ta_libraries_load(&image->libraries, &image->ta, &search, &policy,
						    &trust, library_warn, server, why, sizeof(why));
			if (refusal != TA_ACCEPTED) {
				refuse(0, reason, IMAGE_REASON_SIZE, "%s: %s",
				       image->ta.location.path, why);
				ta_image_close(&image->ta);
			}
		}
	}
	ta_trust_clear(&trust);
	ta_search_clear(&search);
	if (refusal != TA_ACCEPTED) {
		personal_close(image);
		ta_libraries_clear(&image->libraries);
		*result = result_of(refusal);
		return *waiting ? -EAGAIN : -1;
	}
	label_make(image);
	server_images_used(server);
	return 0;
}

bool image_is_current(const struct image *image)
{
	return image->kind != IMAGE_TA ||
	       (ta_image_is_current(&image->ta) && ta_libraries_are_current(&image->libraries));
}

enum image_standing image_standing(struct image *image, struct server *server,
				   struct opening_queue **waiting)
{
	uint8_t personal_hash[DOMAIN_PERSONAL_HASH_SIZE];
	const struct tee_answer *answer;

	if (image_is_current(image))
		return IMAGE_CURRENT;
	if (!image->in_domain)
		return IMAGE_CHANGED;
	answer = tee_link_ask(&server->tee, &image->ta.properties.uuid, waiting);
	if (!answer)
		return IMAGE_UNKNOWN;
	if (answer->error)
		return answer->error == -ENOENT ? IMAGE_DELETED : IMAGE_UNREADABLE;
	if (memcmp(answer->record.domain_key, image->domain.domain_key, TEE_DOMAIN_KEY_SIZE) != 0)
		return IMAGE_REPLACED;
	/* The code of one version is the same always; what came with it need not be. */
	if (answer->record.version != image->domain.version ||
	    !domain_personal_hash(answer->personal_fd, &answer->record, personal_hash) ||
	    memcmp(personal_hash, image->personal_hash, sizeof(personal_hash)) != 0)
		return IMAGE_CHANGED;
	/* It was something else that a TAM changed. */
	image->ta.file = answer->changes;
	return ta_libraries_are_current(&image->libraries) ? IMAGE_CURRENT : IMAGE_CHANGED;
}

void image_clear(struct image *image)
{
	personal_close(image);
	ta_image_close(&image->ta);
	ta_libraries_clear(&image->libraries);
}

char *image_name(const struct image *image, char text[IMAGE_NAME_SIZE])
{
	char uuid[UUID_TEXT_SIZE];

	uuid_format(&image->ta.properties.uuid, uuid);
	if (image->kind != IMAGE_TA)
		snprintf(text, IMAGE_NAME_SIZE, "the process of %s (%s)",
			 image->kind == IMAGE_SERVICES ? "the TEE's services" : "the plugins",
			 image->ta.location.path);
	else if (image->ta.properties.description[0])
		snprintf(text, IMAGE_NAME_SIZE, "TA %s (%s, %s)", image->label, uuid,
			 image->ta.location.path);
	else
		snprintf(text, IMAGE_NAME_SIZE, "TA %s (%s)", uuid, image->ta.location.path);
	return text;
}
