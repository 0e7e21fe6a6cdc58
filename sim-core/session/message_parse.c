#include "session/message_parse.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

/* Returns NULL, or what is wrong. `tail` holds exactly the octets after the fixed body. */
typedef const char *(*body_check)(struct message *message, struct message_text tail);

struct message_rule {
	uint32_t type;
	enum message_sender sender;
	size_t size;
	unsigned int descriptors;
	/* NULL: any body will do, and there is no tail. */
	body_check check;
};

static bool contains_zero(struct message_text text)
{
	return text.size && memchr(text.octets, '\0', text.size);
}

static const char *check_hello(struct message *message, struct message_text tail)
{
	size_t directory = message->hello.client_directory_size;

	if ((uint64_t)directory + message->hello.ta_path_size != tail.size)
		return "texts that do not add up";
	if (directory >= PATH_MAX)
		return "a directory name that is too long";
	message->client_directory = (struct message_text) { tail.octets, directory };
	message->ta_path =
		(struct message_text) { tail.octets + directory, message->hello.ta_path_size };
	if (contains_zero(tail))
		return "a zero octet in a path";
	if (directory && tail.octets[0] != '/')
		return "a client directory that is not absolute";
	return NULL;
}

static const char *check_share_block(struct message *message, struct message_text tail)
{
	uint32_t flags = message->share_block.flags;

	(void)tail;
	if (!flags || flags & ~(uint32_t)(MESSAGE_BLOCK_INPUT | MESSAGE_BLOCK_OUTPUT))
		return "unknown block flags";
	if (!message->share_block.size || message->share_block.size > SIZE_MAX / 2)
		return "an impossible block size";
	return NULL;
}

static const char *check_grow_arena(struct message *message, struct message_text tail)
{
	(void)tail;
	return message->grow_arena.size ? NULL : "an arena of no size";
}

#define HOST_SIZE_MAX 255

static const char *check_connect(struct message *message, struct message_text tail)
{
	const struct message_connect *connect = &message->connect;

	if (connect->host_size != tail.size)
		return "a host that does not add up";
	if (!tail.size || tail.size > HOST_SIZE_MAX || contains_zero(tail))
		return "an impossible host";
	if (connect->protocol != MESSAGE_CONNECT_TCP && connect->protocol != MESSAGE_CONNECT_UDP)
		return "an unknown protocol";
	if (connect->ip_version != 0 && connect->ip_version != 4 && connect->ip_version != 6)
		return "an unknown version of IP";
	if (!connect->port || connect->port > UINT16_MAX)
		return "an impossible port";
	message->host = tail;
	return NULL;
}

static const char *check_connect_again(struct message *message, struct message_text tail)
{
	if (message->connect.protocol != MESSAGE_CONNECT_UDP)
		return "a connection that cannot be made anew";
	return check_connect(message, tail);
}

static const char *check_started(struct message *message, struct message_text tail)
{
	if (message->started.text_size != tail.size)
		return "a text that does not add up";
	message->text = tail;
	return NULL;
}

static const char *check_death(struct message *message, struct message_text tail)
{
	(void)tail;
	if (message->death.kind < MESSAGE_DEATH_PANIC ||
	    message->death.kind > MESSAGE_DEATH_SANDBOX)
		return "an unknown kind of death";
	if (message->death.frames > MESSAGE_DEATH_FRAMES)
		return "too many frames";
	if (message->death.modules > MESSAGE_DEATH_MODULES)
		return "too many modules";
	if (!memchr(message->death.reason, '\0', sizeof(message->death.reason)))
		return "a reason without end";
	for (uint32_t i = 0; i < message->death.modules; i++) {
		const struct message_module *module = &message->death.module[i];

		if (module->kind > MESSAGE_MODULE_TA_LIBRARY)
			return "an unknown kind of module";
		if (module->build_id_size > sizeof(module->build_id))
			return "a build ID that is too long";
		if (!memchr(module->name, '\0', sizeof(module->name)))
			return "a module's name without end";
	}
	return NULL;
}

#define CLIENT MESSAGE_FROM_CLIENT
#define HOST   MESSAGE_FROM_HOST

static const struct message_rule rules[] = {
	{ MESSAGE_HELLO, CLIENT, sizeof(struct message_hello), 0, check_hello },
	{ MESSAGE_OPEN_SESSION, CLIENT, sizeof(struct message_open_session), 0, NULL },
	{ MESSAGE_CLOSE_SESSION, CLIENT, sizeof(struct message_close_session), 0, NULL },
	{ MESSAGE_CANCEL, CLIENT, sizeof(struct message_cancel), 0, NULL },
	{ MESSAGE_SHARE_BLOCK, CLIENT, sizeof(struct message_share_block), 1, check_share_block },
	{ MESSAGE_RELEASE_BLOCK, CLIENT, sizeof(struct message_release_block), 0, NULL },
	{ MESSAGE_GROW_ARENA, CLIENT, sizeof(struct message_grow_arena), 0, check_grow_arena },
	{ MESSAGE_CONNECT, CLIENT, sizeof(struct message_connect), 0, check_connect },
	{ MESSAGE_CONNECT_AGAIN, CLIENT, sizeof(struct message_connect), 1, check_connect_again },
	{ MESSAGE_WAITS, CLIENT, sizeof(struct message_waits), 0, NULL },
	{ MESSAGE_STATUS, CLIENT, sizeof(struct message_bare), 0, NULL },
	{ MESSAGE_STOP, CLIENT, sizeof(struct message_bare), 0, NULL },

	{ MESSAGE_STARTED, HOST, sizeof(struct message_started), 0, check_started },
	{ MESSAGE_SESSION_RESTS, HOST, sizeof(struct message_session_rests), 0, NULL },
	{ MESSAGE_SESSION_REOPENED, HOST, sizeof(struct message_session), 0, NULL },
	{ MESSAGE_SESSION_ENDED, HOST, sizeof(struct message_session), 0, NULL },
	{ MESSAGE_HOST_ANSWER, HOST, sizeof(struct message_host_answer), 0, NULL },
	{ MESSAGE_DEATH, HOST, sizeof(struct message_death), 0, check_death },
};

static const struct message_rule *rule_find(uint32_t type, enum message_sender sender)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].type == type && rules[i].sender == sender)
			return &rules[i];
	return NULL;
}

static bool rule_has_tail(const struct message_rule *rule)
{
	return rule->type == MESSAGE_HELLO || rule->type == MESSAGE_STARTED ||
	       rule->type == MESSAGE_CONNECT || rule->type == MESSAGE_CONNECT_AGAIN;
}

static const char *message_fault(struct message *message, enum message_sender sender,
				 const char *data, size_t size, unsigned int descriptors)
{
	const struct message_rule *rule;

	memset(message, 0, sizeof(*message));
	if (size < sizeof(struct message_header))
		return "a message without a header";
	memcpy(&message->header, data, sizeof(message->header));
	rule = rule_find(message->header.type, sender);
	if (!rule)
		return "a message of unknown type";
	if (size < rule->size || (size > rule->size && !rule_has_tail(rule)))
		return "a message of the wrong size";
	if (descriptors != rule->descriptors)
		return "a wrong number of descriptors";
	memcpy(message, data, rule->size); /* the union stands first */
	if (!rule->check)
		return NULL;
	return rule->check(message, (struct message_text) { data + rule->size, size - rule->size });
}

int message_parse(struct message *message, enum message_sender sender, const void *data,
		  size_t size, unsigned int descriptors, const char **why)
{
	*why = message_fault(message, sender, data, size, descriptors);
	return *why ? -EPROTO : 0;
}
