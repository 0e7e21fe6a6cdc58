#include "cli/storage_domain.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/ta_commands.h"

bool storage_domain_is_development(const struct partition_id *id)
{
	static const uint8_t development[STORAGE_DOMAIN_SIZE];

	return !memcmp(id->domain, development, sizeof(development));
}

#define NUMBER_TEXT (2 * STORAGE_DOMAIN_SIZE + 1)

static const char *number_text(const struct partition_id *id, char text[NUMBER_TEXT])
{
	for (size_t i = 0; i < STORAGE_DOMAIN_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", id->domain[i]);
	return text;
}

static bool is_meant(const struct partition_id *id, const char *domain)
{
	char text[NUMBER_TEXT];

	if (!strcmp(domain, "development"))
		return storage_domain_is_development(id);
	return *domain && !strncmp(number_text(id, text), domain, strlen(domain));
}

struct storage_partition *storage_domain_partition(struct storage *storage, const char *domain,
						   const struct uuid *ta, uint32_t store)
{
	struct partition_id development = { .store = store };
	struct storage_partition *partition, *found = NULL;
	bool several = false;

	memcpy(development.ta, ta->octet, sizeof(development.ta));
	for (size_t i = 0; (partition = storage_partition_at(storage, i)); i++) {
		const struct partition_id *id = storage_partition_id(partition);
		uint32_t objects;
		uint64_t used;

		storage_partition_usage(partition, &used, &objects);
		if (memcmp(id->ta, ta->octet, sizeof(id->ta)) != 0 || id->store != store ||
		    !objects || (domain && !is_meant(id, domain)))
			continue;
		if (!domain && storage_domain_is_development(id))
			return partition;
		several |= found != NULL;
		found = partition;
	}
	if (several) {
		fputs("teesim storage: the TA has objects in several security domains: `teesim "
		      "storage ls` tells their numbers, and --domain takes one\n",
		      stderr);
		return NULL;
	}
	if (!found && domain && strcmp(domain, "development") != 0) {
		fprintf(stderr,
			"teesim storage: the TA has nothing in a security domain \"%s\"; `teesim "
			"storage ls` tells the numbers\n",
			domain);
		return NULL;
	}
	return found ? found : storage_partition(storage, &development);
}

static const char *member(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "?";
}

void storage_domain_print(const struct partition_id *id, const char *device)
{
	/* One list for all lines. */
	static json_t *list;
	static bool asked, told;
	char text[NUMBER_TEXT];
	json_t *ta;
	size_t i;

	if (!asked)
		told = ta_domain_list(device, &list);
	asked = true;
	number_text(id, text);
	json_array_foreach(list, i, ta)
		if (!strcmp(member(ta, "storage"), text)) {
			printf("domain %s: %s of %s, TAM %s\n", text, member(ta, "sdname"),
			       member(ta, "spid"), member(ta, "tamid"));
			return;
		}
	printf(told ? "domain %s: its TA is deleted, and what is here goes with the next use\n"
		    : "domain %s\n",
	       text);
}
