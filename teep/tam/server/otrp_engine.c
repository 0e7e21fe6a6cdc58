#include "teep/tam/server/otrp_endpoint.h"

const struct otrp_service otrp_engine = {
	.connect = tam_connect,
	.process = tam_process,
	.aik = tam_aik,
};
