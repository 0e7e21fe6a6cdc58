#include "service.h"

#include "wire/result.h"

static struct service *open_services;

static TEE_Result service_open(struct service *service)
{
	uint32_t origin;
	TEE_Result result;

	result = client_open(&service->session, &service->uuid, &client_patience_endless, 0, NULL,
			     &origin);
	service->is_open = result == RESULT_SUCCESS;
	service->session.copies = true;
	service->epoch += service->is_open;
	if (service->is_open) {
		service->next = open_services;
		open_services = service;
	}
	return result;
}

static void service_close(struct service *service)
{
	struct service **at = &open_services;

	while (*at != service)
		at = &(*at)->next;
	*at = service->next;
	client_close(&service->session);
	service->is_open = false;
}

void services_close(void)
{
	while (open_services)
		service_close(open_services);
}

TEE_Result service_call(struct service *service, uint32_t command, uint32_t types,
			TEE_Param params[TEE_NUM_PARAMS])
{
	TEE_Result result;
	uint32_t origin;

	if (!service->is_open) {
		result = service_open(service);
		if (result != RESULT_SUCCESS)
			return result;
	}
	result = client_invoke(&service->session, command, &client_patience_endless, types, params,
			       &origin);
	if (service->session.failure)
		service_close(service);
	return result;
}
