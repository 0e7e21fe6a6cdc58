/*
 * The web page: files that are part of the program, and the headers that keep it to itself.
 *
 * Runs in teesim-tam. Everybody may fetch the files; what they show comes by the admin API.
 */
#ifndef TEESIM_TEEP_TAM_SERVER_PAGE_H
#define TEESIM_TEEP_TAM_SERVER_PAGE_H

#include "teep/tam/server/http_server.h"

/* GET / */
void page_index_get(struct http_request *request);
/* GET /page/{} */
void page_file_get(struct http_request *request);

#endif
