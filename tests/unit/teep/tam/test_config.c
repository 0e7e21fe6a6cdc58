#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "teep/tam/config.h"

#define NEEDED                                                                                 \
	"\"listen\":\"127.0.0.1:8443\",\"database\":\"tam.db\",\"vault\":\"v\",\"tee_roots\":" \
	"\"tee\","                                                                             \
	"\"firmware_roots\":\"/fw\",\"keys\":[{\"key\":\"a.key\",\"chain\":\"a.pem\"}]"

static struct tam_config config;
static char error[TAM_CONFIG_ERROR_SIZE];

static int parse(const char *text)
{
	return tam_config_parse("/tam", text, strlen(text), &config, error);
}

static void refused(const char *text, const char *why)
{
	cr_assert_eq(parse(text), -EBADMSG, "%s", text);
	cr_assert(strstr(error, why), "'%s' does not say '%s'", error, why);
}

Test(tam_config, what_is_needed_is_enough_and_paths_are_beside_the_file)
{
	cr_assert_eq(parse("{" NEEDED "}"), 0, "%s", error);
	cr_assert_str_eq(config.listen_address, "127.0.0.1");
	cr_assert_eq(config.listen_port, 8443);
	cr_assert_str_eq(config.database, "/tam/tam.db");
	cr_assert_str_eq(config.tee_roots, "/tam/tee");
	cr_assert_str_eq(config.firmware_roots, "/fw");
	cr_assert_str_eq(config.keys[0].key, "/tam/a.key");
	cr_assert_eq(config.keys[0].ocsp_count, 0);
	cr_assert_str_eq(config.vault, "/tam/v");
	cr_assert(config.bundled);
	cr_assert_null(config.tls_certificate);
	cr_assert_eq(config.limits.body, 16 << 20);
	tam_config_clear(&config);
}

Test(tam_config, uris_are_not_paths)
{
	cr_assert_eq(parse("{\"listen\":\"[::1]:0\",\"database\":\"postgresql://h/d\","
			   "\"vault\":\"v\",\"tee_roots\":\"t\",\"firmware_roots\":\"f\","
			   "\"keys\":[{\"key\":\"pkcs11:token=t\",\"chain\":\"c\"}]}"),
		     0, "%s", error);
	cr_assert_str_eq(config.database, "postgresql://h/d");
	cr_assert_str_eq(config.keys[0].key, "pkcs11:token=t");
	cr_assert_str_eq(config.listen_address, "::1");
	cr_assert_eq(config.listen_port, 0);
	tam_config_clear(&config);
}

Test(tam_config, what_is_wrong_is_named)
{
	refused("", "JSON");
	refused("{" NEEDED "} x", "JSON");
	refused("{" NEEDED ",\"listen\":\"127.0.0.1:1\"}", "twice");
	refused("{\"listen\":\"127.0.0.1:8443\"}", "\"database\"");
	refused("{" NEEDED ",\"treads\":1}", "\"treads\"");
	refused("{" NEEDED ",\"threads\":-1}", "\"threads\"");
	refused("{" NEEDED ",\"threads\":\"4\"}", "\"threads\"");
	refused("{" NEEDED ",\"behind_proxy\":1}", "\"behind_proxy\"");
	refused("{" NEEDED ",\"tls\":{\"certificate\":\"c\"}}", "\"key\"");
	refused("{" NEEDED ",\"limits\":{\"body\":10}}", "\"body\"");
	refused("{" NEEDED ",\"limits\":{\"bodies\":1}}", "\"bodies\"");
	refused("{\"listen\":\"127.0.0.1:1\",\"database\":\"d\",\"vault\":\"v\",\"tee_roots\":"
		"\"t\","
		"\"firmware_roots\":\"f\",\"keys\":[{\"key\":\"k\",\"chain\":\"c\",\"ocsp\":[1]}]}",
		"\"ocsp\"");
	refused("{" NEEDED ",\"policy\":[]}", "\"policy\"");
	refused("{" NEEDED ",\"log_level\":\"loud\"}", "\"log_level\"");
	refused("{\"listen\":\"::1:8443\",\"database\":\"d\",\"vault\":\"v\",\"tee_roots\":\"t\","
		"\"firmware_"
		"roots\":\"f\","
		"\"keys\":[{\"key\":\"k\",\"chain\":\"c\"}]}",
		"\"listen\"");
	refused("{\"listen\":\"127.0.0.1:1\",\"database\":\"d\",\"vault\":\"v\",\"tee_roots\":"
		"\"t\","
		"\"firmware_roots\":\"f\",\"keys\":[]}",
		"\"keys\"");
}

Test(tam_config, addresses_have_a_port)
{
	static const char *const bad[] = { "",		 "1.2.3.4",	  ":1",
					   "1.2.3.4:",	 "1.2.3.4:65536", "1.2.3.4:-1",
					   "1.2.3.4:1x", "[]:1",	  "a:b:1",
					   "h: 1" };
	uint16_t port = 0;
	char *address;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(tam_config_listen_parse(bad[i], &address, &port), -EINVAL, "%s",
			     bad[i]);
	cr_assert_eq(tam_config_listen_parse("0.0.0.0:65535", &address, &port), 0);
	cr_assert_eq(port, 65535);
	free(address);
}

Test(tam_config, loopback_is_told_from_the_rest)
{
	cr_assert(tam_config_is_loopback("127.0.0.1"));
	cr_assert(tam_config_is_loopback("127.3.4.5"));
	cr_assert(tam_config_is_loopback("::1"));
	cr_assert(tam_config_is_loopback("localhost"));
	cr_assert_not(tam_config_is_loopback("0.0.0.0"));
	cr_assert_not(tam_config_is_loopback("::"));
	cr_assert_not(tam_config_is_loopback("128.0.0.1"));
	cr_assert_not(tam_config_is_loopback("localhost.example"));
}
