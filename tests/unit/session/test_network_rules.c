#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "session/network_rules.h"

static struct network_rules rules;

static void forget(void)
{
	network_rules_clear(&rules);
}

TestSuite(network_rules, .fini = forget);

static void parse(const char *text)
{
	const char *why = "";

	cr_assert_eq(network_rules_parse(text, &rules, &why), 0, "%s: %s", text, why);
}

Test(network_rules, this_machine_is_always_allowed)
{
	static const char *const hosts[] = { "127.0.0.1",      "127.9.9.9", "::1",
					     "localhost",      "LOCALHOST", "::ffff:127.0.0.1",
					     "0:0:0:0:0:0:0:1" };

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		cr_expect(network_rules_allow(&rules, hosts[i], 1), "%s", hosts[i]);
}

Test(network_rules, nobody_else_is_allowed_unless_named)
{
	static const char *const hosts[] = { "0.0.0.0",		"::",	       "128.0.0.1",
					     "126.255.255.255", "example.com", "localhost.evil",
					     "127.0.0.1.evil",	"::2",	       "::ffff:1.2.3.4",
					     "1.0.0.127",	"127.1" };

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		cr_expect_not(network_rules_allow(&rules, hosts[i], 1), "%s", hosts[i]);
}

Test(network_rules, hosts_are_named_with_and_without_a_port)
{
	parse("example.com,tam.example:443,192.0.2.1:80,2001:db8::1,[2001:db8::2]:8080,[2001:db8::"
	      "3]");
	cr_expect_eq(rules.count, 6);
	cr_expect(network_rules_allow(&rules, "example.com", 1));
	cr_expect(network_rules_allow(&rules, "Example.COM", 65535));
	cr_expect_not(network_rules_allow(&rules, "www.example.com", 1));
	cr_expect(network_rules_allow(&rules, "tam.example", 443));
	cr_expect_not(network_rules_allow(&rules, "tam.example", 80));
	cr_expect(network_rules_allow(&rules, "192.0.2.1", 80));
	cr_expect_not(network_rules_allow(&rules, "192.0.2.1", 81));
	cr_expect(network_rules_allow(&rules, "2001:db8::1", 9));
	cr_expect(network_rules_allow(&rules, "2001:0DB8:0::1", 9), "another spelling");
	cr_expect(network_rules_allow(&rules, "2001:db8::2", 8080));
	cr_expect_not(network_rules_allow(&rules, "2001:db8::2", 8081));
	cr_expect(network_rules_allow(&rules, "2001:db8::3", 1));
	cr_expect(network_rules_allow(&rules, "::ffff:192.0.2.1", 80), "the same address");
}

Test(network_rules, anything_else_is_refused_with_a_reason)
{
	static const char *const texts[] = {
		"",	   ",",	      "a b",	  "host:",  "host:0",	"host:65536",
		"host:x",  "host:1x", "[::1",	  "[::1]x", "[::1]:",	"[name]:x",
		"-option", "ho/st",   "host:1:2", ".dot",   "good,b@d", "1.2.3.4:"
	};
	const char *why;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		why = NULL;
		cr_expect_eq(network_rules_parse(texts[i], &rules, &why), -EINVAL, "\"%s\"",
			     texts[i]);
		cr_expect_not_null(why);
		cr_expect_eq(rules.count, 0);
	}
}

Test(network_rules, a_name_has_a_longest_length)
{
	char name[NETWORK_HOST_SIZE + 1];

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	cr_expect_not(network_host_valid(name));
	name[sizeof(name) - 2] = '\0';
	cr_expect(network_host_valid(name));
}
