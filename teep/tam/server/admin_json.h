/*
 * The objects of the admin API as JSON: docs/tam-api.md. Each is a new reference, NULL without
 * memory.
 *
 * Runs in teesim-tam.
 */
#ifndef TEESIM_TEEP_TAM_SERVER_ADMIN_JSON_H
#define TEESIM_TEEP_TAM_SERVER_ADMIN_JSON_H

#include <jansson.h>

#include "teep/tam/catalogue.h"
#include "teep/tam/deployment.h"
#include "teep/tam/device_table.h"
#include "teep/tam/event_log.h"
#include "teep/tam/message_log.h"
#include "teep/tam/sealed_delivery.h"
#include "teep/tam/session_table.h"

json_t *sp_certificate_json(const struct sp_certificate *certificate);
json_t *ta_version_json(const struct ta_version *version);
json_t *device_json(struct tam_database *database, struct arena *arena,
		    const struct device *device);
json_t *wanted_json(const struct wanted *wanted);
json_t *deployment_json(const struct deployment *deployment);
json_t *session_json(const struct session *session, const char *spid);
/* For people of the SP, or NULL for whoever may see all: without what is not about that SP alone.
 */
json_t *message_json(const struct message *message, const char *spid, bool with_decoded);
json_t *sealed_delivery_json(const struct sealed_delivery *delivery);
json_t *event_json(const struct event *event);

#endif
