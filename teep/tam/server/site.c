#include "teep/tam/server/site.h"

#include <stdlib.h>

#include "teep/otrp/ta_delivery.h"
#include "teep/tam/catalogue.h"
#include "teep/tam/server/admin.h"
#include "teep/tam/server/log.h"
#include "teep/tam/server/page.h"

#define API	 "/api/v1"
#define OCTETS	 "application/octet-stream application/cms application/pkcs7-mime"
#define A_CERT	 "application/pkix-cert application/x-pem-file application/x-x509-ca-cert"
#define CERT_MAX (64u << 10)

#define GET(pattern, access, handle)                       \
	{                                                  \
		HTTP_GET, pattern, access, NULL, 0, handle \
	}
#define DELETE(pattern, access, handle)                       \
	{                                                     \
		HTTP_DELETE, pattern, access, NULL, 0, handle \
	}
#define JSON(method, pattern, access, handle)                                       \
	{                                                                           \
		HTTP_##method, pattern, access, ADMIN_MEDIA, ADMIN_BODY_MAX, handle \
	}
#define BODY(method, pattern, access, media, max, handle)          \
	{                                                          \
		HTTP_##method, pattern, access, media, max, handle \
	}

static const struct http_route routes[] = {
	BODY(POST, "/tam", ACCESS_PUBLIC, OTRP_ENDPOINT_MEDIA, 0, otrp_post),
	GET("/tam/aik/{}", ACCESS_PUBLIC, otrp_aik_get),
	GET("/", ACCESS_PUBLIC, page_index_get),
	GET("/page/{}", ACCESS_PUBLIC, page_file_get),
	GET("/health", ACCESS_PUBLIC, admin_health_get),

	GET(API "/status", ACCESS_VIEW, admin_status_get),
	GET(API "/certificates", ACCESS_VIEW, admin_certificates_get),

	GET(API "/sps", ACCESS_VIEW, admin_sps_get),
	JSON(POST, API "/sps", ACCESS_ADMIN, admin_sps_post),
	GET(API "/sps/{}", ACCESS_VIEW, admin_sp_get),
	JSON(PATCH, API "/sps/{}", ACCESS_ADMIN, admin_sp_patch),
	DELETE(API "/sps/{}", ACCESS_ADMIN, admin_sp_delete),
	BODY(POST, API "/sps/{}/certificates", ACCESS_OPERATE, A_CERT, CERT_MAX,
	     admin_sp_certificates_post),
	BODY(PUT, API "/sps/{}/groups/{}", ACCESS_ADMIN, NULL, 0, admin_sp_group_put),
	DELETE(API "/sps/{}/groups/{}", ACCESS_ADMIN, admin_sp_group_delete),
	BODY(PUT, API "/sps/{}/all-devices", ACCESS_ADMIN, NULL, 0, admin_sp_all_devices_put),
	DELETE(API "/sps/{}/all-devices", ACCESS_ADMIN, admin_sp_all_devices_delete),
	DELETE(API "/sps/{}/certificates/{}", ACCESS_OPERATE, admin_sp_certificate_delete),

	GET(API "/tas", ACCESS_VIEW, admin_tas_get),
	BODY(POST, API "/tas", ACCESS_OPERATE, OCTETS, CATALOGUE_PACKAGE_MAX, admin_tas_post),
	GET(API "/tas/{}", ACCESS_VIEW, admin_ta_get),
	GET(API "/tas/{}/{}/package", ACCESS_OPERATE, admin_ta_package_get),
	BODY(POST, API "/tas/{}/{}/retire", ACCESS_OPERATE, NULL, 0, admin_ta_retire_post),
	BODY(PUT, API "/tas/{}/{}/personalisation", ACCESS_OPERATE, "application/octet-stream",
	     CATALOGUE_PERSONALISATION_MAX, admin_ta_personalisation_put),
	DELETE(API "/tas/{}/{}/personalisation", ACCESS_OPERATE, admin_ta_personalisation_delete),

	GET(API "/devices", ACCESS_VIEW, admin_devices_get),
	GET(API "/devices/{}", ACCESS_VIEW, admin_device_get),
	JSON(PATCH, API "/devices/{}", ACCESS_OPERATE_DEVICES, admin_device_patch),
	DELETE(API "/devices/{}", ACCESS_ADMIN, admin_device_delete),

	JSON(POST, API "/tas/{}/{}/announce", ACCESS_OPERATE, admin_ta_announce_post),
	GET(API "/devices/{}/aik", ACCESS_VIEW, admin_device_aik_get),
	GET(API "/deliveries", ACCESS_VIEW, admin_deliveries_get),
	BODY(POST, API "/deliveries", ACCESS_OPERATE, ADMIN_MEDIA, TA_DELIVERY_SIZE_MAX,
	     admin_deliveries_post),
	DELETE(API "/deliveries/{}", ACCESS_OPERATE, admin_delivery_delete),

	GET(API "/groups", ACCESS_VIEW, admin_groups_get),
	JSON(POST, API "/groups", ACCESS_OPERATE_DEVICES, admin_groups_post),
	DELETE(API "/groups/{}", ACCESS_OPERATE_DEVICES, admin_group_delete),
	GET(API "/groups/{}/devices", ACCESS_VIEW, admin_group_devices_get),
	BODY(PUT, API "/groups/{}/devices/{}", ACCESS_OPERATE_DEVICES, NULL, 0,
	     admin_group_device_put),
	DELETE(API "/groups/{}/devices/{}", ACCESS_OPERATE_DEVICES, admin_group_device_delete),

	GET(API "/wanted", ACCESS_VIEW, admin_wanted_get),
	JSON(POST, API "/wanted", ACCESS_OPERATE, admin_wanted_post),
	DELETE(API "/wanted/{}", ACCESS_OPERATE, admin_wanted_delete),
	GET(API "/deployments", ACCESS_VIEW, admin_deployments_get),
	JSON(POST, API "/deployments", ACCESS_OPERATE, admin_deployments_post),
	GET(API "/deployments/{}", ACCESS_VIEW, admin_deployment_get),
	GET(API "/deployments/{}/devices", ACCESS_VIEW, admin_deployment_devices_get),

	GET(API "/sessions", ACCESS_VIEW, admin_sessions_get),
	GET(API "/sessions/{}", ACCESS_VIEW, admin_session_get),
	GET(API "/messages", ACCESS_VIEW, admin_messages_get),
	GET(API "/log", ACCESS_VIEW, admin_log_get),
	GET(API "/events", ACCESS_VIEW, admin_events_get),

	GET(API "/tokens", ACCESS_ADMIN, admin_tokens_get),
	JSON(POST, API "/tokens", ACCESS_ADMIN, admin_tokens_post),
	DELETE(API "/tokens/{}", ACCESS_ADMIN, admin_token_delete),
};

static void *worker_open(void *context)
{
	struct site *site = context;
	struct site_worker *worker = calloc(1, sizeof(*worker));
	char error[256];

	if (!worker)
		return NULL;
	worker->site = site;
	worker->otrp.service = site->otrp;
	if (tam_database_open(&worker->database, &site->database, error, sizeof(error)) < 0) {
		log_line(TAM_LOG_ERROR, "the database: %s", error);
		free(worker);
		return NULL;
	}
	if (site->otrp->open)
		worker->otrp.tam = site->otrp->open(site->tam, worker->database);
	if (site->otrp->open && !worker->otrp.tam) {
		tam_database_close(worker->database);
		free(worker);
		return NULL;
	}
	return worker;
}

static void worker_close(void *opaque)
{
	struct site_worker *worker = opaque;

	if (worker->otrp.tam)
		worker->otrp.service->close(worker->otrp.tam);
	tam_database_close(worker->database);
	free(worker);
}

struct http_site site_http(struct site *site)
{
	return (struct http_site) {
		.routes = routes,
		.count = sizeof(routes) / sizeof(routes[0]),
		.admit = admin_admit,
		.refuse = admin_refuse,
		.worker_open = worker_open,
		.worker_close = worker_close,
		.context = site,
	};
}
