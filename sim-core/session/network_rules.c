#include "session/network_rules.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* An address in the one form that all its spellings have: IPv4 as a mapped IPv6 address. */
static bool address_parse(const char *host, struct in6_addr *address)
{
	struct in_addr four;

	if (inet_pton(AF_INET6, host, address) == 1)
		return true;
	if (inet_pton(AF_INET, host, &four) != 1)
		return false;
	memset(address, 0, sizeof(*address));
	address->s6_addr[10] = address->s6_addr[11] = 0xff;
	memcpy(&address->s6_addr[12], &four, sizeof(four));
	return true;
}

bool network_host_valid(const char *host)
{
	const size_t length = strlen(host);
	struct in6_addr address;

	if (!length || length >= NETWORK_HOST_SIZE)
		return false;
	if (address_parse(host, &address))
		return true;
	return host[0] != '-' && host[0] != '.' &&
	       strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
		       length;
}

/* Does `host` mean this machine: an address of its loopback interface, or "localhost"? */
static bool network_host_is_loopback(const char *host)
{
	struct in6_addr address;

	if (!address_parse(host, &address))
		return !strcasecmp(host, "localhost");
	return IN6_IS_ADDR_LOOPBACK(&address) ||
	       (IN6_IS_ADDR_V4MAPPED(&address) && address.s6_addr[12] == IN_LOOPBACKNET);
}

static bool same_host(const char *a, const char *b)
{
	struct in6_addr left, right;

	if (address_parse(a, &left) && address_parse(b, &right))
		return !memcmp(&left, &right, sizeof(left));
	return !strcasecmp(a, b);
}

bool network_rules_allow(const struct network_rules *rules, const char *host, uint16_t port)
{
	if (network_host_is_loopback(host))
		return true;
	for (size_t i = 0; i < rules->count; i++)
		if ((!rules->rule[i].port || rules->rule[i].port == port) &&
		    same_host(rules->rule[i].host, host))
			return true;
	return false;
}

static bool port_parse(const char *text, uint16_t *port)
{
	const size_t digits = strspn(text, "0123456789");
	unsigned long number;

	if (!digits || digits > 5 || text[digits])
		return false;
	number = strtoul(text, NULL, 10);
	*port = (uint16_t)number;
	return number > 0 && number <= UINT16_MAX;
}

/* `text` is changed. Returns NULL, or what is wrong. */
static const char *rule_parse(char *text, struct network_rule *rule)
{
	char *end = NULL, *port = NULL;

	rule->port = 0;
	if (text[0] == '[') {
		end = strchr(text++, ']');
		if (!end || (end[1] && end[1] != ':'))
			return "an address in brackets is followed by nothing or by a colon and a "
			       "port";
		port = end[1] ? end + 2 : NULL;
		*end = '\0';
	} else {
		end = strchr(text, ':');
		/* One colon separates a port; more of them are an IPv6 address. */
		if (end && !strchr(end + 1, ':')) {
			*end = '\0';
			port = end + 1;
		}
	}
	if (port && !port_parse(port, &rule->port))
		return "a port is a number from 1 to 65535";
	if (!network_host_valid(text))
		return "a host is a name or an address";
	strcpy(rule->host, text);
	return NULL;
}

int network_rules_parse(const char *text, struct network_rules *rules, const char **why)
{
	char *copy = strdup(text), *save;

	*rules = (struct network_rules) { 0 };
	*why = "no host is named";
	if (!copy)
		return -ENOMEM;
	for (char *word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		struct network_rule *grown =
			reallocarray(rules->rule, rules->count + 1, sizeof(*grown));

		if (!grown) {
			free(copy);
			network_rules_clear(rules);
			return -ENOMEM;
		}
		rules->rule = grown;
		*why = rule_parse(word, &grown[rules->count]);
		if (*why)
			break;
		rules->count++;
	}
	free(copy);
	if (!*why)
		return 0;
	network_rules_clear(rules);
	return -EINVAL;
}

void network_rules_clear(struct network_rules *rules)
{
	free(rules->rule);
	*rules = (struct network_rules) { 0 };
}
