#include "teep/fleet/audit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void audit_note(struct audit *audit, unsigned int number, const char *why)
{
	if (!audit->first[0])
		snprintf(audit->first, sizeof(audit->first), "device %06u: %s", number, why);
}

void audit_devices(const struct crew *crew, const struct expectation *expectation,
		   struct audit *audit)
{
	*audit = (struct audit) { .tam_devices = -1, .tam_done = -1, .tam_failed = -1 };
	for (unsigned int i = 0; i < crew->devices; i++) {
		const struct turn *turn = &crew->turns[i];

		audit->retries += turn->retries;
		audit->installed += turn->count.installed;
		audit->updated += turn->count.updated;
		if (turn->state != TURN_DONE) {
			audit->failed++;
			audit_note(audit, i, turn->why);
			continue;
		}
		audit->done++;
		if (!expectation)
			continue;
		if (turn->version != expectation->version ||
		    turn->count.installed < expectation->installed ||
		    turn->count.updated < expectation->updated) {
			audit->lost++;
			audit_note(audit, i, "has not got what it should");
		} else if (turn->tas != 1 || turn->count.installed > expectation->installed ||
			   (turn->count.updated > expectation->updated && !turn->retries)) {
			audit->twice++;
			audit_note(audit, i, "did something more than once");
		} else if (turn->count.updated > expectation->updated) {
			audit->repeated++;
		}
	}
}

static int text_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All dids that the TAM has, in its order; each is the caller's, as is the list. */
static int dids_get(struct admin *admin, char ***out, size_t *count, char *err, size_t errlen)
{
	char path[256] = "/devices?limit=1000", **list = NULL, **grown;
	const char *next;
	json_t *answer, *items, *item;
	size_t i;
	int rc;

	*count = 0;
	do {
		rc = admin_get(admin, path, &answer, err, errlen);
		if (rc)
			break;
		items = json_object_get(answer, "items");
		grown = realloc(list, (*count + json_array_size(items) + 1) * sizeof(*list));
		if (grown) {
			list = grown;
			json_array_foreach(items, i, item) {
				const char *did = json_string_value(json_object_get(item, "did"));

				list[(*count)++] = strdup(did ? did : "");
			}
		}
		next = json_string_value(json_object_get(answer, "next"));
		if (next)
			snprintf(path, sizeof(path), "/devices?limit=1000&after=%s", next);
		rc = grown ? 0 : -ENOMEM;
		i = json_array_size(items);
		json_decref(answer);
	} while (rc == 0 && next && i);
	*out = list;
	return rc;
}

static void compare(const struct crew *crew, char **dids, size_t count, struct audit *audit)
{
	qsort(dids, count, sizeof(*dids), text_compare);
	for (size_t i = 0; i + 1 < count; i++)
		audit->twice += strcmp(dids[i], dids[i + 1]) == 0;
	for (unsigned int i = 0; i < crew->devices; i++) {
		const char *did = crew->turns[i].did;

		if (crew->turns[i].state != TURN_DONE ||
		    bsearch(&did, dids, count, sizeof(*dids), text_compare))
			continue;
		audit->lost++;
		audit_note(audit, i, "is not in the TAM's database");
	}
}

int audit_tam(const struct crew *crew, struct admin *admin, long long deployment,
	      struct audit *audit, char *err, size_t errlen)
{
	json_t *answer = NULL, *counts;
	char **dids = NULL, path[64];
	size_t count;
	int rc = dids_get(admin, &dids, &count, err, errlen);

	if (rc == 0) {
		audit->tam_devices = (long)count;
		compare(crew, dids, count, audit);
	}
	for (size_t i = 0; dids && i < count; i++)
		free(dids[i]);
	free(dids);
	if (rc || !deployment)
		return rc;
	snprintf(path, sizeof(path), "/deployments/%lld", deployment);
	rc = admin_get(admin, path, &answer, err, errlen);
	counts = json_object_get(answer, "devices");
	if (rc == 0) {
		audit->tam_done = (long)json_integer_value(json_object_get(counts, "done"));
		audit->tam_failed = (long)json_integer_value(json_object_get(counts, "failed"));
		if (audit->tam_done < (long)audit->done && !audit->first[0])
			snprintf(audit->first, sizeof(audit->first),
				 "the TAM counts %ld devices of the deployment as done",
				 audit->tam_done);
	}
	json_decref(answer);
	return rc;
}

bool audit_passed(const struct audit *audit)
{
	return !audit->failed && !audit->lost && !audit->twice && audit->tam_failed <= 0 &&
	       (audit->tam_done < 0 || audit->tam_done == (long)audit->done);
}
