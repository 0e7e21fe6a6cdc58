#include "teep/tam/server/otrp_endpoint.h"

const struct otrp_service otrp_engine = {
	.open = tam_worker_open,
	.close = tam_worker_close,
	.connect = tam_connect,
	.process = tam_process,
	.aik = tam_aik,
};
