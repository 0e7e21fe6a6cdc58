#include "teep/tam/server/page.h"

#include <string.h>

/* The octets of a file of page/, found by the assembler (CMakeLists.txt says where). */
#define FILE_IN(symbol, path)                               \
	__asm__(".section .rodata\n"                        \
		".balign 16\n"                              \
		".hidden page_" #symbol "\n"                \
		"page_" #symbol ":\n"                       \
		".incbin \"" PAGE_DIRECTORY "/" path "\"\n" \
		".hidden page_" #symbol "_end\n"            \
		"page_" #symbol "_end:\n"                   \
		".byte 0\n"                                 \
		".previous\n");                             \
	extern const char page_##symbol[], page_##symbol##_end[]

FILE_IN(index, "index.html");
FILE_IN(style, "style.css");
FILE_IN(icon, "icon.svg");
FILE_IN(app, "app.js");
FILE_IN(api, "api.js");
FILE_IN(dom, "dom.js");
FILE_IN(views_devices, "views_devices.js");
FILE_IN(views_catalogue, "views_catalogue.js");
FILE_IN(views_deployments, "views_deployments.js");
FILE_IN(views_deliveries, "views_deliveries.js");
FILE_IN(views_sessions, "views_sessions.js");
FILE_IN(views_admin, "views_admin.js");

#define SCRIPT "text/javascript; charset=utf-8"

static const struct {
	const char *name, *media, *start, *end;
} files[] = {
	{ "style.css", "text/css; charset=utf-8", page_style, page_style_end },
	{ "icon.svg", "image/svg+xml", page_icon, page_icon_end },
	{ "app.js", SCRIPT, page_app, page_app_end },
	{ "api.js", SCRIPT, page_api, page_api_end },
	{ "dom.js", SCRIPT, page_dom, page_dom_end },
	{ "views_devices.js", SCRIPT, page_views_devices, page_views_devices_end },
	{ "views_catalogue.js", SCRIPT, page_views_catalogue, page_views_catalogue_end },
	{ "views_deployments.js", SCRIPT, page_views_deployments, page_views_deployments_end },
	{ "views_deliveries.js", SCRIPT, page_views_deliveries, page_views_deliveries_end },
	{ "views_sessions.js", SCRIPT, page_views_sessions, page_views_sessions_end },
	{ "views_admin.js", SCRIPT, page_views_admin, page_views_admin_end },
};

/* Nothing from elsewhere, nothing inline, in nobody's frame. */
static void headers_add(struct http_request *request)
{
	http_answer_header(request, "Content-Security-Policy",
			   "default-src 'none'; script-src 'self'; style-src 'self'; "
			   "img-src 'self'; connect-src 'self'; base-uri 'none'; "
			   "form-action 'none'; frame-ancestors 'none'; "
			   "require-trusted-types-for 'script'; trusted-types 'none'");
	http_answer_header(request, "Cross-Origin-Opener-Policy", "same-origin");
	http_answer_header(request, "X-Frame-Options", "DENY");
	http_answer_header(request, "Cache-Control", "no-cache");
}

void page_index_get(struct http_request *request)
{
	headers_add(request);
	http_answer_static(request, 200, "text/html; charset=utf-8", page_index,
			   (size_t)(page_index_end - page_index));
}

void page_file_get(struct http_request *request)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (strcmp(files[i].name, request->values[0]) == 0) {
			headers_add(request);
			http_answer_static(request, 200, files[i].media, files[i].start,
					   (size_t)(files[i].end - files[i].start));
			return;
		}
	request->site->refuse(request, 404, "not_found", "there is nothing here");
}
